import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RootDatabase } from 'lmdb';
import { DiskSpace } from './disk-space.js';
import { DATA_FILE, flushNewEnvironment, openEnvironment, StorageFormatError } from './environment.js';
import { DamagedRecordError, StoredRecord, TOMBSTONE_REVISION } from './record.js';
import { META_PREFIX } from './system-streams.js';
import { assertOurs, countOf, nameKey, namesWith, openTables, readIdentity, STORAGE_FORMAT, type Tables } from './tables.js';

export { StorageFormatError } from './environment.js';

/** What is stored of a stream's end. */
export interface StoredHead {
  /** Last revision apart from a tombstone, -1 if there is none. */
  last: number;
  tombstoned: boolean;
}

/** Where the event of a stream and revision is. */
export interface IndexEntry {
  streamNumber: number;
  revision: number;
  position: number;
}

/** Bounds of one page of a read: whichever is reached first ends it. */
export interface PageLimit {
  count: number;
  bytes: number;
}

/**
 * The LMDB environment: `log` (position to record), `stream` ([stream number, revision] to position), `name` (stream
 * name to number) and `sys` (format and node id). Reads see only what has been committed.
 */
export class LogDatabase {
  private readonly log: Tables['log'];
  private readonly streams: Tables['streams'];
  private readonly names: Tables['names'];

  private constructor(
    private readonly root: RootDatabase<Buffer, string>,
    tables: Tables,
    private readonly space: DiskSpace,
    /** Identity of this store, made when the directory was first used. */
    readonly nodeId: string,
  ) {
    ({ log: this.log, streams: this.streams, names: this.names } = tables);
  }

