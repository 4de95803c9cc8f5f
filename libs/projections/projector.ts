import type { EventStore, StoredEvent } from '@huicai/event-store';
import { type RecordedEvent, recorded, splitStreamName, type UpcasterRegistry } from '@huicai/kernel';
import type { Pool, PoolClient } from 'pg';
import { CheckpointMovedError, type Handled } from './checkpoint.js';
import type { LiveProjection } from './live-projection.js';

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
}

export interface Progress {
  /** Position of the last event seen, of whatever kind. */
  readonly seen: bigint | undefined;
  readonly connected: boolean;
}

/**
 * Follows `$all` and keeps every projection: whatever has arrived while one batch was being written makes the next one, and one
 * transaction holds the rows and checkpoints of all of them.
 */
export class Projector {
  private seen: bigint | undefined;
  private connected = false;

  constructor(private readonly options: ProjectorOptions) {}

  /** Runs until the signal aborts. @throws CheckpointMovedError when another worker has taken over. */
  async run(signal: AbortSignal): Promise<void> {
    const after = this.startPosition();
    this.seen = after;
    const events = this.options.store.followAll({
      ...(after === undefined ? {} : { after }),
      signal,
      onState: (state) => {
        this.connected = state.state !== 'dropped';
        if (state.state === 'dropped')
          this.options.log(`event store subscription dropped: ${state.cause}; again in ${state.retryInMs} ms`);
        this.progress();
      },
    });
    for await (const batch of batches(events, this.options.batchSize ?? 500)) {
      await this.handle(batch, signal);
      if (signal.aborted) return;
    }
  }

  /** The oldest place any projection stands at; undefined for the start of the log. */
  private startPosition(): bigint | undefined {
    const handled = this.options.projections.filter((p) => !p.failed).map((p) => p.handled);
    if (handled.length === 0 || handled.some((position) => position === null)) return undefined;
    return (handled as bigint[]).reduce((a, b) => (a < b ? a : b));
  }

  private async handle(batch: readonly StoredEvent[], signal: AbortSignal): Promise<void> {
    const ours = batch.filter((e) => !e.type.startsWith('$') && this.options.aggregates.has(splitStreamName(e.stream).aggregate));
    const last = ours.at(-1);
    if (last) {
      const events = ours.map((event) => recorded(event, this.options.upcasters));
      const end = { position: last.position, stream: last.stream, revision: last.revision, id: last.id };
      for (let attempt = 0; !signal.aborted; attempt++) {
        try {
          await this.commit(events, end);
          break;
        } catch (error) {
          if (!isConnectionLoss(error)) throw error;
          this.options.log(`PostgreSQL is away (${(error as Error).message}); the batch is tried again`);
          await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 100 * 2 ** attempt)));
        }
      }
    }
    this.seen = batch.at(-1)!.position;
    this.progress();
  }

  private async commit(events: readonly RecordedEvent[], end: Handled): Promise<void> {
    const reference = await this.options.reference(events);
    const alive = this.options.projections.filter((p) => !p.failed);
    try {
      await this.inTransaction(async (db) => {
        for (const p of alive) await p.apply(db, events, end, reference);
      });
    } catch (error) {
      if (error instanceof CheckpointMovedError || isConnectionLoss(error)) throw error;
      return this.commitOneByOne(alive, events, end, reference);
    }
    for (const p of alive) p.moved(end);
  }

  /** A fold has failed: the others go on, the one at fault stops, keeps what it has and says so. */
  private async commitOneByOne(
    alive: readonly LiveProjection[],
    events: readonly RecordedEvent[],
    end: Handled,
    reference: unknown,
  ): Promise<void> {
    for (const p of alive) {
      try {
        await this.inTransaction((db) => p.apply(db, events, end, reference));
        p.moved(end);
      } catch (error) {
        if (error instanceof CheckpointMovedError || isConnectionLoss(error)) throw error;
        p.failed = (error as Error).message;
        this.options.log(`projection ${p.name} stopped after ${p.handled ?? 'the start'}: ${p.failed}`);
        await this.options.pool.query(`update ${p.schema}.checkpoint set failed = $1`, [p.failed]);
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
    this.options.onProgress?.({ seen: this.seen, connected: this.connected });
  }
}

/** SQLSTATE classes 08, 40, 53, 57 and everything below SQL: not the event's fault, so try again. */
function isConnectionLoss(error: unknown): boolean {
  if (error instanceof CheckpointMovedError) return false;
  const { code, message } = error as { code?: string; message?: string };
  if (code && /^(08|40|53|57)/.test(code)) return true;
  if (code && /^E[A-Z]+$/.test(code)) return true;
  return /Connection terminated|timeout exceeded when trying to connect|StoreUnavailable|Event store unavailable/.test(
    message ?? '',
  );
}

/** Groups what is there, without waiting for more: a lone event is handled at once, a flood in full batches. */
async function* batches<T>(source: AsyncGenerator<T>, size: number): AsyncGenerator<T[]> {
  let pending = source.next();
  try {
    for (;;) {
      const first = await pending;
      if (first.done) return;
      const batch = [first.value];
      pending = source.next();
      while (batch.length < size) {
        const next = await Promise.race([pending, settleTurn()]);
        if (next === NOTHING_YET) break;
        if (next.done) {
          yield batch;
          return;
        }
        batch.push(next.value);
        pending = source.next();
      }
      yield batch;
    }
  } finally {
    pending.catch(() => undefined);
    source.return(undefined).catch(() => undefined);
  }
}

const NOTHING_YET = Symbol('nothing yet');
/** Lets one turn of the event loop pass, so that what the socket has already received counts as there. */
const settleTurn = (): Promise<typeof NOTHING_YET> => new Promise((resolve) => setImmediate(() => resolve(NOTHING_YET)));
