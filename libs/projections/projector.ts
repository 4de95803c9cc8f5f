import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, StoredEvent, SubscriptionState } from '@huicai/event-store';
import { type RecordedEvent, recorded, splitStreamName, type UpcasterRegistry } from '@huicai/kernel';
import type { Pool, PoolClient } from 'pg';
import { batches } from './batches.js';
import { CheckpointMovedError, type Handled, moveCheckpoints } from './checkpoint.js';
import type { LiveProjection } from './live-projection.js';
import { FoldError, isOutage } from './outage.js';

export interface ProjectorOptions {
  readonly pool: Pool;
  readonly store: EventStore;
  readonly upcasters: UpcasterRegistry;
  /** Stream categories of this system; anything else in the log is somebody else's. */
  readonly aggregates: ReadonlySet<string>;
  readonly projections: readonly LiveProjection[];
  /** Brings reference data up to the batch before it is folded. */
  readonly reference: (batch: readonly RecordedEvent[]) => Promise<unknown>;
  readonly log: (line: string) => void;
  readonly batchSize?: number;
  /** Told after every commit and at every state of the subscription. */
  readonly onProgress?: (progress: Progress) => void;
  /** Asked before anything is written after the subscription was lost: another log may stand behind the same address. */
  readonly checkLog?: () => Promise<void>;
}

export interface Progress {
  /** Position of the last event seen, of whatever kind. */
  readonly seen: bigint | undefined;
  readonly connected: boolean;
}

interface Batch {
  readonly events: readonly RecordedEvent[];
  /** Events that this program can not read, being written by a newer one or by a stranger. */
  readonly unreadable: readonly { readonly event: StoredEvent; readonly error: FoldError }[];
  readonly end: Handled;
}

/**
 * Follows `$all` and keeps every projection: whatever has arrived while one batch was being written makes the next one, and one
 * transaction holds the rows and checkpoints of all of them.
 */
export class Projector {
  private seen: bigint | undefined;
  private subscription: SubscriptionState['state'] | undefined;
  private logChecked = true;

  constructor(private readonly options: ProjectorOptions) {}

  /**
   * Runs until the signal aborts; sits out whatever time the event store or PostgreSQL is away.
   *
   * @throws CheckpointMovedError when another worker has taken over; whatever `checkLog` throws
   */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const after = this.startPosition();
    this.seen = after;
    const events = this.options.store.followAll({
      ...(after === undefined ? {} : { after }),
      signal: AbortSignal.any([signal, ended.signal]),
      onState: (state) => this.noteState(state),
    });
    try {
      for await (const batch of batches(events, this.options.batchSize ?? 500)) {
        await this.handle(batch, signal);
        if (signal.aborted) return;
      }
    } finally {
      ended.abort();
    }
  }

  /** The oldest place any projection stands at; undefined for the start of the log. */
  private startPosition(): bigint | undefined {
    const handled = this.options.projections.filter((p) => !p.failed).map((p) => p.handled);
    if (handled.length === 0 || handled.some((position) => position === null)) return undefined;
    return (handled as bigint[]).reduce((a, b) => (a < b ? a : b));
  }

  /** What becomes of the connection is told by whoever made it. */
  private noteState({ state }: SubscriptionState): void {
    this.subscription = state;
    if (state === 'dropped') this.logChecked = false;
    this.progress();
  }

  private async handle(stored: readonly StoredEvent[], signal: AbortSignal): Promise<void> {
    const batch = this.read(stored);
    if (batch) {
      for (let attempt = 0; !(await this.committed(batch, attempt)); attempt++) {
        await delay(Math.min(5_000, 100 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
      }
    }
    this.seen = stored.at(-1)!.position;
    this.progress();
  }

  /** What concerns this system of a batch; undefined when nothing does. */
  private read(stored: readonly StoredEvent[]): Batch | undefined {
    const ours = stored.filter(
      (e) => !e.type.startsWith('$') && this.options.aggregates.has(splitStreamName(e.stream).aggregate),
    );
    const last = ours.at(-1);
    if (!last) return undefined;
    const events: RecordedEvent[] = [];
    const unreadable: { event: StoredEvent; error: FoldError }[] = [];
    for (const event of ours)
      try {
        events.push(recorded(event, this.options.upcasters));
      } catch (error) {
        unreadable.push({ event, error: new FoldError((error as Error).message, error) });
      }
    return { events, unreadable, end: { position: last.position, stream: last.stream, revision: last.revision, id: last.id } };
  }

  /** False when a server was away; says so once, and once when it is back. */
  private async committed(batch: Batch, attempt: number): Promise<boolean> {
    try {
      if (!this.logChecked) await this.options.checkLog?.();
      this.logChecked = true;
      await this.commit(batch);
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (attempt === 0) this.options.log(`a batch waits: ${(error as Error).message}`);
      return false;
    }
    if (attempt > 0) this.options.log('the batch that waited is written');
    return true;
  }

  private async commit(batch: Batch): Promise<void> {
    const reference = await this.options.reference(batch.events);
    const alive = this.options.projections.filter((p) => !p.failed);
    try {
      await this.inTransaction(async (db) => {
        const behind = alive.filter((p) => p.isBefore(batch.end));
        await moveCheckpoints(
          db,
          behind.map((p) => ({ schema: p.schema, at: p.handled })),
          batch.end,
        );
        for (const p of behind) {
          refuseUnreadable(p, batch);
          await p.fold(db, batch.events, reference);
        }
      });
    } catch (error) {
      if (error instanceof CheckpointMovedError || isOutage(error)) throw error;
      return this.commitOneByOne(alive, batch, reference);
    }
    for (const p of alive) p.moved(batch.end);
  }

  /** A fold has failed: the others go on, the one at fault stops, keeps what it has and says so. */
  private async commitOneByOne(alive: readonly LiveProjection[], batch: Batch, reference: unknown): Promise<void> {
    for (const p of alive) {
      try {
        refuseUnreadable(p, batch);
        await this.inTransaction((db) => p.apply(db, batch.events, batch.end, reference));
        p.moved(batch.end);
      } catch (error) {
        if (error instanceof CheckpointMovedError || isOutage(error)) throw error;
        await p.stop(this.options.pool, (error as Error).message);
        this.options.log(`projection ${p.name} stopped after ${p.handled ?? 'the start'}: ${p.failed}`);
      }
    }
  }

  private async inTransaction(work: (db: PoolClient) => Promise<void>): Promise<void> {
    const db = await this.options.pool.connect();
    try {
      await db.query('begin');
      await work(db);
      await db.query('commit');
      db.release();
    } catch (error) {
      await db.query('rollback').then(
        () => db.release(),
        () => db.release(true),
      );
      throw error;
    }
  }

  private progress(): void {
    this.options.onProgress?.({ seen: this.seen, connected: this.subscription !== undefined && this.subscription !== 'dropped' });
  }
}

function refuseUnreadable(p: LiveProjection, { unreadable }: Batch): void {
  const fault = unreadable.find(({ event }) => p.takes(event));
  if (fault) throw fault.error;
}
