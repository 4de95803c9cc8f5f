import type { EventStore } from '@huicai/event-store';
import type { RecordedEvent, UpcasterRegistry } from '@huicai/kernel';
import type { Pool, PoolClient } from 'pg';
import { CheckpointMovedError, type Handled, moveCheckpoints } from './checkpoint.js';
import { readParking } from './dead-letters.js';
import { freeSchema, lockGenerations, RebuildError } from './generations.js';
import { type EventAt, LiveProjection, RebuildNeededError } from './live-projection.js';
import { FoldError, isOutage } from './outage.js';
import type { AnyProjection } from './projection.js';
import { dropSchema } from './rebuild-switch.js';
import { RowsAhead } from './rows-ahead.js';
import { besideRowsDdl } from './table.js';
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
  readonly reference: (batch: readonly Pick<RecordedEvent, 'stream' | 'revision'>[]) => Promise<unknown>;
}

/** A part of the log as a candidate is given it. */
export interface FillBatch {
  /** Positions of all events of this system in it, taken or not. */
  readonly positions: readonly bigint[];
  readonly events: readonly RecordedEvent[];
  readonly end: Handled;
  readonly reference: unknown;
}

type Parts = Pick<RebuildParts, 'pool' | 'storeId' | 'eventAt'>;

/** What was folded since the last writing. */
interface Ahead {
  /** Events of this system, taken or not. */
  readonly count: number;
  /** Position of the first of them. */
  readonly from: bigint;
  readonly end: Handled;
}

/** Rows that only grow are not worth keeping: so many events of them are written at once. */
const APPENDED_AT_ONCE = 2_000;

/**
 * A generation that is filled beside the one that is shown; nobody else writes it until it is handed over.
 *
 * Rows are folded ahead of what is written. When something can not be folded or stored, nothing of it counts: the candidate is set
 * back to its checkpoint, is given the log again from there, and goes carefully from then on, so that what is at fault is found.
 */
