import { createHash } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import { StorageFormatError } from './environment.js';

/** Names longer than this are stored under their hash: LMDB keys hold at most 1,978 bytes. */
const LONGEST_NAME_KEY = 1024;
const NAMED = 'n';
export const STORAGE_FORMAT = '1';
/** Where the first record of a log goes: 0 means before everything. */
export const FIRST_POSITION = 64;

/** What the server keeps in its environment, apart from `sys`. */
export interface Tables {
  log: Database<Buffer, number>;
  streams: Database<number, [number, number]>;
  names: Database<number, Buffer>;
}

/** Opens or creates the tables; in an environment opened to read, a missing one is undefined. */
export function openTables(root: RootDatabase<Buffer, string>): Tables {
  return {
    log: root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' }),
    streams: root.openDB<number, [number, number]>({ name: 'stream', encoding: 'ordered-binary' }),
    names: root.openDB<number, Buffer>({ name: 'name', encoding: 'ordered-binary', keyEncoding: 'binary' }),
  };
}

/** What somebody else keeps in LMDB is not to be written into. @throws StorageFormatError */
export function assertOurs(root: RootDatabase<Buffer, string>, dir: string): void {
  const names = [...root.getKeys()];
  if (names.length > 0 && !names.includes('sys')) throw new StorageFormatError(`${dir} holds the data of another program`);
}

/** Number of entries, known without counting them. */
export function countOf(table: Tables[keyof Tables]): number {
  return (table.getStats() as { entryCount: number }).entryCount;
}

/** @throws StorageFormatError for another format */
export function readIdentity(sys: Database<string, string>, dir: string): { format: string; nodeId: string } | undefined {
  const format = sys.get('format');
  const nodeId = sys.get('node-id');
  if (format !== undefined && format !== STORAGE_FORMAT) {
    throw new StorageFormatError(`storage format ${format} of ${dir} is not supported, expected ${STORAGE_FORMAT}`);
  }
  return format === undefined || nodeId === undefined ? undefined : { format, nodeId };
}

/** Key of a stream's name: the name itself, or the hash of a long one. */
export function nameKey(stream: string): Buffer {
  if (!isHashed(stream)) return Buffer.from(NAMED + stream);
  return Buffer.concat([Buffer.from('h'), createHash('sha256').update(stream).digest()]);
}

/** Is this name stored under its hash? */
export function isHashed(stream: string): boolean {
  return stream.length > LONGEST_NAME_KEY / 3 && Buffer.byteLength(stream) > LONGEST_NAME_KEY;
}

/** The names stored as they are that begin with `prefix`, in the order of their bytes. */
export function namesWith(names: Tables['names'], prefix: string, limit: number): string[] {
  const start = Buffer.from(NAMED + prefix);
  const end = Buffer.from(start);
  end[end.length - 1]! += 1;
  return [...names.getKeys({ start, end, limit })].map((key) => Buffer.from(key).toString().slice(NAMED.length));
}
