import { isDeepStrictEqual } from 'node:util';
import type { Pool, PoolClient } from 'pg';
import { BatchRows } from './batch-rows.js';
import { CheckpointMovedError, readCheckpoint } from './checkpoint.js';
import type { LiveProjection } from './live-projection.js';
import { noteMended } from './mended.js';
import type { PartitionRows } from './projection.js';
import { quote, type Row } from './table.js';
import { inTransaction } from './transaction.js';

/** Partitions in one transaction: batches wait no longer than for these. */
const AT_ONCE = 500;

export interface SweeperOptions {
  readonly pool: Pool;
  readonly projections: readonly LiveProjection[];
  readonly reference: () => Promise<unknown>;
  /** Differs whenever rows have to be derived anew; empty for reference data under which they always were. */
  readonly markOf: (reference: unknown) => string;
  readonly log: (line: string) => void;
}

interface Place {
  /** Of the reference data all rows were derived from. */
  readonly mark: string;
  /** The one they are being brought under, and the last partition that was. */
  readonly sweeping: string | null;
  readonly after: string | null;
  /** Rows that came out otherwise since this process began with the mark. */
  readonly moved: number;
  /** Another process began, so that rows it moved are not among those. */
  readonly resumed: boolean;
}

/**
 * Brings rows whose columns follow from reference data under what it says now, some at a time. Where it was killed it goes on. To be
 * called only while no batch is being written: what is folded meanwhile is derived from the newest reference data anyway.
 */
export class Sweeper {
  private readonly places = new Map<string, Place>();

  constructor(private readonly options: SweeperOptions) {}

  /**
   * Derives the next rows anew.
   *
   * @returns whether there may be more to do
   * @throws CheckpointMovedError when another worker has taken over; what PostgreSQL or the store say while they are away
   */
  async sweepSome(): Promise<boolean> {
    const reference = await this.options.reference();
    const mark = this.options.markOf(reference);
    for (const live of this.options.projections) {
      if (live.failed || !live.definition.rederive) continue;
      const place = await this.placeOf(live.schema);
      if (place.mark === mark) continue;
      const from = place.sweeping === mark ? place : { ...place, after: null, moved: 0, resumed: false };
      this.places.delete(live.schema);
      const next = await inTransaction(this.options.pool, (db) => this.sweep(db, live, reference, mark, from));
      this.places.set(live.schema, next);
      if (next.sweeping === null) this.options.log(`${live.schema}: rows were derived anew, ${next.moved} of them moved`);
      return true;
    }
    return false;
  }

  private async placeOf(schema: string): Promise<Place> {
    const known = this.places.get(schema);
    if (known) return known;
    const { rows } = await this.options.pool.query<Omit<Place, 'moved' | 'resumed'> & Row>(
      'select mark, sweeping, after from ops.derivation where schema = $1',
      [schema],
    );
    const place: Place = {
      ...(rows[0] ?? { mark: '', sweeping: null, after: null }),
      moved: 0,
      resumed: rows[0]?.sweeping != null,
    };
    this.places.set(schema, place);
    return place;
  }

  private async sweep(db: PoolClient, live: LiveProjection, reference: unknown, mark: string, place: Place): Promise<Place> {
    const { schema, definition, target } = live;
    await db.query(`select 1 from ${schema}.checkpoint for update`);
    if ((await readCheckpoint(db, schema))?.position !== live.handled) throw new CheckpointMovedError(schema);
    const { partition } = definition.table;
    const type = definition.table.columns[partition]!.replace(' null', '');
    const { rows } = await db.query<{ name: string }>(
      `select distinct ${quote(partition)}::text as name, ${quote(partition)} from ${schema}.rows ` +
        `where $1::${type} is null or ${quote(partition)} > $1::${type} order by ${quote(partition)} limit ${AT_ONCE}`,
      [place.after],
    );
    const names = rows.map(({ name }) => name);
    const changes = new BatchRows(target.writer, partition);
    if (names.length > 0) changes.loaded(await target.writer.load(db, names));
    for (const name of names) this.rederive(live, changes.partition(name), name, reference);
    const { deleted, known, fresh } = changes.changes();
    await target.writer.delete(db, deleted);
    await target.writer.upsert(db, [...known, ...fresh]);
    const moved = place.moved + known.length + fresh.length;
    const next: Place =
      names.length < AT_ONCE
        ? { mark, sweeping: null, after: null, moved, resumed: place.resumed }
        : { mark: place.mark, sweeping: mark, after: names.at(-1)!, moved, resumed: place.resumed };
    await db.query(
      `insert into ops.derivation (schema, mark, sweeping, after) values ($1, $2, $3, $4)
       on conflict (schema) do update set mark = $2, sweeping = $3, after = $4, updated_at = now()`,
      [schema, next.mark, next.sweeping, next.after],
    );
    // Those who watch the rows know of events alone, and there was none about these.
    if (next.sweeping === null && (moved > 0 || place.resumed)) await noteMended(db, definition.name, live.handled ?? null);
    return next;
  }

  /** One that can not be derived keeps what it has, and is told. */
  private rederive(live: LiveProjection, rows: PartitionRows, name: string, reference: unknown): void {
    try {
      live.definition.rederive!(rows, reference);
    } catch (error) {
      this.options.log(`${live.schema}: the rows of ${name} stay as they were: ${(error as Error).message}`);
    }
  }
}

/** Puts a row only where one of its plain columns, or one that holds a list, is not what it was. */
export function putMoved<R extends Row>(rows: PartitionRows<R>, before: R, after: R): void {
  const plain = (value: unknown) => (value instanceof Date ? value.getTime() : value);
  const moved = Object.keys(after).some((column) => {
    const [was, is] = [plain(before[column]), plain(after[column])];
    if (Array.isArray(is)) return !isDeepStrictEqual(was, is);
    return (typeof is !== 'object' || is === null) && was !== is;
  });
  if (moved) rows.put(after);
}
