import { ControlSocket } from '../maintenance/control-socket.js';
import type { ExpectedRevision } from '../wire/append-request.js';
import { CommitQueue, StoreUnavailableError } from './commit-queue.js';
import { CommitSignal } from './commit-signal.js';
import { LogDatabase } from './database.js';
import { judgeAppend, type StreamView } from './expectation.js';
import { type Head, Heads } from './heads.js';
import { LogReader } from './log-reader.js';
import { assertFewEnough, assertNamesFit, type NewEvent, newEventId } from './new-event.js';
import { RecentIds } from './recent-ids.js';
import { encodeRecord, type StoredRecord, TOMBSTONE_REVISION } from './record.js';
import { reviveMetadata, SOFT_DELETED, softDeleteMetadata } from './stream-metadata.js';
import { systemEvents } from './system-events.js';
import { isMetastream, METADATA_TYPE, metastreamOf, originalOf, TOMBSTONE_TYPE } from './system-streams.js';
import { FIRST_POSITION } from './tables.js';
import { Tail } from './tail.js';

/** What became of an append, a delete or a tombstone. By the time it is known, it is on disk. */
export type WriteOutcome =
  /** `revision` is -1 and `position` absent if the stream is empty and nothing was to be written. */
  | { kind: 'written'; revision: number; position: number | undefined }
  | { kind: 'wrong-version'; current: number }
  | { kind: 'deleted' };

export interface EventLogOptions {
  /** Called once when a commit fails; the process should end (see CommitQueue). */
  onFatal(cause: Error): void;
  /** How many of the newest event ids are read back at start. */
  recentIds?: number;
}

/** Appends are refused from here on: far enough below 2^53 for the largest append and all that it entails. */
const LAST_POSITION = 2 ** 53 - 2 ** 40;
const NOTHING = Buffer.alloc(0);

/** The durable, ordered log of events: decides on writes, numbers them, commits them, and tells who waits. */
export class EventLog {
  readonly reader: LogReader;
  private readonly heads: Heads;
  private readonly queue: CommitQueue;
  private readonly recentIds = new RecentIds();
  private readonly tail = new Tail();
  private readonly commits = new CommitSignal();
  private nextPosition: number;
  private lastStreamNumber: number;
  private lastCreated: number;
  private durablePosition: number;
  private control: ControlSocket | undefined;

  private constructor(
    private readonly database: LogDatabase,
    onFatal: (cause: Error) => void,
  ) {
    const newest = database.lastRecord();
    this.durablePosition = newest?.position ?? 0;
    this.nextPosition = newest?.nextPosition ?? FIRST_POSITION;
    this.lastCreated = newest?.created ?? 0;
    this.lastStreamNumber = database.lastStreamNumber();
    this.heads = new Heads(database);
    this.reader = new LogReader(database, this.heads, this.tail, () => this.durablePosition);
    this.queue = new CommitQueue(
      database,
      (records) => this.publish(records),
      (cause) => {
        this.commits.announce();
        onFatal(cause);
      },
    );
  }

