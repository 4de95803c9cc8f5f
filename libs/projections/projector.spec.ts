import type { EventStore, SubscribeOptions } from '@huicai/event-store';
import type { RecordedEvent } from '@huicai/kernel';
import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { CheckpointMovedError, LiveProjection, listDeadLetters } from './index.js';
import {
  cutConnections,
  eventAt,
  ledger,
  live,
  openAll,
  openDatabase,
  sell,
  start,
  TYPES,
  ticketRows,
  tickets,
  times,
} from './toy.fixture.js';

jest.setTimeout(60_000);

let events: TestEventStore;
let db: Awaited<ReturnType<typeof openDatabase>>;
beforeEach(async () => {
  [events, db] = await Promise.all([createTestEventStore({ maxRetryMs: 200 }), openDatabase()]);
});
afterEach(async () => {
  await events.close();
  await db.close();
});

const both = () => [...live(tickets()), new LiveProjection(ledger, TYPES)];
const ledgerSize = async () => (await db.pool.query('select count(*)::int as n from read_ledger_v1.rows')).rows[0].n;
const checkpoint = async (schema: string) =>
  (await db.pool.query(`select position::text, failed from ${schema}.checkpoint`)).rows[0];

it('brings rows and checkpoints to the same place, and goes on from there', async () => {
  const first = await sell(events.store, 'ticket-a', times(3));
  await sell(events.store, 'other-a', times(2));
  const projections = both();
  await openAll(db.pool, projections);
  const one = start(events.store, db.writePool, projections);
  await one.reached(first);
  await one.stop();
  expect(await ticketRows(db.pool)).toEqual([{ ticket: 'ticket-a', sold: 3, last: null }]);

  const last = await sell(events.store, 'ticket-a', times(2, 10));
  const again = both();
  await db.pool.query(`update read_tickets_v1.checkpoint set failed = 'once'`);
  const at = first.toString();
  await openAll(db.pool, again, eventAt(events.store));
  expect(again.map((p) => p.handled?.toString())).toEqual([at, at]);
  const two = start(events.store, db.writePool, again);
  await two.reached(last);
  await two.stop();
  expect(await ticketRows(db.pool)).toEqual([{ ticket: 'ticket-a', sold: 23, last: null }]);
  expect(await checkpoint('read_tickets_v1')).toEqual({ position: last.toString(), failed: null });
  expect(await ledgerSize()).toBe(5);
});

it('a second projector on the same tables makes the slower one roll back and step back', async () => {
  const [mine, theirs] = [both(), both()];
  await openAll(db.pool, mine);
  await openAll(db.pool, theirs);
  // Both are given the same events at once, again and again, until one of them is turned away.
  const runs = [
    start(events.store, db.writePool, mine, { batchSize: 3 }),
    start(events.store, db.writePool, theirs, { batchSize: 3 }),
  ];
  const outcomes = runs.map((run) =>
    run.done.then(
      () => 'ended' as const,
      (error: unknown) => error,
    ),
  );
  let last = 0n;
  for (let i = 0; i < 10; i++) last = await sell(events.store, `ticket-${i}`, times(20));
  const loser = (await Promise.race(outcomes)) as Error;
  expect(loser).toBeInstanceOf(CheckpointMovedError);
  const survivor = await Promise.any(runs.map((run) => run.reached(last).then(() => run)));
  await survivor.stop();
  expect((await ticketRows(db.pool)).map((row) => row.sold)).toEqual(Array(10).fill(20));
  expect(await ledgerSize()).toBe(200);
});

describe('a projection that can not tell where an event belongs', () => {
  const lost = {
    ...tickets(),
    partition: (event: RecordedEvent) => {
      if ((event.data as { text?: string }).text === 'bad') throw new Error('no such ticket');
      return event.stream;
    },
  };

  it('stops by itself, says so, and goes on when it is mended', async () => {
    const projections = [...live(lost, tickets({ name: 'others' })), new LiveProjection(ledger, TYPES)];
    await openAll(db.pool, projections);
    const run = start(events.store, db.writePool, projections);
    const good = await sell(events.store, 'ticket-a', times(2));
    await run.reached(good);
    await run.reached(await sell(events.store, 'ticket-b', [{ n: 5 }, { n: 1, text: 'bad' }]));
    const last = await sell(events.store, 'ticket-c', times(4));
    await run.reached(last);
    await run.stop();

    expect(projections.map((p) => p.failed !== undefined)).toEqual([true, false, false]);
    expect(projections[0]!.failed).toMatch(/^TicketSold [0-9a-f-]{36} \(ticket-b at 1\): no such ticket$/);
    expect(run.lines).toEqual([`projection tickets stopped after ${good}: ${projections[0]!.failed}`]);
    expect(await ticketRows(db.pool)).toEqual([{ ticket: 'ticket-a', sold: 2, last: null }]);
    expect(await checkpoint('read_tickets_v1')).toEqual({ position: good.toString(), failed: projections[0]!.failed });
    expect(await checkpoint('read_others_v1')).toEqual({ position: last.toString(), failed: null });
    expect(await ledgerSize()).toBe(8);
    expect(await listDeadLetters(db.pool)).toEqual([]);

    const mended = [...live(tickets(), tickets({ name: 'others' })), new LiveProjection(ledger, TYPES)];
    await openAll(db.pool, mended, eventAt(events.store));
    const later = start(events.store, db.writePool, mended);
    await later.reached(last);
    await later.stop();
    expect(await ticketRows(db.pool)).toEqual(await ticketRows(db.pool, 'read_others_v1'));
    expect((await ticketRows(db.pool)).map((row) => row.sold)).toEqual([2, 6, 4]);
    expect(await checkpoint('read_tickets_v1')).toEqual({ position: last.toString(), failed: null });
    expect(await ledgerSize()).toBe(8);
  });

  it('because only the event itself says so, and this program can not read it, stops where the event is taken, and nowhere else', async () => {
    const [takes, doesNot] = [...live(lost), new LiveProjection(tickets({ name: 'others' }), ['TicketReturned'])];
    await openAll(db.pool, [takes!, doesNot!]);
    const run = start(events.store, db.writePool, [takes!, doesNot!]);
    await run.reached(await sell(events.store, 'ticket-a', [{ n: 1, metadata: { by: 'hand' } }]));
    await run.reached(await sell(events.store, 'ticket-b', [{ n: 1, type: 'TicketReturned' }]));
    await run.stop();
    expect(takes!.failed).toMatch(/^TicketSold [0-9a-f-]{36} \(ticket-a at 0\): .* was not written by this system$/);
    expect(doesNot!.failed).toBeUndefined();
    expect((await ticketRows(db.pool, 'read_others_v1')).map((row) => row.ticket)).toEqual(['ticket-b']);
  });
});

