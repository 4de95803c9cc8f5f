import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, run } from './account.js';
import type { Binaries } from './binaries.js';

/** A PostgreSQL data directory and the password of its only role. */
export interface Cluster {
  readonly dir: string;
  readonly password: string;
}

/** Name of the role and of the database. */
export const huicai = 'huicai';

/** Where the cluster of a database directory lies. */
export function clusterDirectory(directory: string): string {
  return join(directory, 'cluster');
}

/**
 * The cluster below `directory`; made on first use: UTF-8, C locale, one role with a random password, one database. It comes
 * into being by a rename, so a crash half way leaves none.
 * @throws Error when it can not be made, or its password file is missing.
 */
export async function ensureCluster(
  directory: string,
  binaries: Binaries,
  account: Account | undefined,
  durable: boolean,
): Promise<Cluster> {
  const dir = clusterDirectory(directory);
  const passwordFile = join(directory, 'password');
  if (existsSync(dir)) return { dir, password: readPassword(passwordFile) };
  for (const name of readdirSync(directory)) {
    if (name.startsWith('cluster.partial-')) rmSync(join(directory, name), { recursive: true, force: true });
  }
  const password = randomBytes(24).toString('hex');
  writeFileSync(passwordFile, password, { mode: 0o600, flush: true });
  const partial = join(directory, `cluster.partial-${randomBytes(6).toString('hex')}`);
  mkdirSync(partial, { mode: 0o700 });
  if (account) for (const path of [passwordFile, partial]) chownSync(path, account.uid, account.gid);
  await initialise(partial, passwordFile, binaries, account, durable);
  renameSync(partial, dir);
  return { dir, password };
}

async function initialise(
  dir: string,
  passwordFile: string,
  binaries: Binaries,
  account: Account | undefined,
  durable: boolean,
): Promise<void> {
  const sync = durable ? [] : ['--no-sync'];
  const access = ['--username', huicai, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  await run(
    binaries.initdb,
    ['-D', dir, ...access, '--encoding', 'UTF8', '--locale', 'C', '--no-instructions', ...sync],
    account,
  );
  // Single-user mode reports a failed statement only in its output.
  const fsync = durable ? [] : ['-c', 'fsync=off'];
  const output = await run(
    binaries.postgres,
    ['--single', ...fsync, '-D', dir, 'postgres'],
    account,
    `CREATE DATABASE ${huicai}\n`,
  );
  if (/\b(ERROR|FATAL|PANIC):/.test(output)) throw new Error(`The database ${huicai} could not be created: ${output.trim()}`);
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(`The password of the embedded PostgreSQL can not be read from ${file}.`, { cause });
  }
}
