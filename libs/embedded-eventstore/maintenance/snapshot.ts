import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DirectoryInUseError, lockDirectory } from '@huicai/runtime';
import { LogDatabase } from '../storage/database.js';
import { DATA_FILE, READERS_FILE, StorageFormatError } from '../storage/environment.js';
import { requestCopy, ServerControlError } from './control-socket.js';

/** How far a command has come. */
export interface Progress {
  phase: 'copying' | 'hashing' | 'verifying the log' | 'verifying the indexes' | 'verifying the names';
  done: number;
  /** Undefined where it is not known beforehand. */
  total: number | undefined;
  unit: 'bytes' | 'events' | 'entries' | 'names';
}

export interface CommandOptions {
  onProgress?(progress: Progress): void;
  /** Aborting removes what was begun. */
  signal?: AbortSignal;
}

/** Thrown when a disk has not the room for a copy. */
export class NoRoomError extends Error {}

/** Room left free beside a copy: the running server may write on the same disk. */
const SPARE_BYTES = 64 * 1024 * 1024;
/** How long, in milliseconds, a server that holds the directory may take to listen for requests. */
const STARTING = 10_000;
const POLL = 100;

/** A name beside `path` that nothing else uses. */
export function beside(path: string, purpose: string): string {
  return `${resolve(path)}.${purpose}-${randomBytes(4).toString('hex')}`;
}

/** @throws StorageFormatError when there is none */
export function assertDatabase(dir: string): void {
  if (!existsSync(join(dir, DATA_FILE))) throw new StorageFormatError(`there is no database in ${dir}`);
}

/** @throws NoRoomError when the disk of `dir` can not take that many bytes */
export async function assertRoomFor(bytes: number, dir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < bytes + SPARE_BYTES) {
    const mebibytes = (count: number) => Math.ceil(count / 1024 / 1024);
    throw new NoRoomError(
      `no room on the disk of ${dir}: ${mebibytes(bytes + SPARE_BYTES)} MiB needed, ${mebibytes(free)} MiB free`,
    );
  }
}

/**
 * Takes the lock of a database nobody uses; undefined while a server holds it.
 * @throws any error but that, such as a directory that can not be written
 */
export function tryLock(dir: string): (() => void) | undefined {
  try {
    return lockDirectory(join(dir, 'server.lock'), `The event store directory ${dir}`);
  } catch (error) {
    if (error instanceof DirectoryInUseError) return undefined;
    throw error;
  }
}

/**
 * Writes a consistent copy of a database into the new directory `to`: by the server that holds it, or else by this process.
 * On failure nothing is left of it.
 * @throws NoRoomError, ServerControlError, StorageFormatError
 */
export async function copyDatabase(dir: string, to: string, options: CommandOptions): Promise<void> {
  const { size } = await stat(join(dir, DATA_FILE));
  await assertRoomFor(size, dirname(to));
  await mkdir(to, { mode: 0o700 });
  const file = join(to, DATA_FILE);
  const watch = setInterval(() => {
    stat(file).then(
      ({ size: done }) => options.onProgress?.({ phase: 'copying', done, total: undefined, unit: 'bytes' }),
      () => undefined,
    );
  }, 500);
  try {
    await untilAborted(copyByWhoeverCan(dir, to, options.signal), options.signal);
    await flushFile(file);
  } catch (error) {
    await rm(to, { recursive: true, force: true });
    throw error;
  } finally {
    clearInterval(watch);
  }
}

/** Opens a database that only this process knows of, and leaves no trace of having done so. */
export async function withDatabase<T>(dir: string, work: (database: LogDatabase) => T | Promise<T>): Promise<T> {
  const readers = join(dir, READERS_FILE);
  const before = existsSync(readers);
  const database = await LogDatabase.openToRead(dir);
  try {
    return await work(database);
  } finally {
    await database.close();
    if (!before) await rm(readers, { force: true });
  }
}

/** Makes a file's content outlast a loss of power. */
export async function flushFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function copyByWhoeverCan(dir: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  const deadline = Date.now() + STARTING;
  for (;;) {
    const unlock = tryLock(dir);
    if (unlock) {
      try {
        return await withDatabase(dir, (database) => database.copyTo(to));
      } finally {
        unlock();
      }
    }
    try {
      return await requestCopy(resolve(dir), to, signal);
    } catch (error) {
      // The server may be starting, or ending: then the lock is free in a moment.
      if (!(error instanceof ServerControlError && error.unreachable) || Date.now() > deadline) throw error;
    }
    await delay(POLL, undefined, { signal });
  }
}

/** A copy itself can not be broken off, but there is no need to wait for its end. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((done, fail) => {
    const abort = () => fail(new Error('interrupted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(done, fail).finally(() => signal.removeEventListener('abort', abort));
  });
}