export class Candidate {
  private rows: RowsAhead;
  private ahead: Ahead | undefined;
  /** How far it has folded; its checkpoint may lie behind. */
  private reached: bigint | null;
  private careful = false;
  private back = false;
  /** Events of this system it was given since it was begun, and how many of them are written. */
  private given: number;
  private written: number;
  private turn: Promise<void> = Promise.resolve();
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly pool: Pool,
    private readonly live: LiveProjection,
    /** It was handed over before: the leader feeds it. */
    readonly isFollowed: boolean,
    filled: number,
  ) {
    this.given = filled;
    this.written = filled;
    this.reached = live.handled;
    this.rows = new RowsAhead(live.target, live.handled === null);
  }

  /**
   * Takes up the candidate that is there, or makes one.
   *
   * @throws RebuildError when no worker has made the projection yet
   */
  static async open(
    parts: Parts,
    definition: AnyProjection,
    types: readonly string[],
    log: (line: string) => void,
  ): Promise<Candidate> {
    const { pool, storeId, eventAt } = parts;
    const { schema, following, filled } =
      (await Candidate.there(parts, definition, types, log)) ?? (await Candidate.begin(parts, definition, types));
    const live = new LiveProjection(definition, types, schema);
    if (!following) await live.resume(pool, storeId, eventAt);
    return new Candidate(pool, live, following, filled);
  }

  private static async there(
    { pool, storeId, eventAt }: Parts,
    definition: AnyProjection,
    types: readonly string[],
    log: (line: string) => void,
  ) {
    const { name } = definition;
    const { candidate: schema, following, filled } = await inTransaction(pool, (db) => lockGenerations(db, name));
    if (schema === null) return undefined;
    try {
      await new LiveProjection(definition, types, schema).check(pool, storeId, eventAt);
      return { schema, following, filled };
    } catch (error) {
      if (!(error instanceof RebuildNeededError)) throw error;
      log(`the candidate ${schema} can not be gone on with and is begun anew: ${error.why}`);
    }
    await dropSchema(pool, name, schema);
    return undefined;
  }

  private static begin({ pool, storeId }: Parts, definition: AnyProjection, types: readonly string[]) {
    const { name } = definition;
    return inTransaction(pool, async (db) => {
      await lockGenerations(db, name);
      const schema = await freeSchema(db, definition);
      await db.query(new LiveProjection(definition, types, schema).besideDdl(storeId).join('; '));
      await db.query('update ops.projection set candidate = $2, following = false, filled = 0 where name = $1', [name, schema]);
      return { schema, following: false, filled: 0 };
    });
  }

  get schema(): string {
    return this.live.schema;
  }

  /** How far it has come, written or not. */
  get handled(): bigint | null {
    return this.reached;
  }

  /** Events of this system it was given since it was begun. */
  get events(): number {
    return this.given;
  }

  /** It has to be given the log again from where it stands; until {@link goOn} it takes nothing. */
  get isSetBack(): boolean {
    return this.back;
  }

  goOn(): void {
    this.back = false;
  }

  /**
   * Folds its share of a batch, after those it was given before; what it has had already it passes over. Once so many events are
   * folded they are written, which goes on while it takes more. Once a server was away it takes no more.
   *
   * @throws RebuildError when it was dropped meanwhile; FoldError when it can not be told what is at fault
   */
  take(batch: FillBatch, writeAt: number): Promise<void> {
    return this.inTurn(async () => {
      const { reached } = this;
      const { positions, events, end, reference } = batch;
      if (this.back || (reached !== null && end.position <= reached)) return;
      const count = reached === null ? positions.length : positions.filter((position) => position > reached).length;
      if (this.careful) return this.takeCarefully(batch, count);
      await this.orStepBack(async () => {
        const mine = events.filter((event) => this.live.takes(event) && (reached === null || event.position > reached));
        await this.rows.fold(this.pool, mine, reference);
        this.ahead = { count: (this.ahead?.count ?? 0) + count, from: this.ahead?.from ?? positions[0]!, end };
        this.reached = end.position;
        this.given += count;
        const most = this.live.definition.appendOnly ? Math.min(writeAt, APPENDED_AT_ONCE) : writeAt;
        if (this.ahead.count >= most) await this.write(reference);
      });
    });
  }

  /** Writes what it has folded, and waits for it. @throws as {@link take} */
  flush(reference: unknown): Promise<void> {
    return this.inTurn(() =>
      this.orStepBack(async () => {
        await this.write(reference);
        await this.writing;
      }),
    );
  }

  /** Waits until nothing is written any more, however it ended. */
  async settled(): Promise<void> {
    await this.turn.catch(() => undefined);
    await this.writing.catch(() => undefined);
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work);
    return this.turn;
  }

  /** Begins to write what was folded, once what was written before is done. */
  private async write(reference: unknown): Promise<void> {
    const { ahead } = this;
    if (!ahead) return;
    this.ahead = undefined;
    await this.writing;
    const rows = this.rows.take(reference);
    this.writing = this.commit(ahead, rows);
    // Told to whoever waits for it.
    this.writing.catch(() => undefined);
  }

  private async commit({ count, from, end }: Ahead, rows: (db: PoolClient) => Promise<void>): Promise<void> {
    const { schema, handled: at, name } = this.live;
    await this.transaction(count, async (db) => {
      await moveCheckpoints(db, [{ schema, at }], end);
      const parking = await readParking(db, [schema], from, end.position);
      if (!parking.isNothingTo(name, schema)) throw new PassedOverError();
      await rows(db);
    });
    this.live.moved(end);
    this.written += count;
  }

  private async takeCarefully({ events, end, reference }: FillBatch, count: number): Promise<void> {
    await this.transaction(count, (db) => this.live.apply(db, events, end, reference, { careful: true })).catch(
      (fault: unknown) => {
        throw fault instanceof FoldError ? new FoldError(`${this.schema} can not go on: ${fault.message}`, fault.cause) : fault;
      },
    );
    this.live.moved(end);
    this.reached = end.position;
    this.given += count;
    this.written += count;
  }

  private transaction(count: number, work: (db: PoolClient) => Promise<unknown>): Promise<void> {
    return inTransaction(this.pool, async (db) => {
      // What a crash of the server takes back is read again.
      await db.query('set local synchronous_commit = off');
      await this.expectMine(db, `filled = filled + ${count}`);
      await work(db);
    });
  }

  /** What rows or folds are at fault for sets it back; who else is, is told. */
  private async orStepBack(work: () => Promise<void>): Promise<void> {
    if (this.back) return;
    try {
      await work();
    } catch (error) {
      if (isOutage(error) || error instanceof RebuildError || error instanceof CheckpointMovedError) throw error;
      await this.writing.catch(() => undefined);
      this.writing = Promise.resolve();
      this.rows = new RowsAhead(this.live.target, this.live.handled === null);
      this.ahead = undefined;
      this.reached = this.live.handled;
      this.given = this.written;
      this.careful = true;
      this.back = true;
    }
  }

  /** Indexes and lists side by side, each in one transaction, so that they are there or are not. */
  async index(): Promise<void> {
    const { schema } = this;
    const [indexes, lists] = besideRowsDdl(schema, this.live.definition.table);
    const { rows } = await this.pool.query<{ indexed: boolean; listed: boolean }>(
      `select exists (select 1 from pg_index where indrelid = '${schema}.rows'::regclass and not indisprimary) as indexed,
         to_regclass('${schema}.listed') is not null as listed`,
    );
    const { indexed, listed } = rows[0]!;
    const missing = [...(indexed ? [] : [[...indexes, `analyze ${schema}.rows`]]), ...(listed ? [] : [lists])];
    // None is at work any more when the locks are given back.
    const ends = await Promise.allSettled(
      missing.filter(({ length }) => length > 0).map((each) => this.pool.query(each.join('; '))),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** From now on the leader feeds it. @throws RebuildError when it was dropped meanwhile */
  async handOver(): Promise<void> {
    await inTransaction(this.pool, (db) => this.expectMine(db, 'following = true'));
  }

  private async expectMine(db: PoolClient, change: string): Promise<void> {
    const { rowCount } = await db.query(
      `update ops.projection set ${change} where name = $1 and candidate = $2 and not following`,
      [this.live.name, this.schema],
    );
    if (rowCount !== 1) throw new RebuildError(`The candidate ${this.schema} was dropped while it was filled.`);
  }
}

/** Some of what was folded is to be passed over, which only a careful fold does. */
class PassedOverError extends Error {}
