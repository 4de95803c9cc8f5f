import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { createReadPool, hourOf, indexDdl, NEVER_HOUR, type Row, type TableSpec, TableWriter, tableDdl } from './index.js';
import { bare } from './table.js';

jest.setTimeout(60_000);

const spec: TableSpec = {
  columns: { id: 'int4', batch: 'int4', ready: 'bool', due: 'timestamptz null', warn: 'timestamptz null', owners: 'jsonb' },
  key: ['id'],
  partition: 'batch',
  listed: {
    lists: {
      ready: { where: 'ready', place: "coalesce(due, 'infinity')" },
      all: { where: 'true', place: "coalesce(due, 'infinity')", since: "coalesce(warn, 'infinity')", hourly: true },
    },
    scopes: `select 'every' union all select 'own ' || owner from jsonb_array_elements_text(owners) o (owner) where l.list = 'all'`,
  },
};

type Ticket = Row & { id: number; ready: boolean; due: Date | null; warn: Date | null; owners: string[] };

const HOUR = 3_600_000;
const instant = fc.option(
  fc.constantFrom(-HOUR, -1, 0, 1, HOUR - 1, HOUR, 500 * HOUR).map((ms) => new Date(1_790_000_000_000 + ms)),
);
const ticket: fc.Arbitrary<Ticket> = fc.record({
  id: fc.integer({ min: 1, max: 12 }),
  batch: fc.constant(1),
  ready: fc.boolean(),
  due: instant,
  warn: instant,
  owners: fc.subarray(['a', 'b', "it's"]),
});

/** What is done to the table, and whether it is taken back. */
const step = fc.record({
  how: fc.constantFrom('upsert', 'copy', 'delete', 'sweep', 'truncate'),
  rows: fc.uniqueArray(ticket, { maxLength: 8, selector: ({ id }) => id }),
  undone: fc.boolean(),
});

const sorted = (texts: readonly string[]): string[] => [...texts].sort((a, b) => (a < b ? -1 : 1));

const placesOf = (rows: Iterable<Ticket>): string[] =>
  [...rows].flatMap((row) => {
    const place = row.due?.toISOString() ?? 'infinity';
    const since = row.warn?.toISOString() ?? 'infinity';
    const scopes = ['every', ...row.owners.map((owner) => `own ${owner}`)];
    return [
      ...(row.ready ? [['ready', 'every', place, place, row.id]] : []),
      ...scopes.map((scope) => ['all', scope, place, since, row.id]),
    ].map((place) => JSON.stringify(place));
  });

const countsOf = (places: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const [list, scope, place] of places.map((one) => JSON.parse(one))) {
    const hour = list === 'ready' ? 0 : place === 'infinity' ? NEVER_HOUR : hourOf(new Date(place));
    const key = `${list}/${scope}/${hour}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
};

describe('lists beside a table', () => {
  let database: TestDatabase;
  let pool: ReturnType<typeof createReadPool>;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createReadPool(database.url);
  });
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  async function kept(schema: string) {
    const iso = (column: string) =>
      `case when isfinite(${column}) then to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') else 'infinity' end`;
    const { rows: places } = await pool.query(
      `select json_build_array(list, scope, ${iso('place')}, ${iso('since')}, id)::jsonb as place from ${schema}.listed`,
    );
    const { rows: counts } = await pool.query(`select list || '/' || scope || '/' || hour as key, n from ${schema}.counts`);
    return {
      places: sorted(places.map(({ place }) => JSON.stringify(place))),
      counts: Object.fromEntries(counts.map(({ key, n }) => [key, n])),
    };
  }

  async function take(
    db: PoolClient,
    writer: TableWriter,
    schema: string,
    how: string,
    rows: readonly Ticket[],
    known: Map<number, Ticket>,
  ) {
    if (how === 'truncate') {
      await db.query(`truncate ${schema}.rows`);
      return known.clear();
    }
    if (how === 'sweep') {
      await db.query(`update ${schema}.rows set due = due + interval '30 minutes', ready = not ready where id % 2 = 0`);
      for (const row of known.values())
        if (row.id % 2 === 0)
          known.set(row.id, { ...row, ready: !row.ready, due: row.due && new Date(row.due.getTime() + HOUR / 2) });
      return;
    }
    if (how === 'delete') {
      await writer.delete(db, rows);
      for (const { id } of rows) known.delete(id);
      return;
    }
    const some = how === 'copy' ? rows.filter(({ id }) => !known.has(id)) : rows;
    if (how === 'copy') await writer.insert(db, some);
    else await writer.upsert(db, some);
    for (const row of some) known.set(row.id, row);
  }

  it('and their counts are those of the rows after whatever was done to them, and when they are made at the end', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        const [schema, late] = [`kept_${++n}`, `late_${n}`];
        await pool.query([`create schema ${schema}`, ...tableDdl(schema, spec)].join('; '));
        await pool.query([`create schema ${late}`, ...tableDdl(late, bare(spec))].join('; '));
        const writer = new TableWriter(schema, spec);
        let known = new Map<number, Ticket>();
        const db = await pool.connect();
        try {
          for (const { how, rows, undone } of steps) {
            const before = new Map(known);
            await db.query('begin; savepoint step');
            await take(db, writer, schema, how, rows, known);
            await db.query(undone ? 'rollback to savepoint step; commit' : 'commit');
            if (undone) known = before;
          }
        } finally {
          db.release();
        }
        const places = sorted(placesOf(known.values()));
        expect(await kept(schema)).toEqual({ places, counts: countsOf(places) });
        await new TableWriter(late, spec).upsert(pool, [...known.values()]);
        await pool.query(indexDdl(late, spec).join('; '));
        expect(await kept(late)).toEqual({ places, counts: countsOf(places) });
        await pool.query(`drop schema ${schema} cascade; drop schema ${late} cascade`);
      }),
      { numRuns: process.env.HUICAI_SOAK === '1' ? 500 : 40 },
    );
  });
});
