import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import {
  askForRetry,
  askForSkip,
  deadLetterCounts,
  freshnessOf,
  LiveProjection,
  listDeadLetters,
  type ProjectorOptions,
  waitForRequest,
} from './index.js';
import {
  eventAt,
  ledger,
  live,
  openAll,
  openDatabase,
  type Running,
  sell,
  start,
  type TicketRow,
  TYPES,
  ticketRows,
  tickets,
  times,
} from './toy.fixture.js';

jest.setTimeout(60_000);

let events: TestEventStore;
let db: Awaited<ReturnType<typeof openDatabase>>;
const running: Running[] = [];
beforeEach(async () => {
  [events, db] = await Promise.all([createTestEventStore({ maxRetryMs: 200 }), openDatabase()]);
});
afterEach(async () => {
  for (const run of running.splice(0)) await run.stop().catch(() => undefined);
  await events.close();
  await db.close();
});

/** A worker with the ledger and two projections of tickets, of which the first may have a fault. */
async function work(definition = tickets(), more: Partial<ProjectorOptions> = {}) {
  const projections = [...live(definition, tickets({ name: 'others' })), new LiveProjection(ledger, TYPES)];
  await openAll(db.pool, projections, eventAt(events.store));
  const run = start(events.store, db.writePool, projections, { attendEveryMs: 20, ...more });
  running.push(run);
  return { ...run, projections };
}

const letters = async () =>
  (await listDeadLetters(db.pool)).map(({ partition, revision, state, attempts }) => [
    partition,
    Number(revision),
    state,
    attempts,
  ]);
const sold = async (schema?: string) =>
  Object.fromEntries((await ticketRows(db.pool, schema)).map((row) => [row.ticket.slice('ticket-'.length), row.sold]));
const retryAll = async () => waitForRequest(db.pool, await askForRetry(db.pool, { projection: 'tickets' }, 'tester'), 20_000);
const skip = async (stream: string, revision: number, reason = 'it was a test') => {
  const letter = (await listDeadLetters(db.pool)).find((each) => each.stream === stream && Number(each.revision) === revision)!;
  return waitForRequest(
    db.pool,
    await askForSkip(db.pool, { projection: 'tickets', letter: letter.id }, reason, 'tester'),
    20_000,
  );
};

const fails = () => {
  throw new Error('no such ticket');
};
const faults: Record<string, Parameters<typeof tickets>[0]> = {
  'throws in its fold': { onText: { bad: fails } },
  'throws after it has written, changed and deleted rows': { afterwards: { bad: fails } },
  'makes a value the table refuses': { onText: { bad: (row) => Object.assign(row, { last: 'a\0b' }) } },
  'makes a number out of range': { onText: { bad: (row) => (row.sold = 3_000_000_000) } },
  'violates a check': { onText: { bad: (row) => (row.sold = -1_000_000) } },
  'leaves a column out': { onText: { bad: (row) => delete (row as Partial<TicketRow>).last } },
  'makes what is no JSON': { onText: { bad: (row) => ((row as { last: unknown }).last = circle()) } },
  'throws what looks like a lost connection': {
    onText: {
      bad: () => {
        throw Object.assign(new Error('Connection terminated'), { code: 'ECONNRESET', syscall: 'read' });
      },
    },
  },
  'throws no error at all': {
    onText: {
      bad: () => {
        throw 'a string';
      },
    },
  },
};

function circle(): object {
  const round: { self?: object } = {};
  round.self = round;
  return round;
}

const checkSold = () => db.pool.query('alter table read_tickets_v1.rows add check (sold >= 0)');

