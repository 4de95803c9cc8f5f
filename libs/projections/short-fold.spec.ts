import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { inShort, LiveProjection, listDeadLetters, type Projection, projection, type Row } from './index.js';
import { openAll, openDatabase, type Running, readBatches, sell, start, TYPES, times } from './toy.fixture.js';

jest.setTimeout(60_000);

interface PriceRow extends Row {
  ticket: string;
  sold: number;
  price: number;
}
type Short = Pick<PriceRow, 'ticket' | 'sold'>;

/** A column that follows from another is found here, and can not be from thirteen on. */
const whole = ({ ticket, sold }: PriceRow | Short): PriceRow => {
  if (sold >= 13) throw new Error('no price');
  return { ticket, sold, price: 7 * sold };
};

const folds = inShort<PriceRow, Short, unknown>({
  fold: (rows, event) => {
    const { n } = event.data as { n: number };
    rows.put({ ticket: event.stream, sold: (rows.one()?.sold ?? 0) + n });
  },
  whole,
});

const definition = (name: string, how: Pick<Projection<PriceRow>, 'fold' | 'short'>) =>
  projection<PriceRow>({
    name,
    version: 1,
    table: { columns: { ticket: 'text', sold: 'int4', price: 'int4' }, key: ['ticket'], partition: 'ticket' },
    partition: (event) => event.stream,
    ...how,
  });

describe('a fold in short', () => {
  let events: TestEventStore;
  let db: Awaited<ReturnType<typeof openDatabase>>;
  let run: Running | undefined;
  beforeEach(async () => {
    [events, db] = await Promise.all([createTestEventStore({ maxRetryMs: 200 }), openDatabase()]);
  });
  afterEach(async () => {
    await run?.stop().catch(() => undefined);
    await events.close();
    await db.close();
  });

  const rows = async (name: string) =>
    (await db.pool.query(`select * from read_${name}_v1.rows order by ticket collate "C"`)).rows;
  const letters = async (name: string) =>
    (await listDeadLetters(db.pool, { projection: name })).map(({ partition, revision, state, error }) => [
      partition,
      Number(revision),
      state,
      error,
    ]);

  it('writes the rows, and parks the events, that the fold of whole rows does', async () => {
    const both = [definition('short', folds), definition('whole', { fold: folds.fold })];
    const projections = both.map((each) => new LiveProjection(each, TYPES));
    await openAll(db.pool, projections);
    await sell(events.store, 'ticket-a', [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    await sell(events.store, 'ticket-b', [{ n: 5 }, { n: 8 }, { n: 1 }]);
    run = start(events.store, db.writePool, projections);
    await run.reached(await sell(events.store, 'ticket-c', [{ n: 12 }]));

    expect(await rows('short')).toEqual([
      { ticket: 'ticket-a', sold: 10, price: 70 },
      { ticket: 'ticket-b', sold: 5, price: 35 },
      { ticket: 'ticket-c', sold: 12, price: 84 },
    ]);
    expect(await rows('whole')).toEqual(await rows('short'));
    expect(await letters('short')).toEqual([
      ['ticket-b', 1, 'failed', expect.stringContaining('no price')],
      ['ticket-b', 2, 'queued', null],
    ]);
    expect(await letters('whole')).toEqual(await letters('short'));

    await run.reached(await sell(events.store, 'ticket-a', [{ n: 1 }, { n: 1 }]));
    expect((await rows('short'))[0]).toEqual({ ticket: 'ticket-a', sold: 12, price: 84 });
  });

  it('finds what follows once for every row of a batch', async () => {
    const found: (PriceRow | Short)[] = [];
    const noted = (row: PriceRow | Short) => {
      found.push(row);
      return whole(row);
    };
    const p = new LiveProjection(definition('short', { ...folds, short: { ...folds.short, whole: noted } }), TYPES);
    await openAll(db.pool, [p]);
    await sell(events.store, 'ticket-a', times(9));
    await sell(events.store, 'ticket-b', times(5));
    for (const { events: batch, end } of await readBatches(events.store, 7)) {
      expect(await p.apply(db.pool, batch, end, undefined)).toEqual([]);
      p.moved(end);
    }
    expect(found.map(({ ticket, sold }) => [ticket, sold])).toEqual([
      ['ticket-a', 7],
      ['ticket-a', 9],
      ['ticket-b', 5],
    ]);
    expect(await rows('short')).toEqual([
      { ticket: 'ticket-a', sold: 9, price: 63 },
      { ticket: 'ticket-b', sold: 5, price: 35 },
    ]);
  });
});
