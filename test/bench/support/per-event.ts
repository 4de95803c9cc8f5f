import { allProjections, type HuicaiSystem, upcasters } from '@huicai/composition';
import type { StoredEvent } from '@huicai/event-store';
import { recorded } from '@huicai/kernel';
import { bare, checkpointDdl, type Row, TableWriter, tableDdl } from '@huicai/projections';

/**
 * The yardstick: a projector as it is usually written. One transaction for every event, in which each projection loads the rows the
 * event concerns, folds it and upserts them, and the checkpoint is moved.
 *
 * @returns seconds it took
 */
export async function projectOneByOne(
  system: HuicaiSystem,
  names: readonly string[],
  schemaOf: (name: string) => string,
  events: readonly StoredEvent[],
): Promise<number> {
  const targets = [...allProjections]
    .filter(([{ name }]) => names.includes(name))
    .map(([definition, types]) => {
      const schema = schemaOf(definition.name);
      return { definition, types: new Set(types), schema, writer: new TableWriter(schema, definition.table) };
    });
  const db = await system.pool.connect();
  try {
    for (const { schema, definition } of targets) {
      await db.query(`drop schema if exists ${schema} cascade`);
      // Without indexes and lists beside the key, as the rival of a rebuild.
      await db.query([`create schema ${schema}`, ...tableDdl(schema, bare(definition.table)), checkpointDdl(schema)].join('; '));
      await db.query(`insert into ${schema}.checkpoint (store_id, fold_hash) values ($1, '')`, [system.storeId]);
    }
    await db.query('set synchronous_commit = off');
    const reference = await system.facts.time();
    const from = performance.now();
    for (const stored of events) {
      const event = recorded(stored, upcasters);
      await db.query('begin');
      for (const { definition, types, schema, writer } of targets) {
        const partition = types.has(event.type) ? definition.partition(event) : undefined;
        if (partition === undefined) continue;
        const rows = new Rows(writer, definition.appendOnly ? [] : await writer.load(db, [partition]));
        definition.fold(rows, event, reference);
        await writer.delete(db, [...rows.gone.values()]);
        await writer.upsert(db, [...rows.dirty.values()]);
        await db.query(
          `update ${schema}.checkpoint set position = $1, stream = $2, revision = $3, event_id = $4, updated_at = now()`,
          [event.position.toString(), event.stream, event.revision.toString(), event.id],
        );
      }
      await db.query('commit');
    }
    return (performance.now() - from) / 1_000;
  } finally {
    await db.query('reset synchronous_commit');
    db.release();
  }
}

/** The rows of one partition, for one event. */
class Rows {
  readonly dirty = new Map<string, Row>();
  readonly gone = new Map<string, Row>();
  private readonly rows: Map<string, Row>;

  constructor(
    private readonly writer: TableWriter,
    loaded: readonly Row[],
  ) {
    this.rows = new Map(loaded.map((row) => [writer.keyOf(row), row]));
  }

  all(): Row[] {
    return [...this.rows.values()];
  }

  one(): Row | undefined {
    return this.rows.values().next().value;
  }

  put(row: Row): void {
    const key = this.writer.keyOf(row);
    this.rows.set(key, row);
    this.dirty.set(key, row);
  }

  delete(row: Row): void {
    const key = this.writer.keyOf(row);
    this.rows.delete(key);
    this.gone.set(key, row);
  }
}
