import { createHash, randomUUID } from 'node:crypto';
import { type Database, open, type RootDatabase } from 'lmdb';
import { DamagedRecordError, StoredRecord, TOMBSTONE_REVISION } from './record.js';

/** Names longer than this are stored under their hash: LMDB keys hold at most 1,978 bytes. */
const LONGEST_NAME_KEY = 1024;
const STORAGE_FORMAT = '1';

/** Thrown when a directory holds data that this version can not read. */
export class StorageFormatError extends Error {}

/** What is stored of a stream's end. */
export interface StoredHead {
  /** Last revision apart from a tombstone, -1 if there is none. */
  last: number;
  tombstoned: boolean;
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
  private constructor(
    private readonly root: RootDatabase<Buffer, string>,
    private readonly log: Database<Buffer, number>,
    private readonly streams: Database<number, [number, number]>,
    private readonly names: Database<number, Buffer>,
    /** Identity of this store, made when the directory was first used. */
    readonly nodeId: string,
  ) {}

  /** Opens or creates the environment in `dir`. @throws StorageFormatError when it was written by another format */
  static async open(dir: string): Promise<LogDatabase> {
    // overlappingSync would resolve a write before it is flushed; a reply must never precede the flush.
    const root = open<Buffer, string>({ path: dir, overlappingSync: false, encoding: 'binary', maxDbs: 8, noSubdir: false });
    try {
      const sys = root.openDB<string, string>({ name: 'sys', encoding: 'string' });
      const format = sys.get('format');
      if (format !== undefined && format !== STORAGE_FORMAT) {
        throw new StorageFormatError(`storage format ${format} is not supported, expected ${STORAGE_FORMAT}`);
      }
      let nodeId = sys.get('node-id');
      if (format === undefined || nodeId === undefined) {
        nodeId = randomUUID();
        await Promise.all([sys.put('format', STORAGE_FORMAT), sys.put('node-id', nodeId)]);
      }
      return new LogDatabase(
        root,
        root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' }),
        root.openDB<number, [number, number]>({ name: 'stream', encoding: 'ordered-binary' }),
        root.openDB<number, Buffer>({ name: 'name', encoding: 'ordered-binary', keyEncoding: 'binary' }),
        nodeId,
      );
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  /**
   * Writes records, their index entries and new names in one transaction. Resolves once it is on disk; everything put
   * in one turn of the event loop shares that transaction.
   */
  async write(records: readonly StoredRecord[], newStreams: ReadonlyMap<string, number>): Promise<void> {
    const pending: Promise<boolean>[] = [];
    for (const [stream, number] of newStreams) pending.push(this.names.put(nameKey(stream), number));
    for (const record of records) {
      pending.push(this.log.put(record.position, record.bytes));
      pending.push(this.streams.put([record.streamNumber, record.revision], record.position));
    }
    await Promise.all(pending);
    // A read later in this turn must not use a snapshot from before the commit.
    this.root.resetReadTxn();
  }

  /** Number of a stream, `undefined` if nothing was ever written to it. */
  streamNumber(stream: string): number | undefined {
    return this.names.get(nameKey(stream));
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
    const bytes = this.log.get(position);
    if (!bytes) throw new DamagedRecordError(`the record at position ${position} is missing`);
    return StoredRecord.decode(position, bytes);
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

  /** Waits for outstanding writes and closes the environment. */
  async close(): Promise<void> {
    await this.root.close();
  }
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

function nameKey(stream: string): Buffer {
  const name = Buffer.from(stream);
  if (name.length <= LONGEST_NAME_KEY) return Buffer.concat([Buffer.from('n'), name]);
  return Buffer.concat([Buffer.from('h'), createHash('sha256').update(name).digest()]);
}
