import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Wraps secret bytes by AES-256-GCM as `iv ‖ tag ‖ ciphertext`. `label` is authenticated, so that a row copied over another
 * one does not unwrap.
 */
export function wrap(kek: KeyObject, label: string, secret: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', kek, iv).setAAD(Buffer.from(label, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/** Opens what `wrap` made; undefined when the key or the label is another one or the bytes were altered. */
export function unwrap(kek: KeyObject, label: string, wrapped: Buffer): Buffer | undefined {
  if (wrapped.length <= IV_BYTES + TAG_BYTES) return undefined;
  const iv = wrapped.subarray(0, IV_BYTES);
  const tag = wrapped.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', kek, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(label, 'utf8')).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** A 256-bit key for one purpose (HKDF-SHA-256), so that no two uses of a stored key ever share key material. */
export function deriveKey(key: KeyObject, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `huicai/${label}`, 32));
}
