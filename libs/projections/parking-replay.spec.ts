import fc from 'fast-check';
import { BreakingPool } from '../../test/support/breaking-pool.js';
import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import {
  askForRetry,
  askForSkip,
  type DeadLetter,
  LiveProjection,
  lettersOf,
  listDeadLetters,
  openRequests,
  waitForRequest,
} from './index.js';
import {
  eventAt,
  ledger,
  live,
  openDatabase,
  STORE_ID,
  sell,
  start,
  type TicketRow,
  TYPES,
  ticketRows,
  tickets,
} from './toy.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
jest.setTimeout(soak ? 900_000 : 180_000);

let events: TestEventStore;
let db: Awaited<ReturnType<typeof openDatabase>>;
const breaking: BreakingPool[] = [];
beforeAll(async () => {
  [events, db] = await Promise.all([createTestEventStore({ maxRetryMs: 200 }), openDatabase()]);
});
afterAll(async () => {
  for (const { pool } of breaking) await pool.end();
  await events.close();
  await db.close();
});

const throwing = () => {
  throw new Error('no such ticket');
};
/** Each goes wrong in another way, and stays wrong whatever follows in the same batch. */
const FAULTS = {
  throws: { onText: { throws: throwing } },
  spoils: { afterwards: { spoils: throwing } },
  overflows: { onText: { overflows: (row: TicketRow) => Object.assign(row, { sold: 3_000_000_000 }) } },
  violates: { onText: { violates: (row: TicketRow) => Object.assign(row, { sold: -1_000_000 }) } },
};
type Fault = keyof typeof FAULTS;
const ALL = Object.keys(FAULTS) as Fault[];

/** A fold that still has these faults. */
const broken = (faults: readonly Fault[]) =>
  tickets({
    onText: Object.assign({}, ...faults.map((name) => (FAULTS[name] as { onText?: object }).onText)),
    afterwards: Object.assign({}, ...faults.map((name) => (FAULTS[name] as { afterwards?: object }).afterwards)),
  });

interface Sale {
  readonly ticket: string;
  readonly n: number;
  readonly fault: Fault | undefined;
}

/** What the tables must hold when every partition has come to its first event that fails and is not skipped. */
function model(sales: readonly Sale[], faults: readonly Fault[], skipped: ReadonlySet<Sale>): Record<string, number> {
  const sold: Record<string, number> = {};
  const parked = new Set<string>();
  for (const sale of sales) {
    if (skipped.has(sale) || parked.has(sale.ticket)) continue;
    if (sale.fault && faults.includes(sale.fault)) parked.add(sale.ticket);
    else sold[sale.ticket] = (sold[sale.ticket] ?? 0) + sale.n;
  }
  return sold;
}

/** An office of its own: a category of streams, and tables made anew. */
class Office {
  private static count = 0;
  readonly category = `office${++Office.count}`;
  private head = -1n;
  private readonly letters = new Map<string, Sale>();

  async open(): Promise<void> {
    await db.pool.query('truncate ops.dead_letters, ops.skipped_events, ops.dead_letter_requests');
    for (const p of this.projections([])) await p.create(db.pool, STORE_ID);
    await db.pool.query('alter table read_tickets_v1.rows add check (sold >= 0)');
  }

  projections(faults: readonly Fault[]): LiveProjection[] {
    return [...live(broken(faults)), new LiveProjection(ledger, TYPES)];
  }

  async tell(sales: readonly Sale[]): Promise<void> {
    for (const sale of sales) {
      const { ticket, n, fault } = sale;
      const stream = `${this.category}-${ticket}`;
      this.head = await sell(events.store, stream, [fault ? { n, text: fault } : { n }]);
      this.letters.set(`${this.head}`, sale);
    }
  }

  saleOf({ position }: DeadLetter): Sale {
    return this.letters.get(`${position}`)!;
  }

  /** Runs a worker until it has seen everything and done all that was asked for, or the signal aborts. */
  async run(faults: readonly Fault[], batchSize: number, on = db.writePool, signal?: AbortSignal): Promise<void> {
    const projections = this.projections(faults);
    for (const p of projections) await p.open(db.pool, STORE_ID, eventAt(events.store));
    const run = start(events.store, on, projections, {
      batchSize,
      attendEveryMs: 10,
      aggregates: new Set([this.category]),
    });
    const level = async () => (run.progress.at(-1)?.seen ?? -1n) >= this.head && (await openRequests(db.pool)).length === 0;
    let failure: unknown;
    run.done.catch((error: unknown) => (failure = error));
    await until('the end of the log', async () => failure !== undefined || signal?.aborted || (await level()), 60_000);
    await run.stop();
    expect(projections.map((p) => p.failed)).toEqual([undefined, undefined]);
  }

  async sold(): Promise<Record<string, number>> {
    return Object.fromEntries((await ticketRows(db.pool)).map(({ ticket, sold }) => [ticket.split('-')[1]!, sold]));
  }

  /** Rows, letters and their order are those of a replay; nothing is missing from the ledger. */
  async expectExact(sales: readonly Sale[], faults: readonly Fault[], skipped: ReadonlySet<Sale>): Promise<void> {
    expect(await this.sold()).toEqual(model(sales, faults, skipped));
    const { rows } = await db.pool.query('select count(*)::int as n, sum(n)::int as total from read_ledger_v1.rows');
    expect(rows).toEqual([{ n: sales.length, total: sales.reduce((sum, { n }) => sum + n, 0) }]);
    const heads = await listDeadLetters(db.pool, { state: 'failed', limit: 1_000 });
    for (const { schema, partition } of heads) {
      const waiting = (await lettersOf(db.pool, schema, partition)).map((letter) => this.saleOf(letter));
      const [ticket] = partition.split('-').slice(1);
      const mine = sales.filter((sale) => sale.ticket === ticket && !skipped.has(sale));
      expect(waiting).toEqual(mine.slice(mine.findIndex(({ fault }) => fault && faults.includes(fault))));
    }
    const parked = new Set(heads.map(({ partition }) => partition));
    const all = await listDeadLetters(db.pool, { limit: 1_000 });
    expect(all.every(({ partition }) => parked.has(partition))).toBe(true);
  }
}

