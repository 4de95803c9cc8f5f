import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { createReadPool, isOutage, isPoison, type Row, type TableSpec, TableWriter, tableDdl } from './index.js';
import { openDatabase } from './toy.fixture.js';

jest.setTimeout(60_000);

const spec: TableSpec = {
  columns: {
    id: 'text',
    part: 'text',
    n: 'int4 null',
    big: 'int8 null',
    yes: 'bool null',
    at: 'timestamptz null',
    day: 'date null',
    who: 'uuid null',
    doc: 'jsonb null',
    more: 'jsonb',
  },
  key: ['id'],
  partition: 'part',
};

let db: Awaited<ReturnType<typeof openDatabase>>;
let client: PoolClient;
beforeAll(async () => {
  db = await openDatabase();
  for (const schema of ['one', 'other']) await db.pool.query([`create schema ${schema}`, ...tableDdl(schema, spec)].join('; '));
  client = await db.pool.connect();
});
afterAll(async () => {
  client?.release();
  await db?.close();
});
beforeEach(() => db.pool.query('truncate one.rows; truncate other.rows'));

const one = new TableWriter('one', spec);
const other = new TableWriter('other', spec);

/** Text that PostgreSQL can hold, and that its copy format gives a meaning. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((s) => s.replaceAll('\0', '')),
  fc.constantFrom('\\N', '\\.', '\t', 'a\nb', '\r\n', '\\', '\\\\t', '"', '{NULL,"x"}', 'null', '', '示例'),
);
const json = fc.jsonValue({ stringUnit: 'grapheme' }).map((value) => JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '')));
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const date = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });
const row: fc.Arbitrary<Row> = fc.record({
  id: text,
  part: text,
  n: nullable(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  big: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
  yes: nullable(fc.boolean()),
  at: nullable(date),
  day: nullable(date.map((d) => d.toISOString().slice(0, 10))),
  who: nullable(fc.uuid()),
  doc: nullable(json.filter((value) => value !== null)),
  more: json.filter((value) => value !== null),
}) as fc.Arbitrary<Row>;

it('keeps the same of a row however it comes in: inserted, upserted, or upserted over another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(row, { selector: ({ id }) => id, minLength: 1, maxLength: 12 }), async (rows) => {
      await client.query('truncate one.rows; truncate other.rows');
      await one.insert(client, rows);
      await other.upsert(
        client,
        rows.map((each) => ({ ...each, n: 7, doc: ['before'], more: {} })),
      );
      await other.upsert(client, rows);
      const partitions = rows.map(({ part }) => String(part));
      const byId = (a: Row, b: Row) => (String(a.id) < String(b.id) ? -1 : 1);
      const inserted = (await one.load(client, partitions)).sort(byId);
      expect(inserted).toHaveLength(rows.length);
      expect((await other.load(client, partitions)).sort(byId)).toEqual(inserted);
      expect(inserted.map(({ id, at, doc, more }) => ({ id, at, doc, more }))).toEqual(
        [...rows].sort(byId).map(({ id, at, doc, more }) => ({ id, at, doc, more })),
      );
    }),
    { numRuns: 60 },
  );
});

const plain = (id: string, more: Row = {}): Row => ({
  ...{ id, part: 'p', n: 1, big: '1', yes: true, at: new Date(0), day: '2026-09-28', who: null, doc: null, more: {} },
  ...more,
});

it.each(['insert', 'upsert'] as const)('refuses on %s what is no row of the table, and stays usable', async (way) => {
  await expect(one[way](client, [plain('a'), plain('b', { more: null })])).rejects.toMatchObject({ code: '23502' });
  await expect(one[way](client, [plain('a', { n: 'x' })])).rejects.toMatchObject({ code: '22P02' });
  await expect(one[way](client, [plain('a\0')])).rejects.toMatchObject({ code: '22021' });
  const { doc: _, ...lacking } = plain('a');
  await expect(one[way](client, [lacking])).rejects.toThrow('a row of one lacks column doc');
  expect((await client.query('select 1 from one.rows')).rows).toEqual([]);
});

it('inserts only what is not there', async () => {
  await one.insert(client, [plain('a')]);
  await expect(one.insert(client, [plain('b'), plain('a')])).rejects.toMatchObject({ code: '23505' });
  expect((await client.query('select id from one.rows')).rows).toEqual([{ id: 'a' }]);
});

it('names the partitions that write one row', async () => {
  const [a, b] = fc.sample(row, 2).map((some, i) => ({ ...some, id: 'same', part: `part ${i}` }));
  const refused = one.upsert(db.pool, [a!, b!]);
  await expect(refused).rejects.toThrow('the partitions part 0 and part 1 both write the row of one.rows whose id is same');
  const fault: unknown = await refused.catch((error: unknown) => error);
  expect([isOutage(fault), isPoison(fault)]).toEqual([false, false]);
});

it('writes more rows than one statement takes', async () => {
  const rows = Array.from({ length: 5_001 }, (_, i) => plain(`row ${i}`));
  await one.upsert(client, rows);
  await other.insert(client, rows);
  const counts = await client.query(
    'select (select count(*)::int from one.rows) as one, (select count(*)::int from other.rows) as other',
  );
  expect(counts.rows).toEqual([{ one: 5_001, other: 5_001 }]);
});

it('tells of a connection that is lost while rows are copied', async () => {
  const pool = createReadPool(db.url, 1);
  const lost = await pool.connect();
  const { rows } = await lost.query('select pg_backend_pid() as pid');
  await client.query('begin; lock table one.rows in access exclusive mode');
  const inserting = one.insert(lost, [plain('a')]).catch((error: Error) => error);
  await client.query('select pg_terminate_backend($1)', [rows[0].pid]);
  await client.query('rollback');
  expect(isOutage(await inserting)).toBe(true);
  expect(isOutage(await one.insert(lost, [plain('a')]).catch((error: unknown) => error))).toBe(true);
  lost.release(true);
  await pool.end();
});
