import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { Sealed } from '@huicai/kernel';
import { EnvelopeTamperedError, ValueNotSealableError } from './errors.js';
import { isSubjectId } from './subject-keys.js';

const ALGORITHM = 'A256GCM';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The place an envelope is made for: `<stream>/<commandId>/<field path>`. */
export function envelopeContext(stream: string, commandId: string, fieldPath: string): string {
  return `${stream}/${commandId}/${fieldPath}`;
}

// An array of strings and one integer has only one JSON form, so this is canonical.
const associatedData = (s: string, k: number, ctx: string): Buffer => Buffer.from(JSON.stringify([s, k, ALGORITHM, ctx]), 'utf8');

/**
 * Seals any JSON value under a subject's key, with a fresh random 96-bit IV.
 * @throws ValueNotSealableError for a value without JSON form.
 */
export function sealWith<T>(key: KeyObject, subjectId: string, version: number, ctx: string, value: T): Sealed<T> {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new ValueNotSealableError(ctx);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(associatedData(subjectId, version, ctx));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return {
    $enc: 1,
    s: subjectId,
    k: version,
    a: ALGORITHM,
    iv: iv.toString('base64url'),
    ct: ciphertext.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
    ctx,
  };
}

/**
 * Opens an envelope with the key it names.
 * @throws EnvelopeTamperedError when any part of it was altered.
 */
export function openWith<T>(key: KeyObject, sealed: Sealed<T>): T {
  const iv = bytesOf(sealed.iv);
  const tag = bytesOf(sealed.tag);
  if (iv.length !== IV_BYTES || tag.length !== TAG_BYTES) throw new EnvelopeTamperedError('malformed');
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(sealed.s, sealed.k, sealed.ctx)).setAuthTag(tag);
  let text: string;
  try {
    text = Buffer.concat([decipher.update(bytesOf(sealed.ct)), decipher.final()]).toString('utf8');
  } catch {
    throw new EnvelopeTamperedError('altered');
  }
  return JSON.parse(text) as T;
}

/** Whether a JSON value claims to be an envelope, well formed or not. */
export function claimsToBeSealed(value: unknown): value is Sealed<unknown> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$enc');
}

/** @throws EnvelopeTamperedError unless the value has exactly the shape of an envelope. */
export function assertSealed(value: Sealed<unknown>): void {
  const { $enc, s, k, a, iv, ct, tag, ctx } = value;
  const wellFormed =
    $enc === 1 &&
    a === ALGORITHM &&
    Number.isSafeInteger(k) &&
    [s, iv, ct, tag, ctx].every((part) => typeof part === 'string') &&
    isSubjectId(s);
  if (!wellFormed) throw new EnvelopeTamperedError('malformed');
}

/**
 * Checks that an envelope stands where it was made for.
 * @param expected the full context, or a beginning of it that ends in `/`, such as `<stream>/`.
 * @throws EnvelopeTamperedError when it was made for another place.
 */
export function assertContext(sealed: Sealed<unknown>, expected: string): void {
  const fits = expected.endsWith('/') ? sealed.ctx.startsWith(expected) : sealed.ctx === expected;
  if (!fits) throw new EnvelopeTamperedError('moved');
}

function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  // Buffer skips what is not base64url; two spellings of one envelope must not both be valid.
  if (bytes.toString('base64url') !== text) throw new EnvelopeTamperedError('malformed');
  return bytes;
}