it('sits out the loss of all connections to PostgreSQL, in the middle of its work', async () => {
  const projections = both();
  await openAll(db.pool, projections);
  const run = start(events.store, db.writePool, projections, { batchSize: 5 });
  let last = 0n;
  for (let i = 0; i < 30; i++) {
    last = await sell(events.store, `ticket-${i % 4}`, times(20));
    if (i % 5 === 4) await cutConnections(db.url);
  }
  await run.reached(last);
  await run.stop();
  expect((await ticketRows(db.pool)).map((row) => row.sold)).toEqual([160, 160, 140, 140]);
  expect(await ledgerSize()).toBe(600);
  // Every outage is told once, and its end.
  const told = run.lines.map((line) => line.split(':')[0]);
  expect(told).toEqual(told.map((_, i) => (i % 2 === 0 ? 'a batch waits' : 'the batch that waited is written')));
});

it('tells the loss of PostgreSQL once, however long it lasts', async () => {
  const projections = both();
  await openAll(db.pool, projections);
  let asked = 0;
  const run = start(events.store, db.writePool, projections, {
    // Gone while the first four attempts are made.
    reference: async () => {
      if (++asked <= 4) await db.pool.query("do $$ begin raise exception 'going down' using errcode = '57P01'; end $$");
    },
  });
  await run.reached(await sell(events.store, 'ticket-a', times(2)));
  await run.stop();
  expect(asked).toBe(5);
  expect(run.lines).toEqual(['a batch waits: going down', 'the batch that waited is written']);
});

it('sits out a restart of the event store', async () => {
  const projections = both();
  await openAll(db.pool, projections);
  const run = start(events.store, db.writePool, projections);
  await run.reached(await sell(events.store, 'ticket-a', times(20)));
  for (let i = 0; i < 3; i++) {
    await events.stop();
    await until('several attempts', () => run.progress.filter((p) => !p.connected).length > 2 * (i + 1));
    await events.start();
    await until('the subscription', () => run.progress.at(-1)!.connected);
    await run.reached(await sell(events.store, 'ticket-a', times(20)));
  }
  await run.stop();
  expect(await ticketRows(db.pool)).toEqual([{ ticket: 'ticket-a', sold: 80, last: null }]);
  expect(await ledgerSize()).toBe(80);
  expect(run.lines).toEqual([]);
});

it('stops when it is told to while PostgreSQL is away', async () => {
  const projections = both();
  await openAll(db.pool, projections);
  const run = start(events.store, db.writePool, projections, {
    reference: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })),
  });
  const position = await sell(events.store, 'ticket-a', times(1));
  await until('the outage', () => run.lines.length === 1);
  await run.stop();
  // What was not written was not seen either.
  expect(run.progress.every(({ seen }) => seen === undefined || seen < position)).toBe(true);
});

it('reads no further than its batch while PostgreSQL is slow, and takes what has come meanwhile in full batches', async () => {
  const projections = both();
  await openAll(db.pool, projections);
  await sell(events.store, 'ticket-a', times(1));
  let pulled = 0;
  const counting = {
    async *followAll(options: SubscribeOptions) {
      for await (const event of events.store.followAll(options)) {
        pulled++;
        yield event;
      }
    },
  } as EventStore;
  const sizes: number[] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const run = start(counting, db.writePool, projections, {
    batchSize: 50,
    reference: async (batch) => {
      sizes.push(batch.length);
      await gate;
    },
  });
  await until('the first batch', () => sizes.length === 1);
  let last = 0n;
  for (let i = 0; i < 10; i++) last = await sell(events.store, 'ticket-a', times(100));
  await until('the prefetched event', () => pulled >= 2);
  const before = pulled;
  await sell(events.store, 'other-a', times(1));
  expect(pulled).toBe(before);
  expect(pulled).toBeLessThanOrEqual(52);
  open();
  await run.reached(last);
  await run.stop();
  expect(await ledgerSize()).toBe(1001);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(50);
});
