import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, StoredEvent, SubscriptionState } from '@huicai/event-store';
import { type RecordedEvent, splitStreamName, type UpcasterRegistry } from '@huicai/kernel';
import type { Pool } from 'pg';
import { batches } from './batches.js';
import { CheckpointMovedError, type Handled, moveCheckpoints } from './checkpoint.js';
import { type NewLetter, type Parking, readParking } from './dead-letters.js';
import type { LiveProjection } from './live-projection.js';
import { isOutage } from './outage.js';
import { ParkingAttendant } from './parking.js';
import { isWritePool, type Queryable } from './queryable.js';
import { Sweeper } from './sweeper.js';
import { inTransaction } from './transaction.js';
import { recordedOrNot } from './unreadable.js';

export interface ProjectorOptions {
  /** Of {@link createWritePool}: what all projections ask for in a batch goes out at once. */
  readonly pool: Pool;
  readonly store: EventStore;
  readonly upcasters: UpcasterRegistry;
  /** Stream categories of this system; anything else in the log is somebody else's. */
  readonly aggregates: ReadonlySet<string>;
  readonly projections: readonly LiveProjection[];
  /** Brings reference data up to the batch before it is folded. */
  readonly reference: (batch: readonly Pick<RecordedEvent, 'stream' | 'revision'>[]) => Promise<unknown>;
  /** Tells by what reference data rows were derived; left out, none are derived anew when it changes. */
  readonly referenceMark?: (reference: unknown) => string;
  readonly log: (line: string) => void;
  readonly batchSize?: number;
  /** Told after every commit and at every state of the subscription. */
  readonly onProgress?: (progress: Progress) => void;
  /** Given every batch as it came, once it is written; `after` is the position of the event before it, undefined at the log's start; `seconds` went by since its arrival. */
  readonly onBatch?: (batch: readonly StoredEvent[], after: bigint | undefined, seconds: number) => void;
  /** Asked before anything is written after the subscription was lost: another log may stand behind the same address. */
  readonly checkLog?: () => Promise<void>;
  /** So many parked partitions stop a projection; 1,000 unless told. */
  readonly maxParked?: number;
  /** How often to look for what is asked to be done about dead letters, milliseconds. */
  readonly attendEveryMs?: number;
}

export interface Progress {
  /** Position of the last event seen, of whatever kind. */
  readonly seen: bigint | undefined;
  readonly connected: boolean;
}

interface Batch {
  readonly events: readonly RecordedEvent[];
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
  /** The end of whatever is being written: batches and what is done about dead letters take turns. */
  private turn: Promise<unknown> = Promise.resolve();
  private readonly attendant: ParkingAttendant;
  private readonly sweeper: Sweeper | undefined;

  /** @throws Error when the pool is none that takes several statements at once */
  constructor(private readonly options: ProjectorOptions) {
    if (!isWritePool(options.pool)) throw new Error('A projector needs a pool of createWritePool.');
    this.attendant = new ParkingAttendant(options);
    const { pool, projections, log, referenceMark: markOf } = options;
    if (markOf) this.sweeper = new Sweeper({ pool, projections, log, markOf, reference: () => options.reference([]) });
  }

  /**
   * Runs until the signal aborts; sits out whatever time the event store or PostgreSQL is away.
   *
   * @throws CheckpointMovedError when another worker has taken over; whatever `checkLog` throws
   */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const together = AbortSignal.any([signal, ended.signal]);
    const parts = [this.follow(together), this.attend(together)];
    try {
      await Promise.race(parts);
    } finally {
      ended.abort();
      await Promise.allSettled(parts);
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const after = this.startPosition();
    this.seen = after;
    const events = this.options.store.followAll({
      ...(after === undefined ? {} : { after }),
      signal,
      onState: (state) => this.noteState(state),
    });
    for await (const batch of batches(events, this.options.batchSize ?? 500)) {
      await this.inTurn(() => this.handle(batch, signal));
      if (signal.aborted) return;
    }
  }

