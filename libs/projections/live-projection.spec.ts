import { randomUUID } from 'node:crypto';
import type { RecordedEvent } from '@huicai/kernel';
import fc from 'fast-check';
import { dumpReadModels } from '../../test/support/canonical-dump.js';
import { CheckpointMovedError, checkForRebuild, LiveProjection, projection, RebuildNeededError, type Row } from './index.js';
import { ledger, live, nowhere, openAll, openDatabase, STORE_ID, TYPES, tickets } from './toy.fixture.js';

jest.setTimeout(60_000);

let db: Awaited<ReturnType<typeof openDatabase>>;
beforeEach(async () => {
  db = await openDatabase();
});
afterEach(() => db.close());

let clock = 0n;
const event = (stream: string, data: object, position = ++clock): RecordedEvent =>
  ({ id: randomUUID(), stream, revision: position, position, type: 'TicketSold', data, metadata: {} }) as RecordedEvent;
const endOf = (events: readonly RecordedEvent[]) => events.at(-1)!;

async function deliver(p: LiveProjection, events: readonly RecordedEvent[]): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    await p.apply(client, events, endOf(events), undefined);
    await client.query('commit');
    p.moved(endOf(events));
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

describe('opening', () => {
  it('makes schema, table and views once, and keeps the rows afterwards', async () => {
    const [p] = live(tickets());
    await openAll(db.pool, [p!]);
    const sold = event('ticket-a', { n: 3 });
    await deliver(p!, [sold]);
    const [again] = live(tickets());
    const asked: unknown[] = [];
    await again!.open(db.pool, STORE_ID, async (...at) => {
      asked.push(at);
      return sold.id;
    });
    expect(asked).toEqual([['ticket-a', sold.revision]]);
    expect(again!.handled).toBe(sold.position);
    expect((await db.pool.query('select sold from read.tickets')).rows).toEqual([{ sold: 3 }]);
    expect((await db.pool.query('select position from read.tickets_checkpoint')).rows).toEqual([
      { position: sold.position.toString() },
    ]);
  });

  const command = 'Run: npm run cli -- rebuild tickets';
  it.each<[string, () => LiveProjection, string, string | undefined | 'same']>([
    ['other event types', () => new LiveProjection(tickets(), ['TicketSold']), STORE_ID, 'same'],
    [
      'another table',
      () => new LiveProjection({ ...tickets(), table: { ...tickets().table, indexes: ['(sold)'] } }, TYPES),
      STORE_ID,
      'same',
    ],
    ['another store', () => live(tickets())[0]!, randomUUID(), 'same'],
    ['an event that is gone', () => live(tickets())[0]!, STORE_ID, undefined],
    ['another event in its place', () => live(tickets())[0]!, STORE_ID, randomUUID()],
  ])('refuses rows made with %s, and names the command', async (_, changed, storeId, found) => {
    const [p] = live(tickets());
    await openAll(db.pool, [p!]);
    const sold = event('ticket-a', { n: 3 });
    await deliver(p!, [sold]);
    const opening = changed().open(db.pool, storeId, async () => (found === 'same' ? sold.id : found));
    await expect(opening).rejects.toThrow(RebuildNeededError);
    await expect(opening).rejects.toThrow(command);
    expect((await db.pool.query('select sold from read.tickets')).rows).toEqual([{ sold: 3 }]);
  });

  it('refuses tables without their checkpoint', async () => {
    const [p] = live(tickets());
    await openAll(db.pool, [p!]);
    await db.pool.query('delete from read_tickets_v1.checkpoint');
    await expect(openAll(db.pool, live(tickets()))).rejects.toThrow(`has lost its checkpoint. ${command}`);
  });

  it('lets a new version fill a schema of its own and shows that one', async () => {
    const [one, two] = [live(tickets())[0]!, live(tickets({ version: 2 }))[0]!];
    await openAll(db.pool, [one]);
    await deliver(one, [event('ticket-a', { n: 3 })]);
    await openAll(db.pool, [two]);
    expect((await db.pool.query('select * from read.tickets')).rows).toEqual([]);
    expect((await db.pool.query('select sold from read_tickets_v1.rows')).rows).toEqual([{ sold: 3 }]);
  });

  it.each(["x'); drop schema read cascade; --", '', 'store-1', `${STORE_ID}'`])(
    'takes no %j for the id of a store',
    async (storeId) => {
      await expect(live(tickets())[0]!.open(db.pool, storeId, nowhere)).rejects.toThrow('Not the id of a store');
      expect((await db.pool.query("select 1 from pg_namespace where nspname like 'read\\_%'")).rows).toEqual([]);
    },
  );

  it('leaves no transaction open when a statement fails', async () => {
    await db.pool.query('create schema if not exists read; create table read.tickets (i int)');
    await expect(openAll(db.pool, live(tickets()))).rejects.toThrow('"tickets" is not a view');
    // All of the pool's connections can be worked with.
    await Promise.all(Array.from({ length: 10 }, () => db.pool.query('select 1')));
    expect((await db.pool.query("select 1 from pg_namespace where nspname like 'read\\_%'")).rows).toEqual([]);
  });
});

