import type { LogDatabase } from './database.js';
import type { StoredRecord } from './record.js';

/** Thrown when the store can not take or confirm a write: it is stopping, or a commit has failed. */
export class StoreUnavailableError extends Error {}

/** Most records of one transaction, unless one append alone has more: putting them all takes one turn of the event loop. */
const MAX_GROUP_RECORDS = 16_384;

interface Group {
  records: StoredRecord[];
  newStreams: Map<string, number>;
  bytes: number;
  done: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/** Longest that the first of a group waits for others that keep arriving, milliseconds. */
const GATHER_LIMIT_MS = 2;
/** Far beyond the slowest healthy disk, milliseconds. */
const COMMIT_LIMIT_MS = 60_000;

/**
 * Group commit: what is queued while a commit is on its way to disk becomes the next one. One commit at a time, in
 * order. A failed commit is final: revisions and positions were handed out on the assumption that it would succeed, so
 * every later write is refused and the process is expected to restart from what is on disk.
 */
export class CommitQueue {
  private readonly waiting: Group[] = [];
  private current: Group | undefined;
  private waitingBytes = 0;
  private scheduled: boolean = false;
  private failure: StoreUnavailableError | undefined;
  private told: boolean = false;

  /**
   * @param committed called with each group's records as soon as they are on disk, before anyone is told
   * @param failed called once, with the cause, when a commit fails or an append is broken off
   */
  constructor(
    private readonly database: Pick<LogDatabase, 'write'>,
    private readonly committed: (records: readonly StoredRecord[]) => void,
    private readonly failed: (cause: Error) => void,
    private readonly limitMs = COMMIT_LIMIT_MS,
  ) {}

  /** Bytes of records that are not on disk yet. */
  get pendingBytes(): number {
    return this.waitingBytes + (this.current?.bytes ?? 0);
  }

  /** Throws StoreUnavailableError once writes are refused. */
  assertOpen(): void {
    if (this.failure) throw this.failure;
  }

  /** Queues records for one transaction; the promise settles with that transaction. */
  enqueue(records: readonly StoredRecord[], newStreams: ReadonlyMap<string, number>): Promise<void> {
    this.assertOpen();
    const group = this.groupFor(records.length);
    for (const record of records) {
      group.records.push(record);
      group.bytes += record.bytes.length;
      this.waitingBytes += record.bytes.length;
    }
    for (const [stream, number] of newStreams) group.newStreams.set(stream, number);
    this.schedule();
    return group.done;
  }

  /** Resolves when everything queued so far is on disk. @throws StoreUnavailableError */
  async settled(): Promise<void> {
    const last = this.waiting.at(-1) ?? this.current;
    if (last) await last.done;
    else this.assertOpen();
  }

  /** Refuses further writes and waits for those queued. */
  async close(): Promise<void> {
    const last = this.waiting.at(-1) ?? this.current;
    this.failure ??= new StoreUnavailableError('the store is stopping');
    // Its writers get the error themselves.
    await last?.done.catch(() => undefined);
  }

  /** Refuses everything from now on, as after a failed commit; what is on its way to disk still gets there. */
  breakOff(cause: Error): void {
    this.failure ??= new StoreUnavailableError('an append has failed half-way; the store must be restarted', { cause });
    this.tell(cause);
  }

  private groupFor(count: number): Group {
    const last = this.waiting.at(-1);
    if (last && last.records.length + count <= MAX_GROUP_RECORDS) return last;
    const group = newGroup();
    this.waiting.push(group);
    return group;
  }

  private schedule(): void {
    if (this.scheduled || this.current) return;
    this.scheduled = true;
    this.gather(0, performance.now() + GATHER_LIMIT_MS);
  }

  /**
   * Commits as soon as a turn of the event loop brings nothing new: a commit costs much the same whatever it holds, and what has
   * arrived with others should not wait for the one after. Not a microtask: requests of one turn are to share the transaction.
   */
  private gather(seen: number, until: number): void {
    setImmediate(() => {
      const waiting = this.waiting[0]?.records.length ?? 0;
      if (waiting > seen && performance.now() < until) return this.gather(waiting, until);
      this.scheduled = false;
      void this.commitNext();
    });
  }

  private async commitNext(): Promise<void> {
    const group = this.waiting.shift();
    if (!group) return;
    this.current = group;
    this.waitingBytes -= group.bytes;
    try {
      await this.within(this.database.write(group.records, group.newStreams));
      this.committed(group.records);
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)), group);
      return;
    }
    this.current = undefined;
    group.resolve();
    if (this.waiting.length > 0) this.schedule();
  }

  /** LMDB never settles a commit whose transaction it could not begin; a disk that has not answered for so long is no disk. */
  private async within(write: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`a commit has not ended within ${this.limitMs} ms`)), this.limitMs);
    });
    try {
      await Promise.race([write, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private fail(cause: Error, group: Group): void {
    const failure = new StoreUnavailableError('a commit has failed; the store must be restarted', { cause });
    this.failure = failure;
    for (const unwritten of [group, ...this.waiting.splice(0)]) unwritten.reject(failure);
    this.current = undefined;
    this.waitingBytes = 0;
    this.tell(cause);
  }

  private tell(cause: Error): void {
    if (this.told) return;
    this.told = true;
    this.failed(cause);
  }
}

function newGroup(): Group {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const done = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // A group can fail while all its callers have gone; the failure itself is reported through `failed`.
  done.catch(() => undefined);
  return { records: [], newStreams: new Map(), bytes: 0, done, resolve, reject };
}