describe.each(Object.entries(faults))('a fold that %s', (_, fault) => {
  it('parks the partition alone, in the same batch, and goes on with it when it is mended', async () => {
    // All in one batch: before, at and behind the event at fault, and others around it.
    await sell(events.store, 'ticket-a', times(2));
    await sell(events.store, 'ticket-b', [{ n: 5 }, { n: 2 }, { n: 1, text: 'bad' }]);
    await sell(events.store, 'ticket-c', times(4));
    const first = await sell(events.store, 'ticket-a', times(1));
    await openAll(db.pool, live(tickets()));
    await checkSold();
    const one = await work(tickets(fault));
    await one.reached(first);
    expect(await sold()).toEqual({ a: 3, b: 7, c: 4 });
    expect(await letters()).toEqual([['ticket-b', 2, 'failed', 1]]);

    const last = await sell(events.store, 'ticket-b', [{ n: 10 }, { n: 20 }]);
    await one.reached(last);
    await one.stop();
    expect(one.projections.map((p) => [p.failed, p.handled])).toEqual(Array(3).fill([undefined, last]));
    expect(one.lines.filter((line) => line.includes('parks'))).toHaveLength(1);
    expect(await sold()).toEqual({ a: 3, b: 7, c: 4 });
    expect(await sold('read_others_v1')).toEqual({ a: 3, b: 38, c: 4 });

    // Another worker, which knows what is parked, and a mended fold: still nobody has asked for anything.
    const two = await work();
    await two.reached(await sell(events.store, 'ticket-b', [{ n: 40 }]));
    expect(await letters()).toEqual([
      ['ticket-b', 2, 'failed', 1],
      ['ticket-b', 3, 'queued', 0],
      ['ticket-b', 4, 'queued', 0],
      ['ticket-b', 5, 'queued', 0],
    ]);
    expect(await deadLetterCounts(db.pool)).toEqual([
      { projection: 'tickets', schema: 'read_tickets_v1', parked: 1, letters: 4 },
    ]);

    expect(await retryAll()).toMatchObject({ outcome: 'done', solved: 4, remaining: 0 });
    expect(await letters()).toEqual([]);
    await two.reached(await sell(events.store, 'ticket-b', [{ n: 100 }]));
    expect(await sold()).toEqual({ a: 3, b: 178, c: 4 });
    expect(await ticketRows(db.pool)).toEqual(await ticketRows(db.pool, 'read_others_v1'));
  });
});

it('a retry keeps the first event that still fails, and counts', async () => {
  const bad = { onText: { bad: fails, worse: (row: TicketRow) => (row.sold = 3_000_000_000) } };
  const last = await sell(events.store, 'ticket-b', [
    { n: 1 },
    { n: 2, text: 'bad' },
    { n: 4 },
    { n: 8, text: 'worse' },
    { n: 16 },
  ]);
  const one = await work(tickets(bad));
  await one.reached(last);
  expect(await retryAll()).toMatchObject({ outcome: 'still-failing', solved: 0, remaining: 4 });
  expect(await letters()).toEqual([
    ['ticket-b', 1, 'failed', 2],
    ['ticket-b', 2, 'queued', 0],
    ['ticket-b', 3, 'queued', 0],
    ['ticket-b', 4, 'queued', 0],
  ]);
  expect(await sold()).toEqual({ b: 1 });
  await one.stop();

  const two = await work(tickets({ onText: { worse: bad.onText.worse } }));
  expect(await retryAll()).toMatchObject({ outcome: 'still-failing', solved: 2, remaining: 2 });
  expect(await letters()).toEqual([
    ['ticket-b', 3, 'failed', 1],
    ['ticket-b', 4, 'queued', 0],
  ]);
  expect(await sold()).toEqual({ b: 7 });
  await two.stop();
});