it('emptied, it starts again from the beginning of the log', async () => {
  const [p] = live(tickets());
  await openAll(db.pool, [p!]);
  const log = [event('ticket-a', { n: 3 }), event('ticket-b', { n: 1 })];
  await deliver(p!, log);
  const before = await dumpReadModels(db.pool);
  await live(tickets())[0]!.create(db.pool, STORE_ID);
  expect((await db.pool.query('select * from read.tickets')).rows).toEqual([]);

  await expect(checkForRebuild(db.pool, [p!])).rejects.toThrow(CheckpointMovedError);
  await expect(deliver(p!, [event('ticket-a', { n: 9 })])).rejects.toThrow(CheckpointMovedError);
  const [again] = live(tickets());
  await openAll(db.pool, [again!]);
  await deliver(again!, log);
  expect(await dumpReadModels(db.pool)).toEqual(before);
  await checkForRebuild(db.pool, [again!]);
});

it('can be emptied while it is written and read, without anybody running into a deadlock', async () => {
  const ended = new AbortController();
  const reading = async (sql: string) => {
    while (!ended.signal.aborted) await db.pool.query(sql);
  };
  const writing = async () => {
    for (let p = live(tickets())[0]!; !ended.signal.aborted; ) {
      await deliver(p, [event('ticket-a', { n: 1 }), event('ticket-b', { n: 1 })]).catch(async (error: unknown) => {
        if (!(error instanceof CheckpointMovedError)) throw error;
        p = live(tickets())[0]!;
        await p.open(db.pool, STORE_ID, async () => undefined);
      });
    }
  };
  await openAll(db.pool, live(tickets()));
  const others = [
    reading('select * from read.tickets'),
    reading('select * from read.tickets_checkpoint'),
    reading('select * from read.tickets'),
    writing(),
  ];
  for (let i = 0; i < 30; i++) await live(tickets())[0]!.create(db.pool, STORE_ID);
  ended.abort();
  await Promise.all(others);
});

it('a rebuild of a projection that had stopped is noticed even at the start of the log', async () => {
  const [p] = live(tickets());
  await openAll(db.pool, [p!]);
  await p!.stop(db.pool, 'no reason');
  await checkForRebuild(db.pool, [p!]);
  await live(tickets())[0]!.create(db.pool, STORE_ID);
  await expect(checkForRebuild(db.pool, [p!])).rejects.toThrow(CheckpointMovedError);
});

it('does not call another worker stopped', async () => {
  const [old, now] = [live(tickets())[0]!, live(tickets())[0]!];
  await openAll(db.pool, [old, now]);
  await deliver(now, [event('ticket-a', { n: 1 })]);
  await expect(old.stop(db.pool, 'late')).rejects.toThrow(CheckpointMovedError);
  expect(old.failed).toBeUndefined();
  expect((await db.pool.query('select failed from read.tickets_checkpoint')).rows).toEqual([{ failed: null }]);
});

