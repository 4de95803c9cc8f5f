import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SecurityError } from './errors.js';
import { replaceFile } from './replace-file.js';

/** Login and password as a client gives them. */
export interface Credentials {
  username: string;
  password: string;
}

const BASIC = /^basic +([a-z0-9+/]*={0,2})$/i;
const GENERATED_BYTES = 24;

/** The one account of a server. Only a keyed hash of its password is kept; the key lives as long as the process. */
export class Account {
  private readonly key = randomBytes(32);
  private readonly expected: Buffer;

  /** @throws SecurityError if no client could send these credentials */
  constructor({ username, password }: Credentials) {
    if (!/^[^:\p{Cc}]+$/u.test(username)) {
      throw new SecurityError('the login must not be empty and must hold neither colons nor control characters');
    }
    if (!/^\P{Cc}+$/u.test(password))
      throw new SecurityError('the password must not be empty and must hold no control characters');
    this.expected = this.hash(Buffer.from(`${username}:${password}`));
  }

  /** Is this the value of an `authorization` header that names the account and its password? Takes the same time for all. */
  admits(header: string): boolean {
    const encoded = BASIC.exec(header)?.[1];
    return encoded !== undefined && timingSafeEqual(this.hash(Buffer.from(encoded, 'base64')), this.expected);
  }

  private hash(credentials: Buffer): Buffer {
    return createHmac('sha256', this.key).update(credentials).digest();
  }
}

/**
 * The password in a file, made up and written (mode 0600) if there is no such file.
 * @throws SecurityError if the file is empty or can not be read
 */
export async function ensurePasswordFile(file: string): Promise<string> {
  try {
    return await readPasswordFile(file);
  } catch (error) {
    if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') throw error;
    const password = randomBytes(GENERATED_BYTES).toString('base64url');
    await replaceFile(file, `${password}\n`, 0o600);
    return password;
  }
}

/**
 * Reads a password file; a line end at its end does not count.
 * @throws SecurityError if it is empty, holds more than one line or can not be read
 */
export async function readPasswordFile(file: string): Promise<string> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new SecurityError(`the password file ${file} can not be read: ${(cause as Error).message}`, { cause });
  }
  const password = content.replace(/\r?\n$/, '');
  if (/^\P{Cc}+$/u.test(password)) return password;
  throw new SecurityError(`the password file ${file} must hold one line, which is the password`);
}
