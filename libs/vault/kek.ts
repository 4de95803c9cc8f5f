import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { link, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KekUnreadableError } from './errors.js';

const KEY_BYTES = 32;

/**
 * Reads the key-encryption key: 32 raw bytes, or the same as 64 hexadecimal digits (a final newline is allowed).
 * @throws KekUnreadableError when the file is missing, has another length, or may be read by others (mode 0600; 0640 if
 * root owns it).
 */
export async function readKek(path: string): Promise<KeyObject> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
    const { mode, uid } = await stat(path);
    // A file owned by root may be readable by one group: the way secrets are handed to a service that runs as another user.
    if ((mode & (uid === 0 ? 0o037 : 0o077)) !== 0) {
      throw new KekUnreadableError(path, 'too many may read or write it; set its mode to 0600');
    }
  } catch (error) {
    if (error instanceof KekUnreadableError) throw error;
    throw new KekUnreadableError(path, (error as NodeJS.ErrnoException).code ?? 'it can not be read');
  }
  if (bytes.length === KEY_BYTES) return createSecretKey(bytes);
  const text = bytes.toString('latin1').trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return createSecretKey(Buffer.from(text, 'hex'));
  throw new KekUnreadableError(path, `it must hold ${KEY_BYTES} bytes or ${KEY_BYTES * 2} hexadecimal digits`);
}

/**
 * Creates the key file (mode 0600, flushed to disk) unless it exists; two processes may do this at once, one file results and
 * no one ever sees it half written.
 * @throws KekUnreadableError when the file can not be written.
 */
export async function createKekFile(path: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx', flush: true });
    // A link appears whole or not at all, and fails where a rename would replace the key of the quicker process.
    await link(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EEXIST') throw new KekUnreadableError(path, `it can not be written (${code ?? 'unknown fault'})`);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
