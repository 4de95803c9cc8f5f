import { BreakingPool } from '../../test/support/breaking-pool.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { migrate } from '../database/index.js';
import { CheckpointMovedError, isOutage, LiveProjection, mendedViews, projection, putMoved, type Row } from './index.js';
import { Sweeper } from './sweeper.js';
import { nowhere, STORE_ID } from './toy.fixture.js';

interface PriceRow extends Row {
  ticket: string;
  sold: number;
  price: number;
}
interface Tariff {
  readonly name: string;
  readonly each: number;
}

const ROWS = 1_300;

const prices = projection<PriceRow, Tariff>({
  name: 'prices',
  version: 1,
  table: { columns: { ticket: 'text', sold: 'int4', price: 'int4' }, key: ['ticket'], partition: 'ticket' },
  partition: (event) => event.stream,
  fold: () => undefined,
  rederive: (rows, { each }) => {
    const row = rows.one()!;
    if (row.ticket === 'ticket-0007' && each === 13) throw new Error('no such price');
    putMoved(rows, row, { ...row, price: row.sold * each });
  },
});

describe('rows that follow from reference data', () => {
  let database: TestDatabase;
  let breaking: BreakingPool;
  let lines: string[];
  let tariff: Tariff;

  beforeEach(async () => {
    database = await createTestDatabase();
    await migrate(database.url);
    breaking = new BreakingPool(database.url);
    lines = [];
    tariff = { name: '', each: 7 };
    await new LiveProjection(prices, ['TicketsSold']).open(breaking.pool, STORE_ID, nowhere);
    await breaking.pool.query(
      `insert into read_prices_v1.rows select 'ticket-' || lpad(n::text, 4, '0'), n % 5, n % 5 * 7 from generate_series(1, ${ROWS}) n`,
    );
  });
  afterEach(async () => {
    await breaking?.pool.end();
    await database?.drop();
  });

  const live = async () => {
    const opened = new LiveProjection(prices, ['TicketsSold']);
    await opened.open(breaking.pool, STORE_ID, nowhere);
    return opened;
  };
  const sweeper = (projections: readonly LiveProjection[]) =>
    new Sweeper({
      pool: breaking.pool,
      projections,
      reference: async () => tariff,
      markOf: (reference) => (reference as Tariff).name,
      log: (line) => lines.push(line),
    });
  const sweepAll = async () => {
    const one = sweeper([await live()]);
    let steps = 0;
    while (await one.sweepSome()) steps++;
    return steps;
  };
  /** How often whoever watches the rows was told to load them anew. */
  const told = async () => (await mendedViews(breaking.pool, ['prices'])).times;
  const wrong = async () =>
    (await breaking.pool.query('select 1 from read_prices_v1.rows where price <> sold * $1', [tariff.each])).rows.length;

  it('are left alone as long as it says what it always said', async () => {
    expect(await sweepAll()).toBe(0);
    expect(await wrong()).toBe(0);
    expect(await told()).toBe(0);
  });

  it('are brought under it some at a time, once', async () => {
    tariff = { name: 'dearer', each: 9 };
    expect(await sweepAll()).toBe(3);
    expect(await wrong()).toBe(0);
    // A fifth of them were sold to nobody.
    expect(lines).toEqual([`read_prices_v1: rows were derived anew, ${(ROWS / 5) * 4} of them moved`]);
    expect(await sweepAll()).toBe(0);
    expect(await told()).toBe(1);
    tariff = { name: 'as it was', each: 9 };
    expect(await sweepAll()).toBe(3);
    // Where nothing moved there is nothing to load anew.
    expect(await told()).toBe(1);
  });

  it('are told of when another process had begun, whatever is left', async () => {
    const old = sweeper([await live()]);
    tariff = { name: 'dearer', each: 9 };
    await old.sweepSome();
    await breaking.pool.query('update read_prices_v1.rows set price = sold * 9');
    expect(await told()).toBe(0);
    expect(await sweepAll()).toBe(2);
    expect(await told()).toBe(1);
  });

  it('come out the same wherever it breaks, and it goes on where it was', async () => {
    const rounds: number[] = [];
    for (let n = 1, broke = true; broke; n++) {
      for (const onItsWay of [true, false]) {
        tariff = { name: `tariff ${n} ${onItsWay}`, each: 20 + 2 * n + (onItsWay ? 1 : 0) };
        broke = await breaking.whileBreakingAt(n, onItsWay, async () => {
          await sweepAll().catch((error: unknown) => {
            if (!isOutage(error)) throw error;
          });
        });
        rounds.push(await sweepAll());
        expect(await wrong()).toBe(0);
      }
    }
    expect(Math.max(...rounds)).toBe(3);
    // It was broken where one, and where two, of three parts were done.
    expect(rounds).toEqual(expect.arrayContaining([1, 2]));
  }, 60_000);

  it('begin anew when it changes while they are brought under it', async () => {
    const one = sweeper([await live()]);
    tariff = { name: 'dearer', each: 9 };
    await one.sweepSome();
    tariff = { name: 'dearest', each: 11 };
    let steps = 0;
    while (await one.sweepSome()) steps++;
    expect(steps).toBe(3);
    expect(await wrong()).toBe(0);
  });

  it('are not written by one who has lost the lead', async () => {
    const old = sweeper([await live()]);
    tariff = { name: 'dearer', each: 9 };
    await breaking.pool.query('update read_prices_v1.checkpoint set position = 5');
    await expect(old.sweepSome()).rejects.toThrow(CheckpointMovedError);
    expect(await wrong()).toBeGreaterThan(0);
  });

  it('keep what they have where they can not be derived, and it is told', async () => {
    tariff = { name: 'unlucky', each: 13 };
    await sweepAll();
    expect(await wrong()).toBe(1);
    expect(lines[0]).toBe('read_prices_v1: the rows of ticket-0007 stay as they were: no such price');
  });
});