it('two that fold the same batch at once: one commits, the other is turned away without waiting in a circle', async () => {
  const pair = () => [...live(tickets()), new LiveProjection(ledger, TYPES)];
  const sides = [pair(), pair()];
  for (const side of sides) await openAll(db.pool, side);
  for (let round = 0; round < 5; round++) {
    const batch = ['a', 'b', 'c', 'd'].map((name) => event(`ticket-${name}`, { n: 1 }));
    const outcomes = await Promise.allSettled(
      sides.map(async ([tickets_, ledger_], i) => {
        // Rows in another order, so that locks taken in row order would meet.
        const mine = i === 0 ? batch : [batch[2]!, batch[1]!, batch[0]!, batch[3]!];
        for (const p of [tickets_!, ledger_!]) await deliver(p, mine);
      }),
    );
    const lost = outcomes.filter((o) => o.status === 'rejected');
    expect(lost).toHaveLength(1);
    expect((lost[0] as PromiseRejectedResult).reason).toBeInstanceOf(CheckpointMovedError);
    for (const side of sides) for (const p of side) p.moved(endOf(batch));
  }
  expect((await db.pool.query('select sum(sold)::int as n from read.tickets')).rows).toEqual([{ n: 20 }]);
  expect((await db.pool.query('select count(*)::int as n from read.ledger')).rows).toEqual([{ n: 20 }]);
});

describe('rows of a batch', () => {
  interface SeatRow extends Row {
    hall: string;
    seat: number;
    who: string;
    since: Date;
    notes: object | null;
  }
  /** Seats of a hall: taken, freed, freed all. */
  const seats = projection<SeatRow>({
    name: 'seats',
    version: 1,
    table: {
      columns: { hall: 'text', seat: 'int4', who: 'text', since: 'timestamptz', notes: 'jsonb null' },
      key: ['hall', 'seat'],
      partition: 'hall',
    },
    partition: (e) => ((e.data as { op?: string }).op === 'nothing' ? undefined : e.stream),
    fold: (rows, e) => {
      const { op, seat, who } = e.data as { op: string; seat: number; who: string };
      if (op === 'clear') for (const row of rows.all()) rows.delete(row);
      const there = rows.all().find((row) => row.seat === seat);
      if (op === 'free' && there) rows.delete(there);
      if (op === 'take')
        rows.put({
          hall: e.stream,
          seat,
          who,
          since: new Date(Number(e.position)),
          notes: there ? { before: there.who, "it's": [1, null] } : null,
        });
    },
  });

  const step = fc.record({
    hall: fc.constantFrom('ticket-x', 'ticket-"y\\', 'ticket-, {z}'),
    op: fc.constantFrom('take', 'take', 'free', 'clear', 'nothing'),
    seat: fc.integer({ min: -1, max: 2 }),
    who: fc.constantFrom('', 'NULL', 'null', '{a,"b"}', "o'x\\", '惠才', ' ', 'e\u0301'),
  });

  it('are the same however the log is cut, and whatever is delivered twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }),
        async (steps, sizes) => {
          const log = steps.map(({ hall, ...data }) => event(hall, data));
          const fresh = new LiveProjection(seats, TYPES);
          await fresh.create(db.pool, STORE_ID);
          for (const one of log) await deliver(fresh, [one]);
          const wanted = await dumpReadModels(db.pool);

          let p = new LiveProjection(seats, TYPES);
          await p.create(db.pool, STORE_ID);
          for (let at = 0, i = 0; at < log.length; i++) {
            const size = sizes[i % sizes.length]!;
            await deliver(p, log.slice(at, at + size));
            // Again from some earlier place, by the same worker and by one that has just come.
            await deliver(p, log.slice(Math.max(0, at - size), at + size));
            p = new LiveProjection(seats, TYPES);
            await p.open(
              db.pool,
              STORE_ID,
              async (stream, revision) => log.find((e) => e.stream === stream && e.revision === revision)!.id,
            );
            await deliver(p, log.slice(0, at + size));
            at += size;
          }
          expect(await dumpReadModels(db.pool)).toEqual(wanted);
        },
      ),
      { numRuns: process.env.HUICAI_SOAK === '1' ? 300 : 12 },
    );
  });

  it('do not leave their partition', async () => {
    const stray = {
      ...tickets(),
      fold: (rows: { put(row: Row): void }) => rows.put({ ticket: 'elsewhere', sold: 1, last: null }),
    };
    const p = new LiveProjection(stray as never, TYPES);
    await openAll(db.pool, [p]);
    await deliver(p, [event('ticket-a', { n: 1 })]);
    const [{ partition, error }] = (await db.pool.query('select partition, error from ops.dead_letters')).rows;
    expect([partition, error]).toEqual(['ticket-a', 'Error: A row of another partition was put into ticket-a']);
    expect((await db.pool.query('select 1 from read.tickets')).rows).toEqual([]);
  });
});
