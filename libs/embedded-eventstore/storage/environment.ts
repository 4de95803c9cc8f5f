import { closeSync, fsyncSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';

/** Name of the file that holds everything. */
export const DATA_FILE = 'data.mdb';
/** LMDB's own bookkeeping of who reads; worth nothing once nobody has the environment open. */
export const READERS_FILE = 'lock.mdb';

/** Thrown when a directory holds data that this version can not read. */
export class StorageFormatError extends Error {}

/** How LMDB 1.0 lays out its first two pages, the heads of its two newest transactions; offsets in bytes. */
const HEAD = { bytes: 168, magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 };
const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** The file may end before its last page, if that one was used and freed within a transaction; by no more pages than this. */
const UNWRITTEN_PAGES = 64;

/**
 * Opens the LMDB environment in `dir`. Only the process that holds the directory's lock may do this, even to read: as it
 * opens, LMDB writes the transaction it has found back into the memory shared with the others, and a writer that has
 * committed in between goes on from the older one.
 * @throws StorageFormatError when there is something that is no environment; LMDB itself would end the process
 */
export function openEnvironment(dir: string, readOnly: boolean): RootDatabase<Buffer, string> {
  assertSound(join(dir, DATA_FILE));
  return open<Buffer, string>({
    path: dir,
    // It would resolve a write before it is flushed; a reply must never precede the flush.
    overlappingSync: false,
    encoding: 'binary',
    maxDbs: 8,
    noSubdir: false,
    readOnly,
  });
}

/** Makes the entries of a directory, such as a new file or another name, outlast a loss of power. */
export function flushDirectory(dir: string): void {
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a new environment outlast a loss of power: its file in the directory, and the directory in its parent. */
export function flushNewEnvironment(dir: string): void {
  flushDirectory(dir);
  flushDirectory(dirname(dir));
}

function assertSound(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // Where nothing was ever written, LMDB begins anew.
  if (size === 0) return;
  const descriptor = openSync(file, 'r');
  try {
    const first = readHead(descriptor, 0, file);
    const second = readHead(descriptor, first.pageSize, file);
    const { lastPage } = second.transaction > first.transaction ? second : first;
    const expected = (lastPage + 1 - UNWRITTEN_PAGES) * first.pageSize;
    if (size < expected) throw new StorageFormatError(`${file} is cut off: it has ${size} bytes of at least ${expected}`);
  } finally {
    closeSync(descriptor);
  }
}

function readHead(descriptor: number, offset: number, file: string): { pageSize: number; lastPage: number; transaction: bigint } {
  const head = Buffer.alloc(HEAD.bytes);
  const read = readSync(descriptor, head, 0, HEAD.bytes, offset);
  if (read < HEAD.bytes || head.readUInt32LE(HEAD.magic) !== MAGIC) {
    throw new StorageFormatError(`${file} is not a database, or its beginning is damaged`);
  }
  const version = head.readUInt32LE(HEAD.version);
  if (version !== VERSION) throw new StorageFormatError(`${file} has version ${version} of LMDB's format, expected ${VERSION}`);
  return {
    pageSize: offset === 0 ? head.readUInt32LE(HEAD.pageSize) : offset,
    lastPage: Number(head.readBigUInt64LE(HEAD.lastPage)),
    transaction: head.readBigUInt64LE(HEAD.transaction),
  };
}
