import type { RecordedEvent } from '@huicai/kernel';
import {
  type Checkpoint,
  CheckpointMovedError,
  checkpointDdl,
  type Handled,
  isUndefinedTable,
  moveCheckpoints,
  readCheckpoint,
} from './checkpoint.js';
import { forgetLettersSql, type NewLetter, readParking } from './dead-letters.js';
import { type FoldOptions, type FoldTarget, foldBatch } from './fold-batch.js';
import { type AnyProjection, foldHash, schemaOf } from './projection.js';
import type { Queryable } from './queryable.js';
import { bare, type TableSpec, TableWriter, tableDdl } from './table.js';

/** The rows on disk were made by another fold, or from another log. */
export class RebuildNeededError extends Error {
  constructor(
    readonly projection: string,
    readonly why: string,
  ) {
    super(`Projection ${projection} ${why}. Run: npm run cli -- rebuild ${projection}`);
    this.name = 'RebuildNeededError';
  }
}

/** Looks an event up again, by its place: its id, if there is one. */
export type EventAt = (stream: string, revision: bigint) => Promise<string | undefined>;

/** One projection as a worker drives it: its tables, its place in the log, its part of every batch. */
export class LiveProjection {
  private readonly types: ReadonlySet<string>;
  /** Its tables and the fold that fills them. */
  readonly target: FoldTarget;
  private position: bigint | null = null;
  /** Why it no longer follows; it serves what it has. */
  failed: string | undefined;

  constructor(
    readonly definition: AnyProjection,
    types: readonly string[],
    /** That of its version, unless it is another generation of it. */
    readonly schema: string = schemaOf(definition),
  ) {
    this.types = new Set(types);
    this.target = { schema, definition, writer: new TableWriter(schema, definition.table) };
  }

  get name(): string {
    return this.definition.name;
  }

  get handled(): bigint | null {
    return this.position;
  }

  /**
   * Makes schema, tables and the public view when missing and takes up the checkpoint.
   *
   * @throws RebuildNeededError when fold or log are not those of the rows.
   */
  async open(db: Queryable, storeId: string, eventAt: EventAt): Promise<void> {
    const exists = await db.query('select 1 from pg_namespace where nspname = $1', [this.schema]);
    if (exists.rows.length === 0) await this.create(db, storeId);
    await this.resume(db, storeId, eventAt);
    await inOneTransaction(db, [...hideDdl(this.name), ...showDdl(this.name, this.schema)]);
  }

  /**
   * Takes up the checkpoint of tables that are there; a fault that ended its following is forgotten.
   *
   * @throws RebuildNeededError when fold or log are not those of the rows.
   */
  async resume(db: Queryable, storeId: string, eventAt: EventAt): Promise<void> {
    this.position = (await this.check(db, storeId, eventAt)).position;
    await db.query(`update ${this.schema}.checkpoint set failed = null where failed is not null`);
  }

  /**
   * Looks whether the rows can be continued: the same fold, and the log they were made from.
   *
   * @throws RebuildNeededError
   */
  async check(db: Queryable, storeId: string | undefined, eventAt: EventAt): Promise<Checkpoint> {
    const checkpoint = await readCheckpoint(db, this.schema);
    if (!checkpoint) throw new RebuildNeededError(this.name, 'has lost its checkpoint');
    if (checkpoint.foldHash !== this.hash()) throw new RebuildNeededError(this.name, 'was built by another fold');
    if (checkpoint.storeId !== storeId) throw new RebuildNeededError(this.name, 'was built from another event store');
    if (checkpoint.stream !== null && (await eventAt(checkpoint.stream, checkpoint.revision!)) !== checkpoint.eventId)
      throw new RebuildNeededError(this.name, 'is ahead of the event store, which was put back to an older state');
    return checkpoint;
  }

  /** What stands in the checkpoint of rows that this fold has made. */
  hash(): string {
    return foldHash(this.definition, [...this.types]);
  }

  /**
   * Makes schema, table, checkpoint and public view anew, in one transaction, dropping what was there.
   *
   * @throws Error when the store's id, which comes from its first event, is no UUID
   */
  async create(db: Queryable, storeId: string): Promise<void> {
    const { schema, name } = this;
    const ddl = [
      // Locks in the order in which readers (view, then table) and writers (checkpoint, then rows) take them: no circle can form.
      ...hideDdl(name),
      `do $$ begin if to_regclass('${schema}.checkpoint') is not null then lock table ${schema}.checkpoint; end if; end $$`,
      `drop schema if exists ${schema} cascade`,
      forgetLettersSql(schema),
      ...this.tables(storeId, this.definition.table),
      ...showDdl(name, schema),
    ];
    await inOneTransaction(db, ddl);
  }

  /** The statements that make schema, table and checkpoint beside what is shown, without indexes and lists: rows come faster then. @throws Error as {@link create} */
  besideDdl(storeId: string): string[] {
    return this.tables(storeId, bare(this.definition.table));
  }

