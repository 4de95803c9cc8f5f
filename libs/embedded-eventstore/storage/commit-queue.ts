import type { LogDatabase } from './database.js';
import type { StoredRecord } from './record.js';

/** Thrown when the store can not take or confirm a write: it is stopping, or a commit has failed. */
export class StoreUnavailableError extends Error {}

interface Group {
  records: StoredRecord[];
  newStreams: Map<string, number>;
  bytes: number;
  done: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Group commit: whatever is queued while a commit is on its way to disk becomes the next one. One commit at a time, in
 * order. A failed commit is final: revisions and positions were handed out on the assumption that it would succeed, so
 * every later write is refused and the process is expected to restart from what is on disk.
 */
export class CommitQueue {
  private next: Group | undefined;
  private current: Group | undefined;
  private scheduled: boolean = false;
  private failure: StoreUnavailableError | undefined;

  /**
   * @param committed called with each group's records as soon as they are on disk, before anyone is told
   * @param failed called once, with the cause, when a commit fails
   */
  constructor(
    private readonly database: Pick<LogDatabase, 'write'>,
    private readonly committed: (records: readonly StoredRecord[]) => void,
    private readonly failed: (cause: Error) => void,
  ) {}

  /** Bytes of records that are not on disk yet. */
  get pendingBytes(): number {
    return (this.next?.bytes ?? 0) + (this.current?.bytes ?? 0);
  }

  /** Throws StoreUnavailableError once writes are refused. */
  assertOpen(): void {
    if (this.failure) throw this.failure;
  }

  /** Queues records for one transaction; the promise settles with that transaction. */
  enqueue(records: readonly StoredRecord[], newStreams: ReadonlyMap<string, number>): Promise<void> {
    this.assertOpen();
    this.next ??= newGroup();
    for (const record of records) {
      this.next.records.push(record);
      this.next.bytes += record.bytes.length;
    }
    for (const [stream, number] of newStreams) this.next.newStreams.set(stream, number);
    this.schedule();
    return this.next.done;
  }

  /** Resolves when everything queued so far is on disk. @throws StoreUnavailableError */
  async settled(): Promise<void> {
    const last = this.next ?? this.current;
    if (last) await last.done;
    else this.assertOpen();
  }

  /** Refuses further writes and waits for those queued. */
  async close(): Promise<void> {
    const last = this.next ?? this.current;
    this.failure ??= new StoreUnavailableError('the store is stopping');
    // Its writers get the error themselves.
    await last?.done.catch(() => undefined);
  }

  private schedule(): void {
    if (this.scheduled || this.current) return;
    this.scheduled = true;
    // Not a microtask: requests that arrived in the same turn are to share the transaction.
    setImmediate(() => {
      this.scheduled = false;
      void this.commitNext();
    });
  }

  private async commitNext(): Promise<void> {
    const group = this.next;
    if (!group) return;
    this.next = undefined;
    this.current = group;
    try {
      await this.database.write(group.records, group.newStreams);
      this.committed(group.records);
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)), group);
      return;
    }
    this.current = undefined;
    group.resolve();
    if (this.next) this.schedule();
  }

  private fail(cause: Error, group: Group): void {
    const failure = new StoreUnavailableError('a commit has failed; the store must be restarted', { cause });
    this.failure = failure;
    group.reject(failure);
    this.next?.reject(failure);
    this.current = undefined;
    this.next = undefined;
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