  /** Does what people ask about dead letters and follows changes of reference data, also while no events come in. */
  private async attend(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.inTurn(() => this.attendant.attend(() => this.ensureLog()));
        // Batches get their turns between.
        while (!signal.aborted && (await this.inTurn(() => this.sweepSome())));
      } catch (error) {
        // What was asked for is done once the servers are back.
        if (!isOutage(error)) throw error;
      }
      await delay(this.options.attendEveryMs ?? 500, undefined, { signal }).catch(() => undefined);
    }
  }

  private async sweepSome(): Promise<boolean> {
    if (!this.sweeper) return false;
    await this.ensureLog();
    return this.sweeper.sweepSome();
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
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
    const arrived = performance.now();
    const batch = this.read(stored);
    if (batch) {
      for (let attempt = 0; !(await this.committed(batch, attempt)); attempt++) {
        await delay(Math.min(5_000, 100 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
      }
    }
    const after = this.seen;
    this.seen = stored.at(-1)!.position;
    this.options.onBatch?.(stored, after, (performance.now() - arrived) / 1_000);
    this.progress();
  }

  /** What concerns this system of a batch; undefined when nothing does. */
  private read(stored: readonly StoredEvent[]): Batch | undefined {
    const ours = stored.filter(
      (e) => !e.type.startsWith('$') && this.options.aggregates.has(splitStreamName(e.stream).aggregate),
    );
    const last = ours.at(-1);
    if (!last) return undefined;
    const events = ours.map((event) => recordedOrNot(event, this.options.upcasters));
    return { events, end: { position: last.position, stream: last.stream, revision: last.revision, id: last.id } };
  }

  /** False when a server was away; says so once, and once when it is back. */
  private async committed(batch: Batch, attempt: number): Promise<boolean> {
    try {
      await this.ensureLog();
      await this.commit(batch);
    } catch (error) {
      if (!isOutage(error)) throw error;
      if (attempt === 0) this.options.log(`a batch waits: ${(error as Error).message}`);
      return false;
    }
    if (attempt > 0) this.options.log('the batch that waited is written');
    return true;
  }

  private async ensureLog(): Promise<void> {
    if (!this.logChecked) await this.options.checkLog?.();
    this.logChecked = true;
  }

  private async commit(batch: Batch): Promise<void> {
    const reference = await this.options.reference(batch.events);
    const alive = this.options.projections.filter((p) => !p.failed);
    const behind = alive.filter((p) => p.isBefore(batch.end));
    let aside: Aside[];
    try {
      aside = await inTransaction(this.options.pool, async (db) => {
        await moveCheckpoints(
          db,
          behind.map((p) => ({ schema: p.schema, at: p.handled })),
          batch.end,
        );
        const parking = await parkingOf(db, behind, batch);
        return allOf(
          behind.map(async (p) => ({
            p,
            letters: await p.fold(db, batch.events, reference, { ...this.folding, parking }),
          })),
        );
      });
    } catch (error) {
      if (error instanceof CheckpointMovedError || isOutage(error)) throw error;
      return this.commitOneByOne(alive, batch, reference);
    }
    for (const p of alive) p.moved(batch.end);
    this.tell(aside);
  }

  /**
   * One of them could not be written in one go. Each now looks for the events at fault and puts those aside; one that can not tell
   * them stops, keeps what it has and says so.
   */
  private async commitOneByOne(alive: readonly LiveProjection[], batch: Batch, reference: unknown): Promise<void> {
    for (const p of alive) {
      try {
        const letters = await inTransaction(this.options.pool, (db) =>
          p.apply(db, batch.events, batch.end, reference, { ...this.folding, careful: true }),
        );
        p.moved(batch.end);
        this.tell([{ p, letters }]);
      } catch (error) {
        if (error instanceof CheckpointMovedError || isOutage(error)) throw error;
        await p.stop(this.options.pool, (error as Error).message);
        this.options.log(`projection ${p.name} stopped after ${p.handled ?? 'the start'}: ${p.failed}`);
      }
    }
  }

  private get folding(): { readonly maxParked?: number } {
    const { maxParked } = this.options;
    return maxParked === undefined ? {} : { maxParked };
  }

  /** Those that only wait behind others are not worth a line. */
  private tell(aside: readonly Aside[]): void {
    for (const { p, letters } of aside)
      for (const { partition, event, error } of letters)
        if (error !== null)
          this.options.log(
            `projection ${p.name} parks ${partition}: ${event.type} ${event.id} (${event.stream} at ${event.revision}): ${error}`,
          );
  }

  private progress(): void {
    this.options.onProgress?.({ seen: this.seen, connected: this.subscription !== undefined && this.subscription !== 'dropped' });
  }
}

/** What all of them come to; the first failure, but only when none is under way any more: a transaction must not end under somebody's hands. */
async function allOf<T>(works: readonly Promise<T>[]): Promise<T[]> {
  try {
    return await Promise.all(works);
  } finally {
    await Promise.allSettled(works);
  }
}

/** What a projection could not take of a batch. */
interface Aside {
  readonly p: LiveProjection;
  readonly letters: readonly NewLetter[];
}

async function parkingOf(db: Queryable, projections: readonly LiveProjection[], { events }: Batch): Promise<Parking | undefined> {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) return undefined;
  return readParking(
    db,
    projections.map(({ schema }) => schema),
    first.position,
    last.position,
  );
}
