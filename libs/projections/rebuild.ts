import type { EventStore, StoredEvent } from '@huicai/event-store';
import { type RecordedEvent, recorded, splitStreamName, type UpcasterRegistry } from '@huicai/kernel';
import type { Pool, PoolClient } from 'pg';
import type { Handled } from './checkpoint.js';
import { FILLER_LOCK, freeSchema, lockGenerations, RebuildError } from './generations.js';
import { type EventAt, LiveProjection, RebuildNeededError } from './live-projection.js';
import { FoldError, isPoison } from './outage.js';
import type { AnyProjection } from './projection.js';
import { dropSchema } from './rebuild-switch.js';
import { indexDdl } from './table.js';
import { inTransaction } from './transaction.js';

/** What a rebuild needs of the system. */
export interface RebuildParts {
  readonly pool: Pool;
  readonly store: EventStore;
  readonly storeId: string;
  readonly eventAt: EventAt;
  readonly upcasters: UpcasterRegistry;
  /** Stream categories of this system; anything else in the log is somebody else's. */
  readonly aggregates: ReadonlySet<string>;
  /** Brings reference data up to the batch before it is folded. */
  readonly reference: (batch: readonly RecordedEvent[]) => Promise<unknown>;
}

export interface FillProgress {
  /** Events of this system read since the candidate was begun. */
  readonly events: number;
  /**
   * Part of the way to the end of the log as it was when last looked at, 0 to 1. The store does not count its events, so this is
   * reckoned by place.
   */
  readonly share: number;
  /** What it is at. */
  readonly step: 'reading' | 'indexing';
}

export interface FillOptions {
  readonly signal?: AbortSignal;
  /** Events per transaction; 5,000 unless told. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: FillProgress) => void;
  readonly log?: (line: string) => void;
}

/** What became of the candidate: it is level and the leader's to feed, or was so before, or filling was told to stop. */
export interface Filled {
  readonly schema: string;
  readonly outcome: 'filled' | 'was-filled' | 'interrupted';
}

/** Another process fills a candidate of this projection. */
export class RebuildRunningError extends RebuildError {
  constructor(name: string) {
    super(`${name} is being rebuilt by another process.`);
    this.name = 'RebuildRunningError';
  }
}

/** Fewer events than this between the candidate and the end of the log, and the leader takes it from there. */
const NEAR = 500;

/**
 * Fills a generation of a projection beside the live one from the log, or goes on with one that was begun, until the leader can take
 * it over; live rows, reactions and timers are not touched. What was committed stays when it is killed.
 *
 * @throws RebuildRunningError; RebuildError when there is nothing to stand beside or the candidate was dropped meanwhile; FoldError
 * naming the event that can not be folded; whatever says that a server is away
 */
export async function fillBeside(
  parts: RebuildParts,
  definition: AnyProjection,
  types: readonly string[],
  options: FillOptions = {},
): Promise<Filled> {
  const session = await parts.pool.connect();
  try {
    const { rows } = await session.query<{ won: boolean }>(`select pg_try_advisory_lock(${FILLER_LOCK}) as won`, [
      definition.name,
    ]);
    if (!rows[0]?.won) throw new RebuildRunningError(definition.name);
    return await new Filler(parts, definition, types, options).fill();
  } finally {
    await session.query(`select pg_advisory_unlock(${FILLER_LOCK})`, [definition.name]).then(
      () => session.release(),
      // The lock ends with the session.
      () => session.release(true),
    );
  }
}

class Filler {
  private readonly types: ReadonlySet<string>;
  private readonly size: number;
  private events = 0;
  private head: bigint | undefined;

  constructor(
    private readonly parts: RebuildParts,
    private readonly definition: AnyProjection,
    types: readonly string[],
    private readonly options: FillOptions,
  ) {
    this.types = new Set(types);
    this.size = options.batchSize ?? 5_000;
  }

  async fill(): Promise<Filled> {
    const { pool } = this.parts;
    const candidate = await this.begin();
    const { schema } = candidate;
    if (candidate.following) return { schema, outcome: 'was-filled' };
    const live = new LiveProjection(this.definition, [...this.types], schema);
    await live.resume(pool, this.parts.storeId, this.parts.eventAt);
    this.events = candidate.filled;
    for (let indexed = false; ; ) {
      const read = await this.readToEnd(live);
      if (this.options.signal?.aborted) return { schema, outcome: 'interrupted' };
      if (!indexed) {
        await this.index(schema);
        indexed = true;
      } else if (read < NEAR) break;
    }
    await inTransaction(pool, (db) => this.expectMine(db, schema, 'following = true'));
    return { schema, outcome: 'filled' };
  }

