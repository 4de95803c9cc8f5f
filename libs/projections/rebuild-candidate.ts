import type { EventStore } from '@huicai/event-store';
import type { RecordedEvent, UpcasterRegistry } from '@huicai/kernel';
import type { Pool, PoolClient } from 'pg';
import type { Handled } from './checkpoint.js';
import { freeSchema, lockGenerations, RebuildError } from './generations.js';
import { type EventAt, LiveProjection, RebuildNeededError } from './live-projection.js';
import { FoldError, isPoison } from './outage.js';
import { PartitionMemory } from './partition-memory.js';
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

/** A part of the log as a candidate is given it. */
export interface FillBatch {
  /** Positions of all events of this system in it, taken or not. */
  readonly positions: readonly bigint[];
  readonly events: readonly RecordedEvent[];
  readonly end: Handled;
  readonly reference: unknown;
}

type Parts = Pick<RebuildParts, 'pool' | 'storeId' | 'eventAt'>;

/** A generation that is filled beside the one that is shown; nobody else writes it until it is handed over. */
export class Candidate {
  private readonly memory = new PartitionMemory();
  private given: number;
  private turn: Promise<void> = Promise.resolve();

  private constructor(
    private readonly pool: Pool,
    private readonly live: LiveProjection,
    /** It was handed over before: the leader feeds it. */
    readonly isFollowed: boolean,
    filled: number,
  ) {
    this.given = filled;
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

  get handled(): bigint | null {
    return this.live.handled;
  }

  /** Events of this system it was given since it was begun. */
  get events(): number {
    return this.given;
  }

  /**
   * Writes its share of a batch and moves its checkpoint, in one transaction, after those it was given before; what is behind its
   * checkpoint it has already. Once one has failed it takes no more.
   *
   * @throws RebuildError when it was dropped meanwhile; FoldError, as {@link LiveProjection.fold}
   */
  take(batch: FillBatch): Promise<void> {
    const mine = this.turn.then(() => this.write(batch));
    this.turn = mine;
    return mine;
  }

  /** Waits until nothing is written any more, however it ended. */
  async settled(): Promise<void> {
    await this.turn.catch(() => undefined);
  }

  private async write({ positions, events, end, reference }: FillBatch): Promise<void> {
    const { handled } = this.live;
    if (!this.live.isBefore(end)) return;
    const count = handled === null ? positions.length : positions.filter((position) => position > handled).length;
    const commit = (careful: boolean) =>
      inTransaction(this.pool, async (db) => {
        // What a crash of the server takes back is read again.
        await db.query('set local synchronous_commit = off');
        await this.expectMine(db, `filled = filled + ${count}`);
        await this.live.apply(db, events, end, reference, { careful, memory: this.memory });
      });
    await commit(false).catch((error: unknown) => {
      this.memory.clear();
      if (!isPoison(error)) throw error;
      return commit(true).catch((fault: unknown) => {
        throw fault instanceof FoldError ? new FoldError(`${this.schema} can not go on: ${fault.message}`, fault.cause) : fault;
      });
    });
    this.live.moved(end);
    this.given += count;
  }

  /** All indexes in one transaction, so that they are there or are not. */
  async index(): Promise<void> {
    const { schema } = this;
    const { rows } = await this.pool.query(
      `select 1 from pg_index where indrelid = '${schema}.rows'::regclass and not indisprimary limit 1`,
    );
    if (rows.length > 0) return;
    await this.pool.query([...indexDdl(schema, this.live.definition.table), `analyze ${schema}.rows`].join('; '));
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
