import { randomBytes } from 'node:crypto';
import { type Algorithm, hash, verify } from '@node-rs/argon2';

// `Algorithm` is a const enum of the library and may not be read as a value under isolatedModules; 2 is Argon2id.
const ARGON2ID: Algorithm = 2;
/** 19 MiB, 2 passes, 1 lane. */
const COST = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), COST);
}

let dummy: Promise<string> | undefined;

/**
 * Compares a password with a stored hash. Without a hash (no such user) the same work is done on a hash of random bytes, so
 * that the answer takes as long and is false.
 */
export async function passwordMatches(storedHash: string | undefined, password: string): Promise<boolean> {
  dummy ??= hash(randomBytes(32), COST);
  const matches = await verify(storedHash ?? (await dummy), password.normalize('NFKC'));
  return matches && storedHash !== undefined;
}