it('a skipped event is passed over for good, with reason and actor, and what waits behind it goes on', async () => {
  const bad = tickets({ onText: { bad: fails } });
  const last = await sell(events.store, 'ticket-b', [
    { n: 1 },
    { n: 2, text: 'bad' },
    { n: 4 },
    { n: 8, text: 'bad' },
    { n: 16 },
  ]);
  const one = await work(bad);
  await one.reached(last);
  expect(await skip('ticket-b', 1)).toMatchObject({ outcome: 'still-failing', solved: 2, remaining: 2 });
  expect(await sold()).toEqual({ b: 5 });
  expect(await skip('ticket-b', 3, 'sold twice')).toMatchObject({ outcome: 'done', solved: 2, remaining: 0 });
  expect(await sold()).toEqual({ b: 21 });
  expect(
    (await db.pool.query('select projection, revision, reason, skipped_by from ops.skipped_events order by position')).rows,
  ).toEqual([
    { projection: 'tickets', revision: '1', reason: 'it was a test', skipped_by: 'tester' },
    { projection: 'tickets', revision: '3', reason: 'sold twice', skipped_by: 'tester' },
  ]);
  // The others take it, and so they do after everything is made anew.
  expect(await sold('read_others_v1')).toEqual({ b: 31 });
  await one.stop();
  for (const p of one.projections) await p.create(db.pool, '0192aaaa-0000-7000-8000-000000000001');
  const two = await work();
  await two.reached(last);
  expect(await sold()).toEqual({ b: 21 });
  expect(await sold('read_others_v1')).toEqual({ b: 31 });
});

it('a letter that only waits can be skipped too; one that is gone is said to be', async () => {
  const last = await sell(events.store, 'ticket-b', [{ n: 1, text: 'bad' }, { n: 2 }, { n: 4 }]);
  const one = await work(tickets({ onText: { bad: fails } }));
  await one.reached(last);
  expect(await skip('ticket-b', 1)).toMatchObject({ outcome: 'still-failing', solved: 1, remaining: 2 });
  const gone = await askForRetry(db.pool, { projection: 'tickets', letter: '999' }, 'tester');
  expect(await waitForRequest(db.pool, gone, 20_000)).toMatchObject({ outcome: 'gone' });
  expect(await skip('ticket-b', 0)).toMatchObject({ outcome: 'done' });
  expect(await sold()).toEqual({ b: 4 });
});

it('letters of tables that nobody feeds are said to be so, and left alone', async () => {
  const one = await work(tickets({ onText: { bad: fails } }));
  await one.reached(await sell(events.store, 'ticket-b', [{ n: 1, text: 'bad' }]));
  await one.stop();
  await work(tickets({ version: 2 }));
  expect(await retryAll()).toMatchObject({ outcome: 'not-followed' });
  expect(await letters()).toEqual([['ticket-b', 0, 'failed', 1]]);
});

it('an event that other tables of the projection hold already can not be skipped: they would differ from a replay', async () => {
  const last = await sell(events.store, 'ticket-b', [{ n: 1, text: 'bad' }]);
  const both = [...live(tickets({ onText: { bad: fails } }), tickets({ version: 2 }))];
  await openAll(db.pool, both);
  const run = start(events.store, db.writePool, both, { attendEveryMs: 20 });
  running.push(run);
  await run.reached(last);
  expect(await skip('ticket-b', 0)).toMatchObject({ outcome: 'folded-elsewhere' });
  expect(await letters()).toEqual([['ticket-b', 0, 'failed', 1]]);
  expect((await db.pool.query('select 1 from ops.skipped_events')).rows).toEqual([]);
});

it('too many parked partitions stop the projection, with what it had', async () => {
  const one = await work(tickets({ onText: { bad: fails } }), { maxParked: 3 });
  let last = 0n;
  for (const name of ['a', 'b', 'c']) last = await sell(events.store, `ticket-${name}`, [{ n: 1 }, { n: 1, text: 'bad' }]);
  await one.reached(last);
  expect(one.projections[0]!.failed).toBeUndefined();
  await one.reached(await sell(events.store, 'ticket-d', [{ n: 1 }, { n: 1, text: 'bad' }]));
  expect(one.projections[0]!.failed).toContain('more than 3 partitions would be parked, the last by: Error: no such ticket');
  expect(one.projections.slice(1).map((p) => p.failed)).toEqual([undefined, undefined]);
  expect(await deadLetterCounts(db.pool)).toMatchObject([{ parked: 3, letters: 3 }]);
});