  private tables(storeId: string, table: TableSpec): string[] {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(storeId)) throw new Error(`Not the id of a store: ${storeId}`);
    const { schema } = this;
    return [
      `create schema ${schema}`,
      ...tableDdl(schema, table),
      checkpointDdl(schema),
      `insert into ${schema}.checkpoint (store_id, fold_hash) values ('${storeId}', '${this.hash()}')`,
    ];
  }

  takes(event: Pick<RecordedEvent, 'type' | 'position'>): boolean {
    return this.types.has(event.type) && (this.position === null || event.position > this.position);
  }

  /**
   * Folds its share of the batch and moves its checkpoint to the batch's end. Call {@link moved} after the commit.
   *
   * @returns as {@link fold}
   * @throws CheckpointMovedError when another worker has taken over; as {@link fold}
   */
  async apply(
    db: Queryable,
    batch: readonly RecordedEvent[],
    end: Handled,
    reference: unknown,
    options: Partial<FoldOptions> = {},
  ): Promise<readonly NewLetter[]> {
    if (!this.isBefore(end)) return [];
    // First of all, because it is the fence: its row lock keeps a second writer out until the commit, and then turns it away.
    await moveCheckpoints(db, [{ schema: this.schema, at: this.position }], end);
    return this.fold(db, batch, reference, options);
  }

  /**
   * Folds its share of the batch, for a caller who moves the checkpoint, before this and in the same transaction.
   *
   * @returns the events that could not be folded and were put aside, and those behind them
   * @throws FoldError when it can not go on at all
   */
  async fold(
    db: Queryable,
    batch: readonly RecordedEvent[],
    reference: unknown,
    options: Partial<FoldOptions> = {},
  ): Promise<readonly NewLetter[]> {
    const mine = batch.filter((event) => this.takes(event));
    if (mine.length === 0) return [];
    const parking = options.parking ?? (await readParking(db, [this.schema], mine[0]!.position, mine.at(-1)!.position));
    return foldBatch(db, this.target, mine, reference, { ...options, parking });
  }

  isBefore(end: Handled): boolean {
    return this.position === null || end.position > this.position;
  }

  moved(end: Handled): void {
    if (this.isBefore(end)) this.position = end.position;
  }

  /** Ends its following: it serves what it has and says why. @throws CheckpointMovedError when another worker has taken over */
  async stop(db: Queryable, why: string): Promise<void> {
    const { rowCount } = await db.query(
      `update ${this.schema}.checkpoint set failed = $1 where position is not distinct from $2::int8`,
      [why.replaceAll('\0', ''), this.position?.toString() ?? null],
    );
    if (rowCount !== 1) throw new CheckpointMovedError(this.schema);
    this.failed = why;
  }
}

/**
 * Looks whether checkpoints were put back, as a rebuild does. While events come in the next commit would find that out; a quiet
 * log and a projection that has stopped need somebody who looks.
 *
 * @throws CheckpointMovedError
 */
export async function checkForRebuild(db: Queryable, projections: readonly LiveProjection[]): Promise<void> {
  // Taken before the rows are read: a commit in between can only move them on.
  const expected = projections.map((p) => ({ p, position: p.handled, failed: p.failed !== undefined }));
  const { rows } = await db
    .query<{ i: number; position: string | null; failed: boolean }>(
      projections
        .map((p, i) => `select ${i} as i, position::text, failed is not null as failed from ${p.schema}.checkpoint`)
        .join(' union all '),
    )
    .catch((error: unknown) => {
      throw isUndefinedTable(error) ? new CheckpointMovedError('a projection that was dropped') : error;
    });
  for (const { i, position, failed } of rows) {
    const { p, ...was } = expected[i]!;
    const putBack = was.position !== null && (position === null || BigInt(position) < was.position);
    if (putBack || (was.failed && !failed)) throw new CheckpointMovedError(p.schema);
  }
}

/** Tables beside the rows that only some projections have. */
const LISTS = ['listed', 'counts'];

/** The statements that take the public views of a projection away. */
export const hideDdl = (name: string): string[] => [
  ...LISTS.map((table) => `drop view if exists read.${name}_${table}`),
  `drop view if exists read.${name}`,
  `drop view if exists read.${name}_checkpoint`,
];

/** The statements that make public views of a schema's tables. */
export const showDdl = (name: string, schema: string): string[] => [
  'create schema if not exists read',
  `create view read.${name} as select * from ${schema}.rows`,
  `create view read.${name}_checkpoint as select *, '${schema}' as schema from ${schema}.checkpoint`,
  ...LISTS.map(
    (table) =>
      `do $$ begin if to_regclass('${schema}.${table}') is not null then create view read.${name}_${table} as select * from ${schema}.${table}; end if; end $$`,
  ),
];

/** Statements sent together are one transaction; a `begin` of their own would stay open on the pool's connection after a failure. */
const inOneTransaction = (db: Queryable, statements: readonly string[]) => db.query(statements.join('; '));
