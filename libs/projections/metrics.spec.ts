import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { migrate } from '../database/index.js';
import { createReadPool, ProjectionMeter, readRates, writeRates } from './index.js';

const takes = new Map([
  ['all', new Set(['A', 'B'])],
  ['few', new Set(['B'])],
]);
const batch = (...types: string[]) => types.map((type) => ({ type }));

it('counts for each projection what it takes, and the rate over the last minute alone', () => {
  let now = 0;
  const meter = new ProjectionMeter(takes, () => now);
  expect(meter.note(batch('A', 'A', 'B', 'C'))).toEqual(
    new Map([
      ['all', 3],
      ['few', 1],
    ]),
  );
  now = 10_000;
  expect(meter.read()).toEqual([
    { name: 'all', events: 3, perSecond: 0.3 },
    { name: 'few', events: 1, perSecond: 0.1 },
  ]);
  for (now = 11_000; now <= 100_000; now += 1_000) meter.read();
  expect(meter.note(batch('C'))).toEqual(new Map());
  expect(meter.read().map(({ perSecond }) => perSecond)).toEqual([0, 0]);
  meter.note(Array.from({ length: 120 }, () => ({ type: 'A' })));
  now = 131_000;
  const [all, few] = meter.read();
  expect([all!.events, few!.events]).toEqual([123, 1]);
  expect(all!.perSecond).toBeGreaterThan(1.9);
  expect(all!.perSecond).toBeLessThanOrEqual(2);
});

describe('in the database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await migrate(database.url);
  }, 60_000);
  afterAll(() => database?.drop());

  it('is the word of the worker, as long as it is fresh', async () => {
    const pool = createReadPool(database.url, 1);
    try {
      let now = 0;
      const meter = new ProjectionMeter(takes, () => now);
      meter.note(batch('A', 'B'));
      now = 2_000;
      await writeRates(pool, meter);
      expect(await readRates(pool)).toEqual(
        new Map([
          ['all', 1],
          ['few', 0.5],
        ]),
      );
      now = 4_000;
      await writeRates(pool, meter);
      expect((await readRates(pool)).get('all')).toBe(0.5);
      await pool.query("update ops.projection_rate set at = at - interval '11 seconds' where name = 'few'");
      expect([...(await readRates(pool)).keys()]).toEqual(['all']);
    } finally {
      await pool.end();
    }
  });
});