it.each(['40001', '40P01', '53200', '57P01', '08006'])(
  'what PostgreSQL says of itself (%s) is waited out, never parked',
  async (code) => {
    await openAll(db.pool, live(tickets()));
    await db.pool.query(
      `create sequence tries; create function refuse() returns trigger language plpgsql as $$ begin
       if nextval('tries') < 4 then raise exception 'not now' using errcode = '${code}'; end if; return new; end $$;
     create trigger refuse before insert on read_tickets_v1.rows for each row execute function refuse()`,
    );
    // Beside an event that is to be parked, so that it is met while that one is looked for as well.
    await sell(events.store, 'ticket-b', [{ n: 1, text: 'bad' }]);
    const last = await sell(events.store, 'ticket-a', times(3));
    const one = await work(tickets(faults['makes a number out of range']));
    await one.reached(last);
    expect(await letters()).toEqual([['ticket-b', 0, 'failed', 1]]);
    expect(await sold()).toEqual({ a: 3 });
    expect(one.lines.map((line) => line.split(': ')[0])).toEqual([
      'a batch waits',
      'projection tickets parks ticket-b',
      'the batch that waited is written',
    ]);
  },
);

it('says what was wrong without a word of what was in it', async () => {
  await openAll(db.pool, live(tickets()));
  await db.pool.query(`alter table read_tickets_v1.rows add constraint no_secret check (last <> 'Zhang San 13800000000')`);
  const one = await work(
    tickets({
      onText: {
        'Li Si': (row) => {
          throw new Error(`can not take ${JSON.stringify(row)} of Li Si, 4711123`);
        },
      },
    }),
  );
  await sell(events.store, 'ticket-a', [{ n: 1 }, { n: 77, text: 'Zhang San 13800000000' }]);
  await one.reached(await sell(events.store, 'ticket-b', [{ n: 4321, text: 'Li Si' }]));
  const errors = (await listDeadLetters(db.pool)).map(({ error }) => error);
  expect(errors).toEqual([
    'PostgreSQL refused a constraint (SQLSTATE 23514), table rows, constraint no_secret',
    'Error: can not take {"ticket":"ticket-b","sold":…,"last":"…"} of …, …',
  ]);
  expect(one.lines.join()).not.toMatch(/Zhang|Li Si|4321|13800/);
});

it('readers are told how many partitions are parked, or whether theirs is', async () => {
  const one = await work(tickets({ onText: { bad: fails } }));
  for (const name of ['a', 'b']) await sell(events.store, `ticket-${name}`, [{ n: 1, text: 'bad' }]);
  await one.reached(await sell(events.store, 'ticket-c', times(1)));
  const parked = async (partition?: string) => (await freshnessOf(db.pool, 'tickets', partition)).parked;
  expect([await parked(), await parked('ticket-a'), await parked('ticket-c')]).toEqual([2, 1, 0]);
  expect((await freshnessOf(db.pool, 'others')).parked).toBe(0);
});

it('requests wait for PostgreSQL and the store to be back', async () => {
  const one = await work(tickets({ onText: { bad: fails } }));
  const last = await sell(events.store, 'ticket-b', [{ n: 1, text: 'bad' }]);
  await one.reached(last);
  await one.stop();
  const two = await work();
  await until('the subscription', () => two.progress.at(-1)?.connected === true);
  await events.stop();
  const asked = await askForRetry(db.pool, { projection: 'tickets' }, 'tester');
  await until('several attempts', () => two.progress.filter((p) => !p.connected).length > 2);
  expect(await letters()).toEqual([['ticket-b', 0, 'failed', 1]]);
  await events.start();
  expect(await waitForRequest(db.pool, asked, 20_000)).toMatchObject({ outcome: 'done' });
  expect(await sold()).toEqual({ b: 1 });
});