  /** Opens the log in `dir`, which must be locked by the caller. @throws StorageFormatError, DamagedRecordError */
  static async open(dir: string, options: EventLogOptions): Promise<EventLog> {
    const database = await LogDatabase.open(dir);
    try {
      const log = new EventLog(database, options.onFatal);
      await log.recentIds.refill(database, options.recentIds ?? 100_000);
      if (log.durablePosition === 0) await Promise.all(systemEvents().map((e) => log.append(e.stream, 'no_stream', [e.event])));
      // Without it the log is as good as ever, but can not be backed up while it runs.
      log.control = await ControlSocket.open(dir, (to) => database.copyTo(to)).catch((error: Error) => {
        process.emitWarning(`no backup is possible while the server runs: ${error.message}`);
        return undefined;
      });
      return log;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Identity of the store in this directory. */
  get nodeId(): string {
    return this.database.nodeId;
  }

  /** Bytes accepted but not yet on disk: a measure for holding writers back. */
  get pendingBytes(): number {
    return this.queue.pendingBytes;
  }

  /**
   * Appends events to a stream, or finds out that they may not be or already are. The decision is made before this
   * returns, so calls take effect in the order they are made.
   * @throws RangeError (rejection) if the stream's name or a type is longer than MAX_NAME_BYTES allows
   * @throws TooManyEventsError (rejection)
   * @throws StoreUnavailableError (rejection) if the store stops or fails before the outcome is durable
   */
  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<WriteOutcome> {
    this.assertWritable();
    assertFewEnough(events);
    assertNamesFit(stream, events);
    const head = this.heads.get(stream);
    const view = this.viewOf(head);
    const ids = events.map((event) => event.id.toString('latin1'));
    const verdict = judgeAppend(expected, ids, view);
    if (verdict.kind === 'deleted') return this.afterPending({ kind: 'deleted' });
    if (verdict.kind === 'wrong-version') return this.afterPending({ kind: 'wrong-version', current: head.last.assigned });
    if (verdict.kind === 'repeated') return this.afterPending(this.writtenAt(head, verdict.revision));
    if (events.length === 0) return this.afterPending(this.writtenAt(head, head.last.assigned));

    // Everything that can fail comes before the first assignment: a revision handed out must reach the disk.
    const revival = this.revivalBy(stream, events);
    const batch = this.assemble((into) => {
      for (const event of events) this.assign(into, head, head.last.assigned + 1, event);
      if (revival) this.assignMetadata(into, revival.stream, revival.metadata);
    });
    const last = batch.records[events.length - 1]!;
    await this.queue.enqueue(batch.records, batch.newStreams);
    return { kind: 'written', revision: last.revision, position: last.position };
  }

  /** Soft-deletes a stream: its events become unreadable but stay in $all, and a later append revives it. */
  async delete(stream: string, expected: ExpectedRevision): Promise<WriteOutcome> {
    this.assertWritable();
    const head = this.heads.get(stream);
    const refusal = this.refuseDeletion(head, expected);
    if (refusal) return this.afterPending(refusal);
    if (head.last.assigned < 0 && !this.heads.hasMetadata(stream)) {
      return this.afterPending({ kind: 'wrong-version', current: head.last.assigned });
    }
    const batch = this.assemble((into) => this.assignMetadata(into, stream, softDeleteMetadata()));
    return this.commit(batch);
  }

  /** Deletes a stream for good: its name can never be used again. */
  async tombstone(stream: string, expected: ExpectedRevision): Promise<WriteOutcome> {
    this.assertWritable();
    assertNamesFit(stream, []);
    const head = this.heads.get(stream);
    const refusal = this.refuseDeletion(head, expected);
    if (refusal) return this.afterPending(refusal);
    const event = { id: newEventId(), type: TOMBSTONE_TYPE, isJson: false, customMetadata: NOTHING, data: NOTHING };
    const batch = this.assemble((into) => this.assign(into, head, TOMBSTONE_REVISION, event));
    return this.commit(batch);
  }

  /** Resolves at the next commit after `position`, at once if there is one already, or when `signal` aborts. */
  async nextCommit(position: number, signal: AbortSignal): Promise<void> {
    if (this.durablePosition <= position) await this.commits.next(signal);
  }

  /** Resolves when everything accepted so far is on disk. @throws StoreUnavailableError */
  settled(): Promise<void> {
    return this.queue.settled();
  }

  /** Refuses further writes, waits for those accepted, closes the database. */
  async close(): Promise<void> {
    await this.queue.close();
    this.commits.announce();
    await this.control?.close();
    await this.database.close();
  }

  private assertWritable(): void {
    this.queue.assertOpen();
    // Beyond, positions could not be told from each other: a double holds integers up to 2^53.
    if (this.nextPosition > LAST_POSITION) throw new StoreUnavailableError('the log has used up its positions');
  }

  private viewOf(head: Head): StreamView {
    const { stream } = head;
    return {
      last: head.last.assigned,
      tombstoned: head.tombstoned.assigned || (isMetastream(stream) && this.heads.get(originalOf(stream)).tombstoned.assigned),
      softDeleted: this.isSoftDeleted(stream),
      hasMetadata: this.heads.hasMetadata(stream),
      idAt: (revision) => head.recordAt(revision).idKey,
      recentRevision: (id) => {
        const recent = this.recentIds.get(id);
        return recent && recent.streamNumber === head.streamNumber ? recent.revision : undefined;
      },
    };
  }

  private isSoftDeleted(stream: string): boolean {
    return this.heads.metadataOf(stream, 'assigned').truncateBefore === SOFT_DELETED;
  }

  private refuseDeletion(head: Head, expected: ExpectedRevision): WriteOutcome | undefined {
    const verdict = judgeAppend(expected, [newEventId().toString('latin1')], this.viewOf(head));
    if (verdict.kind === 'deleted') return { kind: 'deleted' };
    return verdict.kind === 'write' ? undefined : { kind: 'wrong-version', current: head.last.assigned };
  }

  private writtenAt(head: Head, revision: number): WriteOutcome {
    return { kind: 'written', revision, position: revision < 0 ? undefined : head.recordAt(revision).position };
  }

  /** An answer that rests on events still on their way to disk waits for them: after a crash it would be untrue. */
  private async afterPending(outcome: WriteOutcome): Promise<WriteOutcome> {
    await this.queue.settled();
    return outcome;
  }

  private async commit(batch: Batch): Promise<WriteOutcome> {
    const { revision, position } = batch.records[batch.records.length - 1]!;
    await this.queue.enqueue(batch.records, batch.newStreams);
    return { kind: 'written', revision, position };
  }

  /** Revisions handed out that then do not reach the disk would be a gap for good: a failure in between is final. */
  private assemble(fill: (batch: Batch) => void): Batch {
    const batch = new Batch();
    try {
      fill(batch);
      return batch;
    } catch (error) {
      this.queue.breakOff(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  private assign(batch: Batch, head: Head, revision: number, event: NewEvent): void {
    if (head.streamNumber === 0) {
      head.streamNumber = ++this.lastStreamNumber;
      batch.newStreams.set(head.stream, head.streamNumber);
      this.heads.created(head.stream);
    }
    // A clock set back must not make later events look older.
    this.lastCreated = Math.max(this.lastCreated, Date.now());
    const record = encodeRecord({
      ...event,
      position: this.nextPosition,
      streamNumber: head.streamNumber,
      stream: head.stream,
      revision,
      created: this.lastCreated,
    });
    this.nextPosition = record.nextPosition;
    head.assign(record);
    this.recentIds.add(record.idKey, { streamNumber: head.streamNumber, revision });
    batch.records.push(record);
  }

  private assignMetadata(batch: Batch, stream: string, data: Buffer): void {
    const head = this.heads.get(metastreamOf(stream));
    const event = { id: newEventId(), type: METADATA_TYPE, isJson: true, customMetadata: NOTHING, data };
    this.assign(batch, head, head.last.assigned + 1, event);
  }

  /**
   * An append to a soft-deleted stream brings it back, readable from the first new event on; so does new metadata for it,
   * which then hides all events so far.
   */
  private revivalBy(stream: string, events: readonly NewEvent[]): { stream: string; metadata: Buffer } | undefined {
    const revived = isMetastream(stream) ? originalOf(stream) : stream;
    if (!this.isSoftDeleted(revived)) return undefined;
    const metaHead = this.heads.get(metastreamOf(revived));
    const current = revived === stream ? metaHead.recordAt(metaHead.last.assigned).data : events[events.length - 1]!.data;
    return { stream: revived, metadata: reviveMetadata(current, this.heads.get(revived).last.assigned + 1) };
  }

  private publish(records: readonly StoredRecord[]): void {
    let first = 0;
    for (const [index, record] of records.entries()) {
      this.tail.push(record);
      if (records[index + 1]?.streamNumber === record.streamNumber) continue;
      this.heads.get(record.stream).settle(index + 1 - first);
      first = index + 1;
    }
    this.durablePosition = records[records.length - 1]?.position ?? this.durablePosition;
    this.commits.announce();
  }
}

/** Records of one atomic write. */
class Batch {
  readonly records: StoredRecord[] = [];
  readonly newStreams = new Map<string, number>();
}