const sale = fc.record({
  ticket: fc.constantFrom('a', 'b', 'c', 'd'),
  n: fc.integer({ min: 1, max: 9 }),
  fault: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...ALL) }),
});
const batchSize = fc.integer({ min: 1, max: 20 });

it('wherever events fail, however the log is cut, whatever is retried and skipped: the tables are those of a replay', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sale, { minLength: 5, maxLength: 30 }),
      fc.array(
        fc.record({
          batchSize,
          mended: fc.option(fc.constantFrom(...ALL), { nil: undefined }),
          retry: fc.boolean(),
          skip: fc.option(fc.nat(), { nil: undefined }),
          told: fc.integer({ min: 0, max: 12 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      async (sales, steps) => {
        const office = new Office();
        await office.open();
        const skipped = new Set<Sale>();
        let faults = ALL;
        let told = 0;
        for (const step of [...steps, { batchSize: 7, mended: undefined, retry: true, skip: undefined, told: sales.length }]) {
          await office.tell(sales.slice(told, told + step.told));
          told = Math.min(sales.length, told + step.told);
          if (step.mended) faults = faults.filter((fault) => fault !== step.mended);
          const waiting = await listDeadLetters(db.pool, { limit: 1_000 });
          const chosen = step.skip === undefined ? undefined : waiting[step.skip % Math.max(1, waiting.length)];
          if (chosen) {
            skipped.add(office.saleOf(chosen));
            await askForSkip(db.pool, { projection: 'tickets', letter: chosen.id }, 'not wanted', 'tester');
          }
          // A mended fault frees nothing until it is asked for.
          if (step.retry || step.mended || chosen) await askForRetry(db.pool, { projection: 'tickets' }, 'tester');
          await office.run(faults, step.batchSize);
          if (told > 0) await office.expectExact(sales.slice(0, told), faults, skipped);
        }
        // All made anew passes over the same events.
        await office.projections([])[0]!.create(db.pool, STORE_ID);
        await db.pool.query('alter table read_tickets_v1.rows add check (sold >= 0)');
        await office.run(faults, 5);
        await office.expectExact(sales, faults, skipped);
      },
    ),
    { numRuns: soak ? 150 : 3 },
  );
});

const LOG: readonly Sale[] = [
  { ticket: 'a', n: 1, fault: undefined },
  { ticket: 'b', n: 2, fault: undefined },
  { ticket: 'b', n: 3, fault: 'spoils' },
  { ticket: 'c', n: 4, fault: 'overflows' },
  { ticket: 'a', n: 5, fault: undefined },
  { ticket: 'b', n: 6, fault: undefined },
  { ticket: 'c', n: 7, fault: undefined },
];

it.each([false, true])(
  'a worker that crashes at every statement in turn, parking, retrying and skipping (already sent: %s)',
  async (sent) => {
    const office = new Office();
    await office.open();
    await office.tell(LOG);
    const pool = new BreakingPool(db.url);
    breaking.push(pool);
    let crashes = 0;
    for (let n = 1; ; n += soak ? 1 : 3) {
      await office.open();
      if (!(await pool.whileBreakingAt(n, sent, (signal) => office.run(ALL, 3, pool.pool, signal)))) break;
      crashes = n;
      await office.run(ALL, 3);
      await office.expectExact(LOG, ALL, new Set());
      // Now with a request of each kind, of which one is in vain.
      const [spoilt] = await listDeadLetters(db.pool, { state: 'failed' });
      await askForSkip(db.pool, { projection: 'tickets', letter: spoilt!.id }, 'not wanted', 'tester');
      await askForRetry(db.pool, { projection: 'tickets' }, 'tester');
      await pool.whileBreakingAt(n, sent, (signal) => office.run(['spoils'], 3, pool.pool, signal));
      await office.run(['spoils'], 3);
      await office.expectExact(LOG, ['spoils'], new Set([LOG[2]!]));
    }
    expect(crashes).toBeGreaterThan(20);
  },
);

it('two workers at once: what one frees, the other does not go on parking', async () => {
  const office = new Office();
  await office.open();
  await office.tell(LOG);
  await office.run(ALL, 3);
  const options = { attendEveryMs: 10, aggregates: new Set([office.category]), batchSize: 1 };
  const sides = [office.projections([]), office.projections([])];
  for (const side of sides) for (const p of side) await p.open(db.pool, STORE_ID, eventAt(events.store));
  const runs = sides.map((side) => start(events.store, db.writePool, side, options));
  const outcomes = runs.map((run) => run.done.catch((error: unknown) => error));
  const asked = await askForRetry(db.pool, { projection: 'tickets' }, 'tester');
  await waitForRequest(db.pool, asked, 20_000);
  const more: readonly Sale[] = [...Array(20)].map((_, i) => ({ ticket: 'bc'[i % 2]!, n: i, fault: undefined }));
  await office.tell(more);
  // One of them is turned away when both are given the same event.
  await Promise.race(outcomes);
  for (const run of runs) await run.stop().catch(() => undefined);
  await office.run([], 3);
  await office.expectExact([...LOG, ...more], [], new Set());
  expect(await listDeadLetters(db.pool)).toEqual([]);
});
