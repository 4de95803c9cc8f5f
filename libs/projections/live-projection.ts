import type { RecordedEvent } from '@huicai/kernel';
import { checkpointDdl, type Handled, moveCheckpoint, readCheckpoint } from './checkpoint.js';
import { type AnyProjection, foldHash, type PartitionRows, schemaOf } from './projection.js';
import type { Queryable } from './queryable.js';
import { type Row, TableWriter, tableDdl } from './table.js';

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
   * @param eventAt looks an event up again, to see that the log is still the one the rows were made from.
   * @throws RebuildNeededError when fold or log are not those of the rows.
   */
  async open(
    db: Queryable,
    storeId: string,
    eventAt: (stream: string, revision: bigint) => Promise<string | undefined>,
  ): Promise<void> {
    const hash = foldHash(this.definition, [...this.types]);
    const exists = await db.query('select 1 from pg_namespace where nspname = $1', [this.schema]);
    if (exists.rows.length === 0) await this.create(db, storeId);
    const checkpoint = await readCheckpoint(db, this.schema);
    if (!checkpoint) throw new RebuildNeededError(this.name, 'has lost its checkpoint');
    if (checkpoint.foldHash !== hash) throw new RebuildNeededError(this.name, 'was built by another fold');
    if (checkpoint.storeId !== storeId) throw new RebuildNeededError(this.name, 'was built from another event store');
    if (checkpoint.stream !== null && (await eventAt(checkpoint.stream, checkpoint.revision!)) !== checkpoint.eventId)
      throw new RebuildNeededError(this.name, 'is ahead of the event store, which was put back to an older state');
    this.position = checkpoint.position;
    await db.query(`update ${this.schema}.checkpoint set failed = null where failed is not null`);
    await db.query(['begin', ...this.viewDdl(), 'commit'].join('; '));
  }

  /** Makes schema, table, checkpoint and public view anew, in one transaction, dropping what was there. */
  async create(db: Queryable, storeId: string): Promise<void> {
    const hash = foldHash(this.definition, [...this.types]);
    const ddl = [
      `drop schema if exists ${this.schema} cascade`,
      `create schema ${this.schema}`,
      ...tableDdl(this.schema, this.definition.table),
      checkpointDdl(this.schema),
      `insert into ${this.schema}.checkpoint (store_id, fold_hash) values ('${storeId}', '${hash}')`,
      ...this.viewDdl(),
    ];
    await db.query(['begin', ...ddl, 'commit'].join('; '));
  }

  private viewDdl(): string[] {
    return [
      'create schema if not exists read',
      `drop view if exists read.${this.name}`,
      `drop view if exists read.${this.name}_checkpoint`,
      `create view read.${this.name} as select * from ${this.schema}.rows`,
      `create view read.${this.name}_checkpoint as select * from ${this.schema}.checkpoint`,
    ];
  }

  takes(event: RecordedEvent): boolean {
    return this.types.has(event.type) && (this.position === null || event.position > this.position);
  }

  /** Folds its share of the batch and moves its checkpoint to the batch's end. Call {@link moved} after the commit. */
  async apply(db: Queryable, batch: readonly RecordedEvent[], end: Handled, reference: unknown): Promise<void> {
    if (this.position !== null && end.position <= this.position) return;
    const mine: { partition: string; event: RecordedEvent }[] = [];
    for (const event of batch) {
      const partition = this.takes(event) ? this.definition.partition(event) : undefined;
      if (partition !== undefined) mine.push({ partition, event });
    }
    if (mine.length > 0) {
      const changes = new BatchRows(this.writer, this.definition.table.partition);
      if (!this.definition.appendOnly) changes.loaded(await this.writer.load(db, [...new Set(mine.map((m) => m.partition))]));
      for (const { partition, event } of mine) this.definition.fold(changes.partition(partition), event, reference);
      await this.writer.delete(db, changes.deleted());
      await this.writer.upsert(db, changes.written());
    }
    await moveCheckpoint(db, this.schema, this.position, end);
  }

  moved(end: Handled): void {
    if (this.position === null || end.position > this.position) this.position = end.position;
  }
}

class BatchRows {
  private readonly partitions = new Map<string, Map<string, Row>>();
  private readonly dirty = new Map<string, Row>();
  private readonly gone = new Map<string, Row>();

  constructor(
    private readonly writer: TableWriter,
    private readonly partitionColumn: string,
  ) {}

  loaded(rows: readonly Row[]): void {
    for (const row of rows) this.rowsOf(String(row[this.partitionColumn])).set(this.writer.keyOf(row), row);
  }

  partition(name: string): PartitionRows {
    const rows = this.rowsOf(name);
    return {
      all: () => [...rows.values()],
      one: () => rows.values().next().value,
      put: (row) => {
        if (String(row[this.partitionColumn]) !== name) throw new Error(`A row of another partition was put into ${name}`);
        const key = this.writer.keyOf(row);
        rows.set(key, row);
        this.gone.delete(key);
        this.dirty.set(key, row);
      },
      delete: (row) => {
        const key = this.writer.keyOf(row);
        rows.delete(key);
        this.dirty.delete(key);
        this.gone.set(key, row);
      },
    };
  }

  written(): Row[] {
    return [...this.dirty.values()];
  }

  deleted(): Row[] {
    return [...this.gone.values()];
  }

  private rowsOf(name: string): Map<string, Row> {
    let rows = this.partitions.get(name);
    if (!rows) {
      rows = new Map();
      this.partitions.set(name, rows);
    }
    return rows;
  }
}