  /**
   * Opens or creates the database in `dir`, which the caller must have locked.
   * @throws StorageFormatError when it was written by another format or is no database of this server, DiskFullError when
   * the disk has no room
   */
  static async open(dir: string): Promise<LogDatabase> {
    const space = new DiskSpace(dir);
    space.assertRoomToOpen();
    const root = openEnvironment(dir, false);
    try {
      assertOurs(root, dir);
      const sys = root.openDB<string, string>({ name: 'sys', encoding: 'string' });
      const tables = openTables(root);
      let identity = readIdentity(sys, dir);
      if (!identity) {
        if (countOf(tables.log) > 0) throw new StorageFormatError(`the database in ${dir} does not tell its format`);
        identity = { format: STORAGE_FORMAT, nodeId: randomUUID() };
        await Promise.all([sys.put('format', identity.format), sys.put('node-id', identity.nodeId)]).catch(rethrowCause);
        flushNewEnvironment(dir);
      }
      return new LogDatabase(root, tables, space, identity.nodeId);
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  /** Opens an existing database without changing it. @throws StorageFormatError when there is none, or as `open` */
  static async openToRead(dir: string): Promise<LogDatabase> {
    if (!existsSync(join(dir, DATA_FILE))) throw new StorageFormatError(`there is no database in ${dir}`);
    const root = openEnvironment(dir, true);
    try {
      assertOurs(root, dir);
      const sys = root.openDB<string, string>({ name: 'sys', encoding: 'string' });
      const identity = sys && readIdentity(sys, dir);
      const tables = openTables(root);
      if (!identity || !tables.log || !tables.streams || !tables.names) {
        throw new StorageFormatError(`the database in ${dir} is empty or incomplete`);
      }
      return new LogDatabase(root, tables, new DiskSpace(dir), identity.nodeId);
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  /**
   * Writes records, their index entries and new names in one transaction. Resolves once it is on disk; everything put
   * in one turn of the event loop shares that transaction.
   * @throws DiskFullError when the disk has no room, or the operating system's error
   */
  async write(records: readonly StoredRecord[], newStreams: ReadonlyMap<string, number>): Promise<void> {
    this.space.assertRoomFor(records);
    // Most puts of a transaction share a promise.
    const pending = new Set<Promise<boolean>>();
    for (const [stream, number] of newStreams) pending.add(this.names.put(nameKey(stream), number));
    for (const record of records) {
      pending.add(this.log.put(record.position, record.bytes));
      pending.add(this.streams.put([record.streamNumber, record.revision], record.position));
    }
    await Promise.all(pending).catch(rethrowCause);
    // A read later in this turn must not use a snapshot from before the commit.
    this.root.resetReadTxn();
  }

  /** Number of a stream, `undefined` if nothing was ever written to it. */
  streamNumber(stream: string): number | undefined {
    return this.names.get(nameKey(stream));
  }

  /** At most `limit` names of metastreams, very long ones left out. */
  metastreamNames(limit: number): string[] {
    return namesWith(this.names, META_PREFIX, limit);
  }

  /** End of the stream with this number. */
  storedHead(streamNumber: number): StoredHead {
    const keys = this.streams.getKeys({
      reverse: true,
      start: [streamNumber, Number.POSITIVE_INFINITY],
      end: [streamNumber, -1],
      limit: 2,
    });
    const [latest, before] = [...keys];
    if (!latest) return { last: -1, tombstoned: false };
    if (latest[1] !== TOMBSTONE_REVISION) return { last: latest[1], tombstoned: false };
    return { last: before?.[1] ?? -1, tombstoned: true };
  }

  /** Highest stream number in use, 0 if none. */
  lastStreamNumber(): number {
    for (const key of this.streams.getKeys({ reverse: true, limit: 1 })) return key[0];
    return 0;
  }

  /** The newest record of the log. */
  lastRecord(): StoredRecord | undefined {
    for (const position of this.log.getKeys({ reverse: true, limit: 1 })) return this.record(position);
    return undefined;
  }

  /** The record at a position taken from an index. @throws DamagedRecordError when it is missing or damaged */
  record(position: number): StoredRecord {
    const record = this.find(position);
    if (!record) throw new DamagedRecordError(`the record at position ${position} is missing`);
    return record;
  }

  /** The record at a position, if there is one. @throws DamagedRecordError when it is damaged */
  find(position: number): StoredRecord | undefined {
    const bytes = this.log.get(position);
    return bytes && StoredRecord.decode(position, bytes);
  }

  /** Position of an event, `undefined` if the stream has no such revision. */
  positionOf(streamNumber: number, revision: number): number | undefined {
    return this.streams.get([streamNumber, revision]);
  }

  /** Records with `from` <= position <= `to`, oldest first. */
  forwards(from: number, to: number, limit: PageLimit): StoredRecord[] {
    return takePage(this.log.getRange({ start: from, end: to, inclusiveEnd: true, limit: limit.count }), limit);
  }

  /** Records with position < `before`, newest first. */
  backwards(before: number, limit: PageLimit): StoredRecord[] {
    return takePage(
      this.log.getRange({ start: before, exclusiveStart: true, end: -1, reverse: true, limit: limit.count }),
      limit,
    );
  }

  /** Events of a stream from revision `from` to `to`, both included; backwards when `from` > `to`. */
  streamRange(streamNumber: number, from: number, to: number, limit: PageLimit): StoredRecord[] {
    const positions = this.streams.getRange({
      start: [streamNumber, from],
      end: [streamNumber, to],
      inclusiveEnd: true,
      reverse: from > to,
      limit: limit.count,
    });
    const page: StoredRecord[] = [];
    let bytes = 0;
    for (const { value: position } of [...positions]) {
      const record = this.record(position);
      page.push(record);
      bytes += record.bytes.length;
      if (bytes >= limit.bytes) break;
    }
    return page;
  }

  /** Position of the nth newest record, or of the oldest if there are fewer; `undefined` in an empty log. */
  nthNewest(n: number): number | undefined {
    for (const position of this.log.getKeys({ reverse: true, limit: 1, offset: n - 1 })) return position;
    for (const position of this.log.getKeys({ limit: 1 })) return position;
    return undefined;
  }

  /** Numbers of records, of entries in the index of the streams, and of names. */
  counts(): { records: number; indexEntries: number; names: number } {
    return { records: countOf(this.log), indexEntries: countOf(this.streams), names: countOf(this.names) };
  }

  /** Stored records as they are, unchecked, with position >= `from`, oldest first. */
  storedBytes(from: number, count: number): { position: number; bytes: Buffer }[] {
    return [...this.log.getRange({ start: from, limit: count })].map(({ key, value }) => ({ position: key, bytes: value }));
  }

  /** Entries of the index of the streams after a given one, in the order of stream numbers and revisions. */
  indexAfter(streamNumber: number, revision: number, count: number): IndexEntry[] {
    const entries = this.streams.getRange({ start: [streamNumber, revision], exclusiveStart: true, limit: count });
    return [...entries].map(({ key, value }) => ({ streamNumber: key[0], revision: key[1], position: value }));
  }

  /** Keys (see `nameKey`) and stream numbers after a given key, in the order of the keys. */
  namesAfter(key: Buffer, count: number): { key: Buffer; streamNumber: number }[] {
    const entries = this.names.getRange({ start: key, exclusiveStart: true, limit: count });
    return [...entries].map((entry) => ({ key: Buffer.from(entry.key), streamNumber: entry.value }));
  }

  /**
   * Writes a consistent copy into the existing directory `to`, from a thread of its own, while reads and writes go on. The
   * caller flushes it.
   */
  async copyTo(to: string): Promise<void> {
    await this.root.backup(to, true);
  }

  /** Waits for outstanding writes and closes the environment. */
  async close(): Promise<void> {
    await this.root.close();
  }
}

/** LMDB rejects with an error that only refers to another one, which it makes known a moment later. */
async function rethrowCause(error: Error & { commitError?: Promise<never> }): Promise<never> {
  await error.commitError;
  throw error;
}

function takePage(entries: Iterable<{ key: number; value: Buffer }>, limit: PageLimit): StoredRecord[] {
  const page: StoredRecord[] = [];
  let bytes = 0;
  for (const { key, value } of entries) {
    page.push(StoredRecord.decode(key, value));
    bytes += value.length;
    if (bytes >= limit.bytes) break;
  }
  return page;
}
