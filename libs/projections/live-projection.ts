import type { RecordedEvent } from '@huicai/kernel';
import { BatchRows } from './batch-rows.js';
import {
  type Checkpoint,
  CheckpointMovedError,
  checkpointDdl,
  type Handled,
  moveCheckpoints,
  readCheckpoint,
} from './checkpoint.js';
import { FoldError } from './outage.js';
import { type AnyProjection, foldHash, schemaOf } from './projection.js';
import type { Queryable } from './queryable.js';
import { TableWriter, tableDdl } from './table.js';

/** The rows on disk were made by another fold, or from another log. */
export class RebuildNeededError extends Error {
  constructor(
    readonly projection: string,
    why: string,
  ) {
    super(`Projection ${projection} ${why}. Run: npm run cli -- rebuild ${projection}`);
    this.name = 'RebuildNeededError';
  }
}

/** Looks an event up again, by its place: its id, if there is one. */
export type EventAt = (stream: string, revision: bigint) => Promise<string | undefined>;

/** One projection as a worker drives it: its tables, its place in the log, its part of every batch. */
export class LiveProjection {
  readonly schema: string;
  private readonly types: ReadonlySet<string>;
  private readonly writer: TableWriter;
  private position: bigint | null = null;
  /** Why it no longer follows; it serves what it has. */
  failed: string | undefined;

  constructor(
    readonly definition: AnyProjection,
    types: readonly string[],
  ) {
    this.schema = schemaOf(definition);
    this.types = new Set(types);
    this.writer = new TableWriter(this.schema, definition.table);
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
    this.position = (await this.check(db, storeId, eventAt)).position;
    await db.query(`update ${this.schema}.checkpoint set failed = null where failed is not null`);
    await inOneTransaction(db, [...this.dropViews(), ...this.createViews()]);
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

  private hash(): string {
    return foldHash(this.definition, [...this.types]);
  }

  /**
   * Makes schema, table, checkpoint and public view anew, in one transaction, dropping what was there.
   *
   * @throws Error when the store's id, which comes from its first event, is no UUID
   */
  async create(db: Queryable, storeId: string): Promise<void> {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(storeId)) throw new Error(`Not the id of a store: ${storeId}`);
    const { schema } = this;
    const ddl = [
      // Locks in the order in which readers (view, then table) and writers (checkpoint, then rows) take them: no circle can form.
      ...this.dropViews(),
      `do $$ begin if to_regclass('${schema}.checkpoint') is not null then lock table ${schema}.checkpoint; end if; end $$`,
      `drop schema if exists ${schema} cascade`,
      `create schema ${schema}`,
      ...tableDdl(schema, this.definition.table),
      checkpointDdl(schema),
      `insert into ${schema}.checkpoint (store_id, fold_hash) values ('${storeId}', '${this.hash()}')`,
      ...this.createViews(),
    ];
    await inOneTransaction(db, ddl);
  }

  private dropViews(): string[] {
    return [`drop view if exists read.${this.name}`, `drop view if exists read.${this.name}_checkpoint`];
  }

  private createViews(): string[] {
    return [
      'create schema if not exists read',
      `create view read.${this.name} as select * from ${this.schema}.rows`,
      `create view read.${this.name}_checkpoint as select * from ${this.schema}.checkpoint`,
    ];
  }

  takes(event: Pick<RecordedEvent, 'type' | 'position'>): boolean {
    return this.types.has(event.type) && (this.position === null || event.position > this.position);
  }

  /**
   * Folds its share of the batch and moves its checkpoint to the batch's end. Call {@link moved} after the commit.
   *
   * @throws CheckpointMovedError when another worker has taken over; FoldError naming the event at fault
   */
  async apply(db: Queryable, batch: readonly RecordedEvent[], end: Handled, reference: unknown): Promise<void> {
    if (!this.isBefore(end)) return;
    // First of all, because it is the fence: its row lock keeps a second writer out until the commit, and then turns it away.
    await moveCheckpoints(db, [{ schema: this.schema, at: this.position }], end);
    await this.fold(db, batch, reference);
  }

  /** Folds its share of the batch, for a caller who moves the checkpoint, before this and in the same transaction. @throws FoldError */
  async fold(db: Queryable, batch: readonly RecordedEvent[], reference: unknown): Promise<void> {
    const mine = batch.flatMap((event) => {
      const partition = this.takes(event) ? blaming(event, () => this.definition.partition(event)) : undefined;
      return partition === undefined ? [] : [{ partition, event }];
    });
    if (mine.length === 0) return;
    const changes = new BatchRows(this.writer, this.definition.table.partition);
    if (!this.definition.appendOnly) changes.loaded(await this.writer.load(db, [...new Set(mine.map((m) => m.partition))]));
    for (const { partition, event } of mine)
      blaming(event, () => this.definition.fold(changes.partition(partition), event, reference));
    await this.writer.delete(db, changes.deleted());
    await this.writer.upsert(db, changes.written());
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
  const { rows } = await db.query<{ i: number; position: string | null; failed: boolean }>(
    projections
      .map((p, i) => `select ${i} as i, position::text, failed is not null as failed from ${p.schema}.checkpoint`)
      .join(' union all '),
  );
  for (const { i, position, failed } of rows) {
    const { p, ...was } = expected[i]!;
    const putBack = was.position !== null && (position === null || BigInt(position) < was.position);
    if (putBack || (was.failed && !failed)) throw new CheckpointMovedError(p.schema);
  }
}

/** Statements sent together are one transaction; a `begin` of their own would stay open on the pool's connection after a failure. */
const inOneTransaction = (db: Queryable, statements: readonly string[]) => db.query(statements.join('; '));

function blaming<T>(event: RecordedEvent, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { id, type, stream, revision } = event;
    throw new FoldError(`${type} ${id} (${stream} at ${revision}): ${(error as Error)?.message ?? String(error)}`, error);
  }
}
