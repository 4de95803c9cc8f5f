import fc from 'fast-check';
import { createTestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import {
  type AnyProjection,
  createReadPool,
  fillBeside,
  fillTogether,
  LiveProjection,
  type RebuildParts,
  RebuildRunningError,
  readGenerations,
  registerLive,
} from './index.js';
import { db, events, fill, now, parts, shown } from './rebuild.fixture.js';
import { eventAt, ledger, openDatabase, STORE_ID, sell, start, TYPES, ticketRows, tickets, times } from './toy.fixture.js';

jest.setTimeout(60_000);

describe('filling several', () => {
  const readings = () => {
    const { store } = parts;
    const seen: (bigint | undefined)[] = [];
    const counted = Object.create(store, {
      readAllInPortions: {
        value: (options: Parameters<typeof store.readAllInPortions>[0] = {}) => {
          seen.push(options.after);
          return store.readAllInPortions(options);
        },
      },
    });
    return { seen, parts: { ...parts, store: counted } as RebuildParts };
  };
  const both = new Map<AnyProjection, readonly string[]>([
    [tickets(), TYPES],
    [ledger, TYPES],
  ]);
  const ledgerRows = async (schema: string) =>
    (await db.pool.query(`select stream, revision::int, n from ${schema}.rows order by stream, revision`)).rows;

  it('reads the log once for all, and gives each what it takes', async () => {
    await sell(events.store, 'ticket-a', times(5));
    await sell(events.store, 'ticket-b', [{ n: 2 }, { n: 1, type: 'TicketReturned' }]);
    const [shownTickets] = [await shown(), await shown(ledger)];
    const { seen, parts: counted } = readings();
    const each = new Map([...both.keys()].map((definition) => [definition, definition === ledger ? ['TicketSold'] : TYPES]));
    const filled = await fillTogether(counted, each, { batchSize: 3 });
    expect(filled).toEqual([
      { schema: 'read_tickets_v1_2', outcome: 'filled' },
      { schema: 'read_ledger_v1_2', outcome: 'filled' },
    ]);
    // To the end, and once more for what came while indexes were made.
    expect(seen).toEqual([undefined, shownTickets.handled]);
    expect(await ticketRows(db.pool, 'read_tickets_v1_2')).toEqual(await ticketRows(db.pool));
    expect((await ledgerRows('read_ledger_v1_2')).map(({ stream, n }) => [stream, n])).toEqual([
      ...times(5).map(({ n }) => ['ticket-a', n]),
      ['ticket-b', 2],
    ]);
    expect((await fillTogether(counted, each)).map(({ outcome }) => outcome)).toEqual(['was-filled', 'was-filled']);
    expect(seen).toHaveLength(2);
  });

  it('begins where the last of them stands, and gives the others only what they lack', async () => {
    await sell(events.store, 'ticket-a', times(20));
    await shown();
    await shown(ledger);
    const ended = new AbortController();
    await fill(ledger, { batchSize: 3, signal: ended.signal, onProgress: ({ events: n }) => n >= 9 && ended.abort() });
    const [, half] = await fillTogether(parts, both, { batchSize: 7 });
    expect(await ledgerRows(half!.schema)).toEqual(times(20).map(({ n }, revision) => ({ stream: 'ticket-a', revision, n })));
    const known = await readGenerations(db.pool);
    expect([known.get('tickets')!.filled, known.get('ledger')!.filled]).toEqual([20, 20]);
  });

  it('ends all when one can not go on, with nobody at work any more, and goes on later', async () => {
    await sell(events.store, 'ticket-a', times(40));
    await shown();
    await shown(ledger);
    const dropping = {
      ...parts,
      reference: async (batch: readonly { revision: bigint }[]) => {
        if (batch.some(({ revision }) => revision === 19n))
          await db.pool.query(`update ops.projection set candidate = null where name = 'ledger'`);
      },
    };
    await expect(fillTogether(dropping, both, { batchSize: 5 })).rejects.toThrow(
      'read_ledger_v1_2 was dropped while it was filled',
    );
    const { filled } = await now();
    expect(filled).toBeGreaterThan(0);
    expect(filled).toBeLessThan(40);
    await db.pool.query('drop schema read_ledger_v1_2 cascade');
    expect((await fillTogether(parts, both)).map(({ outcome }) => outcome)).toEqual(['filled', 'filled']);
    expect(await ticketRows(db.pool, 'read_tickets_v1_2')).toEqual(await ticketRows(db.pool));
  });

  it('gives nobody the candidates before the last of its transactions has ended', async () => {
    await sell(events.store, 'ticket-a', times(20));
    await shown();
    await shown(ledger);
    const holder = await db.pool.connect();
    let blocked = false;
    const filling = fillTogether(
      {
        ...parts,
        reference: async () => {
          if (blocked) return;
          blocked = true;
          await holder.query('begin; lock table read_tickets_v1_2.rows');
          await db.pool.query(`update ops.projection set candidate = null where name = 'ledger'`);
        },
      },
      both,
      { batchSize: 5 },
    );
    const ended = filling.catch((error: Error) => error.message);
    const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await until('the rows to be waited for', async () => (await db.pool.query(waits)).rows.length > 0);
    await expect(fill(ledger)).rejects.toThrow(RebuildRunningError);
    await holder.query('rollback');
    holder.release();
    expect(await ended).toBe('The candidate read_ledger_v1_2 was dropped while it was filled.');
  });

  it('is refused while another fills one of them, and holds none of them then', async () => {
    await sell(events.store, 'ticket-a', times(4));
    await shown();
    await shown(ledger);
    let refused: unknown;
    let other: unknown;
    const first = await fillBeside(
      {
        ...parts,
        reference: async () => {
          refused ??= await fillTogether(parts, both).catch((error: unknown) => error);
          other ??= await fill();
        },
      },
      ledger,
      TYPES,
    );
    expect(refused).toEqual(new RebuildRunningError('ledger'));
    expect([first, other]).toMatchObject([{ outcome: 'filled' }, { outcome: 'filled' }]);
  });
});

describe('what is remembered from batch to batch', () => {
  it('is not loaded again, nor is what an empty table can not have, and what is new is copied in', async () => {
    for (let i = 0; i < 3; i++) for (const name of ['a', 'b']) await sell(events.store, `ticket-${name}`, times(2));
    await sell(events.store, 'ticket-c', times(1));
    await shown();
    const statements: { readonly text: string; readonly params: unknown[] | undefined }[] = [];
    const pool = createReadPool(db.url);
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      (client as { query: unknown }).query = (...args: unknown[]) => {
        const [text, params] = args as [string | { sql: string }, unknown[] | undefined];
        statements.push({ text: typeof text === 'string' ? text : text.sql, params });
        return query(...args);
      };
    });
    const { schema } = await fillBeside({ ...parts, pool }, tickets(), TYPES, { batchSize: 4 });
    await pool.end();
    const told = (pattern: RegExp) => statements.filter(({ text }) => pattern.test(text));
    expect(await ticketRows(db.pool, schema)).toEqual(await ticketRows(db.pool));
    const loaded = told(/^select \* from \S+\.rows where/).flatMap(({ params }) => params![0] as string[]);
    expect(loaded).toEqual([]);
    expect(told(/^copy/).length).toBeGreaterThan(0);
    // Rows that were there already, and no second try.
    expect(told(/^insert into \S+\.rows/).length).toBeGreaterThan(0);
    expect(told(/^savepoint/)).toEqual([]);
  });

  const sale = fc.record({
    stream: fc.constantFrom('ticket-a', 'ticket-b', 'ticket-c'),
    n: fc.integer({ min: -3, max: 3 }),
    text: fc.constantFrom('', 'gone', 'bad'),
  });
  /** Rows go when they are told to, and come back; some events fail after rows were changed in place. */
  const coming = tickets({
    afterwards: {
      gone: () => undefined,
      bad: () => {
        throw new Error('too late');
      },
    },
  });

  it('makes the rows, and the dead letters, that one event at a time makes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sale, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 2, max: 9 }),
        async (sales, batchSize) => {
          const log = await createTestEventStore();
          const own = await openDatabase();
          try {
            for (const { stream, n, text } of sales) await sell(log.store, stream, [text === '' ? { n } : { n, text }]);
            const mine = { ...parts, store: log.store, pool: own.pool, eventAt: eventAt(log.store) };
            const p = new LiveProjection(coming, TYPES);
            await p.open(own.pool, STORE_ID, mine.eventAt);
            await registerLive(own.pool, p.name, p.schema);
            const run = start(log.store, own.writePool, [p], { batchSize: 1 });
            for await (const last of log.store.readAll({ backwards: true, maxCount: 1 })) await run.reached(last.position);
            await run.stop();
            const { schema } = await fillBeside(mine, coming, TYPES, { batchSize });
            expect(await ticketRows(own.pool, schema)).toEqual(await ticketRows(own.pool));
            const letters = async (of: string) =>
              (
                await own.pool.query(
                  'select partition, revision, state from ops.dead_letters where schema = $1 order by position',
                  [of],
                )
              ).rows;
            expect(await letters(schema)).toEqual(await letters(p.schema));
          } finally {
            await log.close();
            await own.close();
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