  /** Takes up the candidate that is there, or makes one. */
  private async begin(): Promise<{ schema: string; following: boolean; filled: number }> {
    const { pool, storeId, eventAt } = this.parts;
    const { name } = this.definition;
    const there = await inTransaction(pool, (db) => lockGenerations(db, name));
    if (there.candidate !== null) {
      try {
        await new LiveProjection(this.definition, [...this.types], there.candidate).check(pool, storeId, eventAt);
        return { schema: there.candidate, following: there.following, filled: there.filled };
      } catch (error) {
        if (!(error instanceof RebuildNeededError)) throw error;
        this.options.log?.(`the candidate ${there.candidate} can not be gone on with and is begun anew: ${error.why}`);
      }
      await dropSchema(pool, name, there.candidate);
    }
    return inTransaction(pool, async (db) => {
      await lockGenerations(db, name);
      const schema = await freeSchema(db, this.definition);
      const beside = new LiveProjection(this.definition, [...this.types], schema);
      await db.query(beside.besideDdl(storeId).join('; '));
      await db.query('update ops.projection set candidate = $2, following = false, filled = 0 where name = $1', [name, schema]);
      return { schema, following: false, filled: 0 };
    });
  }

  /** Reads on to where the log ends now; how many events of ours that were. */
  private async readToEnd(live: LiveProjection): Promise<number> {
    const { store } = this.parts;
    const before = this.events;
    for await (const last of store.readAll({ backwards: true, maxCount: 1 })) this.head = last.position;
    const after = live.handled;
    for await (const stored of ahead(store.readAll(after === null ? {} : { after }), this.size)) {
      if (this.options.signal?.aborted) break;
      await this.write(live, stored);
      this.tell('reading', stored.at(-1)!.position);
    }
    return this.events - before;
  }

  private async write(live: LiveProjection, stored: readonly StoredEvent[]): Promise<void> {
    const ours = stored.filter(
      ({ type, stream }) => !type.startsWith('$') && this.parts.aggregates.has(splitStreamName(stream).aggregate),
    );
    const last = ours.at(-1);
    if (!last) return;
    const end: Handled = { position: last.position, stream: last.stream, revision: last.revision, id: last.id };
    const batch = ours.filter(({ type }) => this.types.has(type)).map((event) => this.readable(event));
    const reference = await this.parts.reference(batch);
    const commit = (careful: boolean) =>
      inTransaction(this.parts.pool, async (db) => {
        // What a crash of the server takes back is read again.
        await db.query('set local synchronous_commit = off');
        await this.expectMine(db, live.schema, `filled = filled + ${ours.length}`);
        await live.apply(db, batch, end, reference, { careful });
      });
    await commit(false).catch((error: unknown) => {
      if (!isPoison(error)) throw error;
      return commit(true);
    });
    live.moved(end);
    this.events += ours.length;
  }

  private readable(event: StoredEvent): RecordedEvent {
    try {
      return recorded(event, this.parts.upcasters);
    } catch (error) {
      throw new FoldError((error as Error).message, error);
    }
  }

  private async expectMine(db: PoolClient, schema: string, change: string): Promise<void> {
    const { rowCount } = await db.query(
      `update ops.projection set ${change} where name = $1 and candidate = $2 and not following`,
      [this.definition.name, schema],
    );
    if (rowCount !== 1) throw new RebuildError(`The candidate ${schema} was dropped while it was filled.`);
  }

  /** All indexes in one transaction, so that they are there or are not. */
  private async index(schema: string): Promise<void> {
    const { pool } = this.parts;
    const { rows } = await pool.query(
      `select 1 from pg_index where indrelid = '${schema}.rows'::regclass and not indisprimary limit 1`,
    );
    if (rows.length > 0) return;
    this.tell('indexing');
    await pool.query([...indexDdl(schema, this.definition.table), `analyze ${schema}.rows`].join('; '));
  }

  private tell(step: FillProgress['step'], at = this.head): void {
    const share = this.head === undefined || at === undefined || at >= this.head ? 1 : Number(at) / Number(this.head);
    this.options.onProgress?.({ events: this.events, share, step });
  }
}

/** Items in groups, the next of which is fetched while one is worked on. */
async function* ahead<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, undefined> {
  const items = source[Symbol.asyncIterator]();
  const fetch = async () => {
    const group: T[] = [];
    while (group.length < size) {
      const next = await items.next();
      if (next.done) break;
      group.push(next.value);
    }
    return group;
  };
  let next = fetch();
  try {
    for (;;) {
      const group = await next;
      if (group.length === 0) return;
      next = fetch();
      // Told when it is asked for.
      next.catch(() => undefined);
      yield group;
    }
  } finally {
    items.return?.().catch(() => undefined);
  }
}
