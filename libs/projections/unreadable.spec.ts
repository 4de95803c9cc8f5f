import { type RecordedEvent, UpcasterRegistry } from '@huicai/kernel';
import { until } from '../../test/support/until.js';
import {
  askForRetry,
  dropGeneration,
  eventsBehind,
  freshnessOf,
  LiveProjection,
  listDeadLetters,
  type PartitionRows,
  retryUnreadable,
  switchToCandidate,
  waitForRequest,
} from './index.js';
import { db, events, fill, now, parts, shown } from './rebuild.fixture.js';
import {
  ledger,
  live,
  metadata,
  openAll,
  sell,
  start,
  type TicketRow,
  TYPES,
  ticketRows,
  tickets,
  times,
} from './toy.fixture.js';

jest.setTimeout(60_000);

const sold = async (name: string) =>
  Object.fromEntries((await ticketRows(db.pool, `read_${name}_v1`)).map((row) => [row.ticket.slice('ticket-'.length), row.sold]));

it.each([
  ['a newer program', { ...metadata, schemaVersion: 2 }, 'TicketSold v2 is unknown here \\(this program reads up to v1\\)'],
  ['a stranger', { by: 'hand' }, 'Event .* was not written by this system'],
])('an event of %s parks its partition, whatever the fold asks of it, until a program reads it', async (_, of, why) => {
  await sell(events.store, 'ticket-a', times(2));
  const last = await sell(events.store, 'ticket-b', [{ n: 5 }, { n: 1, metadata: of }, { n: 10 }]);
  const counts = {
    ...tickets({ name: 'others' }),
    fold: (rows: PartitionRows<TicketRow>, { stream }: RecordedEvent) =>
      rows.put({ ticket: stream, sold: (rows.one()?.sold ?? 0) + 1, last: null }),
  };
  const projections = [...live(tickets(), counts), new LiveProjection(ledger, TYPES)];
  await openAll(db.pool, projections);
  const one = start(events.store, db.writePool, projections, { attendEveryMs: 20 });
  await one.reached(last);
  expect(projections.map(({ failed, handled }) => [failed, handled])).toEqual(Array(3).fill([undefined, last]));
  expect([await sold('tickets'), await sold('others')]).toEqual([
    { a: 2, b: 5 },
    { a: 2, b: 1 },
  ]);
  const found = await listDeadLetters(db.pool, { projection: 'tickets' });
  expect(found.map(({ revision, state }) => [Number(revision), state])).toEqual([
    [1, 'failed'],
    [2, 'queued'],
  ]);
  expect(found[0]!.error).toMatch(new RegExp(`^UnreadableEvent: ${why}; it is tried again by the next program that starts$`));
  const asked = await askForRetry(db.pool, { projection: 'tickets' }, 'tester');
  expect(await waitForRequest(db.pool, asked, 20_000)).toMatchObject({ outcome: 'still-failing', solved: 0, remaining: 2 });
  await one.stop();
  if (!('chain' in of)) return;

  // The next version of the program.
  const reads = new UpcasterRegistry({ TicketSold: [(data) => data] });
  await retryUnreadable(db.pool, 'a worker that begins');
  const next = live(tickets());
  await openAll(db.pool, next, parts.eventAt);
  const two = start(events.store, db.writePool, next, { attendEveryMs: 20, upcasters: reads });
  await until('the letters', async () => (await listDeadLetters(db.pool, { projection: 'tickets' })).length === 0);
  await two.stop();
  expect(await sold('tickets')).toEqual({ a: 2, b: 16 });
});

describe('filling from a log with an event that this program can not read', () => {
  const newer = { ...metadata, schemaVersion: 2 };

  it('parks its partition, as following does, and names it among the events behind a row', async () => {
    await sell(events.store, 'ticket-a', times(3));
    await sell(events.store, 'ticket-b', [{ n: 5 }, { n: 1, metadata: newer }, { n: 1 }]);
    await shown();
    const { schema } = await fill();
    expect(await ticketRows(db.pool, schema)).toEqual(await ticketRows(db.pool));
    expect((await ticketRows(db.pool, schema)).map(({ sold }) => sold)).toEqual([3, 5]);
    const { rows } = await db.pool.query(
      'select schema, partition, array_agg(state order by position) as states from ops.dead_letters group by 1, 2 order by 1',
    );
    expect(rows).toEqual(
      ['read_tickets_v1', schema].map((each) => ({ schema: each, partition: 'ticket-b', states: ['failed', 'queued'] })),
    );
    const behind: bigint[] = [];
    for await (const { revision } of eventsBehind(parts, tickets(), TYPES, 'ticket-b')) behind.push(revision);
    expect(behind).toEqual([0n, 1n, 2n]);
    await switchToCandidate({ ...parts, patienceMs: 0 }, 'tickets');
    expect(await freshnessOf(db.pool, 'tickets', 'ticket-b')).toMatchObject({ parked: 1, failed: null });
  });

  it('ends by naming tables and event where only the event tells its partition, and keeps what it has', async () => {
    await sell(events.store, 'ticket-a', times(3));
    await shown();
    const { schema } = await fill();
    await dropGeneration(db.pool, 'tickets');
    await sell(events.store, 'ticket-b', [{ n: 1, metadata: newer }]);
    const byText = { ...tickets(), partition: ({ data, stream }: RecordedEvent) => (data as { text?: string }).text ?? stream };
    await expect(fill(byText, { batchSize: 2 })).rejects.toThrow(
      new RegExp(
        `^${schema} can not go on: TicketSold [0-9a-f-]{36} \\(ticket-b at 0\\): TicketSold v2 is unknown here \\(this program reads up to v1\\)$`,
      ),
    );
    expect((await now()).filled).toBeGreaterThan(0);
  });
});
