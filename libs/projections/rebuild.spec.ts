import { randomUUID } from 'node:crypto';
import { until } from '../../test/support/until.js';
import {
  type AnyProjection,
  definitionBehind,
  diffGenerations,
  dropGeneration,
  eventsBehind,
  fillBeside,
  freshnessOf,
  LiveProjection,
  RebuildError,
  RebuildRunningError,
  readGenerations,
  registerLive,
  switchBack,
  switchToCandidate,
  versionOf,
} from './index.js';
import { db, events, fill, follow, now, parts, shown } from './rebuild.fixture.js';
import { ledger, live, STORE_ID, sell, start, TYPES, ticketRows, tickets, times } from './toy.fixture.js';

jest.setTimeout(60_000);

/** Another generation as a leader takes it up. */
async function generation(schema: string, definition: AnyProjection = tickets()): Promise<LiveProjection> {
  const p = new LiveProjection(definition, TYPES, schema);
  await p.resume(db.pool, STORE_ID, parts.eventAt);
  return p;
}

const show = (patienceMs = 0) => switchToCandidate({ ...parts, patienceMs }, 'tickets');
const viewed = async () => (await db.pool.query('select ticket, sold from read.tickets order by ticket')).rows;
const checkpoint = async (schema: string) =>
  (await db.pool.query(`select position::text, stream, revision::text, event_id, fold_hash from ${schema}.checkpoint`)).rows[0];
const schemas = async () =>
  (await db.pool.query(`select nspname from pg_namespace where nspname like 'read\\_tickets%' order by 1`)).rows.map(
    (r) => r.nspname,
  );

describe('filling', () => {
  it('makes the rows, indexes and checkpoint of the live ones, which nobody touches', async () => {
    const indexed = { ...tickets(), table: { ...tickets().table, indexes: ['(sold)', '(last) where sold > 1'] } };
    await sell(events.store, 'ticket-a', times(7));
    await sell(events.store, 'other-a', times(3));
    await sell(events.store, 'ticket-b', [
      { n: 2, text: 'x' },
      { n: 1, type: 'TicketReturned' },
      { n: 9, type: 'TicketPrinted' },
    ]);
    const p = await shown(indexed);
    const before = await db.pool.query('select xmin::text, * from read_tickets_v1.rows order by ticket');
    const told: number[] = [];
    const result = await fill(indexed, { batchSize: 2, onProgress: ({ events: n }) => told.push(n) });
    expect(result).toEqual({ schema: 'read_tickets_v1_2', outcome: 'filled' });
    expect(await ticketRows(db.pool, 'read_tickets_v1_2')).toEqual(await ticketRows(db.pool));
    expect(await checkpoint('read_tickets_v1_2')).toEqual(await checkpoint('read_tickets_v1'));
    expect((await db.pool.query('select xmin::text, * from read_tickets_v1.rows order by ticket')).rows).toEqual(before.rows);
    const indexes = async (schema: string) =>
      (await db.pool.query('select indexdef from pg_indexes where schemaname = $1 order by indexname', [schema])).rows.map(
        ({ indexdef }) => indexdef.replaceAll(schema, ''),
      );
    expect(await indexes('read_tickets_v1_2')).toEqual(await indexes('read_tickets_v1'));
    expect(await indexes('read_tickets_v1')).toHaveLength(4);
    expect(await now()).toMatchObject({ live: p.schema, candidate: result.schema, previous: null, following: true, filled: 10 });
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(10);
    expect(await fill(indexed)).toEqual({ schema: result.schema, outcome: 'was-filled' });
  });

  it('goes on where it was interrupted, and reads nothing twice', async () => {
    const position = await sell(events.store, 'ticket-a', times(40));
    await shown(ledger);
    const ended = new AbortController();
    const first = await fill(ledger, {
      batchSize: 3,
      signal: ended.signal,
      onProgress: ({ events: n }) => n >= 9 && ended.abort(),
    });
    expect(first.outcome).toBe('interrupted');
    const half = (await readGenerations(db.pool)).get('ledger')!;
    expect(half).toMatchObject({ candidate: first.schema, following: false });
    expect(half.filled).toBeGreaterThanOrEqual(9);
    expect(half.filled).toBeLessThan(40);
    const told: number[] = [];
    // A row that came twice would break the key of a table whose rows are only added.
    await db.pool.query(`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'again'; end $$;
      create trigger once before update on ${first.schema}.rows for each row execute function refuse()`);
    expect(await fill(ledger, { batchSize: 3, onProgress: ({ events: n }) => told.push(n) })).toEqual({
      schema: first.schema,
      outcome: 'filled',
    });
    expect(told[0]).toBeGreaterThan(half.filled);
    expect((await readGenerations(db.pool)).get('ledger')!.filled).toBe(40);
    expect((await db.pool.query(`select count(*)::int as n from ${first.schema}.rows`)).rows).toEqual([{ n: 40 }]);
    expect((await checkpoint(first.schema)).position).toBe(position.toString());
  });

  it('is done by one at a time, and not dropped under him; when he is gone another goes on', async () => {
    await sell(events.store, 'ticket-a', times(4));
    await shown();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let inside = false;
    const ended = new AbortController();
    const one = fillBeside(
      {
        ...parts,
        reference: async () => {
          inside = true;
          await gate;
        },
      },
      tickets(),
      TYPES,
      { signal: ended.signal },
    );
    await until('the first to be at it', () => inside);
    await expect(fill()).rejects.toThrow(RebuildRunningError);
    await expect(fill()).rejects.toThrow('tickets is being rebuilt by another process.');
    await expect(dropGeneration(db.pool, 'tickets')).rejects.toThrow('is being filled by another process');
    await expect(show()).rejects.toThrow('The candidate of tickets is not filled yet');
    ended.abort();
    open();
    expect((await one).outcome).toBe('interrupted');
    expect((await fill()).outcome).toBe('filled');
  });

  it('begins a candidate anew that was made by another fold, or from another log', async () => {
    await sell(events.store, 'ticket-a', times(4));
    await shown();
    const { schema } = await fill();
    for (const spoil of [`fold_hash = 'other'`, `store_id = '${randomUUID()}'`, `event_id = '${randomUUID()}'`]) {
      await db.pool.query(`update ${schema}.checkpoint set ${spoil}; insert into ${schema}.rows values ('stray', 1, null)`);
      const lines: string[] = [];
      expect(await fill(tickets(), { log: (line) => lines.push(line) })).toEqual({ schema, outcome: 'filled' });
      expect(lines).toEqual([
        expect.stringMatching(/^the candidate read_tickets_v1_2 can not be gone on with and is begun anew: /),
      ]);
      expect(await ticketRows(db.pool, schema)).toEqual(await ticketRows(db.pool));
    }
  });

  it('of a projection that no worker has made is refused', async () => {
    await expect(fill()).rejects.toThrow(RebuildError);
    await expect(fill()).rejects.toThrow('tickets has no tables yet');
    await expect(show()).rejects.toThrow('tickets has no tables yet');
    await expect(diffGenerations(db.pool, tickets())).rejects.toThrow('tickets has nothing to compare with');
  });

  it('puts aside what the fold can not take, and fills the rest', async () => {
    await sell(events.store, 'ticket-a', times(3));
    await sell(events.store, 'ticket-b', [{ n: 5 }, { n: 1, text: 'bad' }, { n: 1 }]);
    await shown();
    const bad = tickets({
      onText: {
        bad: (row) => {
          row.sold = 3_000_000_000;
        },
      },
    });
    const { schema } = await fill(bad);
    expect((await ticketRows(db.pool, schema)).map(({ sold }) => sold)).toEqual([3, 5]);
    const { rows } = await db.pool.query('select schema, partition, state from ops.dead_letters order by position');
    expect(rows).toEqual([
      { schema, partition: 'ticket-b', state: 'failed' },
      { schema, partition: 'ticket-b', state: 'queued' },
    ]);
    await dropGeneration(db.pool, 'tickets');
    expect((await db.pool.query('select 1 from ops.dead_letters')).rows).toEqual([]);
  });
});

describe('comparing', () => {
  it('finds rows that only one side has and those that changed, and names the events behind them', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await sell(events.store, `ticket-${name}`, times(2));
    await shown();
    const { schema } = await fill();
    expect(await diffGenerations(db.pool, tickets())).toMatchObject({
      counts: { 'only-live': 0, 'only-candidate': 0, changed: 0 },
      same: 4,
      samples: [],
    });
    await db.pool.query(`update read_tickets_v1.rows set sold = 9, last = 'x' where ticket = 'ticket-b';
      delete from read_tickets_v1.rows where ticket = 'ticket-c'; insert into read_tickets_v1.rows values ('ticket-z', 1, null)`);
    const diff = await diffGenerations(db.pool, tickets());
    expect(diff).toEqual({
      live: 'read_tickets_v1',
      candidate: schema,
      counts: { 'only-live': 1, 'only-candidate': 1, changed: 1 },
      same: 2,
      samples: [
        {
          kind: 'changed',
          key: { ticket: 'ticket-b' },
          partition: 'ticket-b',
          columns: [
            { name: 'sold', live: '9', candidate: '2' },
            { name: 'last', live: 'x', candidate: null },
          ],
        },
        { kind: 'only-candidate', key: { ticket: 'ticket-c' }, partition: 'ticket-c', columns: [] },
        { kind: 'only-live', key: { ticket: 'ticket-z' }, partition: 'ticket-z', columns: [] },
      ],
      unshared: [],
      positions: { live: expect.any(String), candidate: diff.positions.live },
    });
    const causes = [];
    for await (const cause of eventsBehind(parts, tickets(), TYPES, diff.samples[0]!.partition)) causes.push(cause);
    expect(causes.map(({ stream, revision, type }) => [stream, revision, type])).toEqual([
      ['ticket-b', 0n, 'TicketSold'],
      ['ticket-b', 1n, 'TicketSold'],
    ]);
    for await (const _ of eventsBehind(parts, tickets(), TYPES, 'ticket-z')) throw new Error('No event made this row');
  });

  it('shows a few of each kind and counts all', async () => {
    for (let i = 0; i < 12; i++) await sell(events.store, `ticket-${i}`, times(1));
    await shown();
    await fill();
    await db.pool.query('update read_tickets_v1.rows set sold = 2');
    const { counts, samples } = await diffGenerations(db.pool, tickets(), { samples: 3 });
    expect([counts.changed, samples.length]).toEqual([12, 3]);
  });

  it('says where each stands, and what it could not compare', async () => {
    await sell(events.store, 'ticket-a', times(1));
    await shown();
    const { schema } = await fill();
    const last = await sell(events.store, 'ticket-a', times(1));
    await follow(await generation(schema));
    await db.pool.query('alter table read_tickets_v1.rows add column extra int4');
    const diff = await diffGenerations(db.pool, tickets());
    expect(diff.positions.candidate).toBe(last.toString());
    expect(diff.positions.live).not.toBe(last.toString());
    expect(diff.unshared).toEqual([{ name: 'extra', in: 'live' }]);
    expect(diff.counts.changed).toBe(1);
    await db.pool.query('alter table read_tickets_v1.rows rename column ticket to id');
    await expect(diffGenerations(db.pool, tickets())).rejects.toThrow('only one of them has ticket');
  });
});

describe('switching', () => {
  it('shows the candidate and keeps the other, and back; only one step back is kept', async () => {
    await sell(events.store, 'ticket-a', times(3));
    const old = await shown();
    await db.pool.query('update read_tickets_v1.rows set sold = 100');
    const { schema } = await fill();
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 100 }]);
    expect(await show()).toEqual({ live: schema, previous: 'read_tickets_v1', dropped: null });
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 3 }]);
    expect(await now()).toMatchObject({
      live: schema,
      candidate: null,
      previous: 'read_tickets_v1',
      following: false,
      filled: 0,
    });
    await expect(show()).rejects.toThrow('tickets has no candidate. Make one: npm run cli -- rebuild tickets');

    const last = await sell(events.store, 'ticket-a', times(2));
    await follow(await generation(schema), old);
    expect((await freshnessOf(db.pool, 'tickets')).position).toBe(last);
    expect(await switchBack(parts, 'tickets')).toEqual({ live: 'read_tickets_v1', previous: schema });
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 102 }]);
    await switchBack(parts, 'tickets');
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 5 }]);

    expect(await fill()).toEqual({ schema: 'read_tickets_v1_3', outcome: 'filled' });
    expect(await show()).toEqual({ live: 'read_tickets_v1_3', previous: schema, dropped: 'read_tickets_v1' });
    expect(await schemas()).toEqual([schema, 'read_tickets_v1_3']);
  });

  it('is refused to rows that are behind, or have stopped, or come from another store', async () => {
    await sell(events.store, 'ticket-a', times(3));
    const p = await shown();
    const { schema } = await fill();
    const last = await sell(events.store, 'ticket-a', times(1));
    await follow(p);
    await expect(show()).rejects.toThrow(new RegExp(`stand at \\d+, before those shown now at ${last}`));
    await follow(await generation(schema));
    await db.pool.query(`update ${schema}.checkpoint set failed = 'a fault'`);
    await expect(show()).rejects.toThrow('The rows of tickets to be shown have stopped: a fault');
    await db.pool.query(`update ${schema}.checkpoint set failed = null, store_id = '${randomUUID()}'`);
    await expect(show()).rejects.toThrow('made from another event store');
    await db.pool.query(`delete from ${schema}.checkpoint`);
    await expect(show()).rejects.toThrow('have lost their checkpoint');
    expect(await now()).toMatchObject({ live: 'read_tickets_v1', candidate: schema });
    await expect(switchBack(parts, 'tickets')).rejects.toThrow('tickets has nothing to switch to');
  });

  it('waits until the candidate has come level', async () => {
    await sell(events.store, 'ticket-a', times(3));
    const p = await shown();
    const { schema } = await fill();
    await sell(events.store, 'ticket-a', times(1));
    await follow(p);
    const switching = show(20_000);
    await follow(await generation(schema));
    expect((await switching).live).toBe(schema);
  });

  it('works where the live rows are of a log that was put back, or have lost their checkpoint', async () => {
    await sell(events.store, 'ticket-a', times(3));
    const p = await shown();
    await sell(events.store, 'ticket-a', times(1));
    await fill();
    await db.pool.query(`update ${p.schema}.checkpoint set position = 999999999, event_id = '${randomUUID()}'`);
    await show();
    await fill();
    await db.pool.query(`delete from ${(await now()).live}.checkpoint`);
    await show();
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 4 }]);
  });

  it('gives way to readers in its way and comes through when they are gone', async () => {
    await sell(events.store, 'ticket-a', times(3));
    await shown();
    const { schema } = await fill();
    const reader = await db.pool.connect();
    await reader.query('begin; select * from read.tickets');
    await expect(show()).rejects.toThrow('The views of tickets have been in use by long queries');
    // Nothing is left in the way of others.
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 3 }]);
    const switching = show(20_000);
    await reader.query('select * from read.tickets; select * from read.tickets_checkpoint; commit');
    reader.release();
    expect((await switching).live).toBe(schema);
  });

  it('mends a projection that has stopped at a fault', async () => {
    const stuck = new LiveProjection(tickets(), TYPES);
    await stuck.open(db.pool, STORE_ID, parts.eventAt);
    await registerLive(db.pool, 'tickets', stuck.schema);
    await stuck.stop(db.pool, 'a fault');
    const last = await sell(events.store, 'ticket-a', times(3));
    await fill();
    await show();
    expect(await freshnessOf(db.pool, 'tickets')).toMatchObject({ position: last, failed: null });
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 3 }]);
  });
});

describe('dropping', () => {
  it('takes the candidate first, then the previous rows, and never what is shown', async () => {
    await sell(events.store, 'ticket-a', times(3));
    await shown();
    await fill();
    await show();
    const { schema } = await fill();
    expect(await dropGeneration(db.pool, 'tickets')).toBe(schema);
    expect(await dropGeneration(db.pool, 'tickets')).toBe('read_tickets_v1');
    await expect(dropGeneration(db.pool, 'tickets')).rejects.toThrow('tickets has neither a candidate nor previous rows');
    expect(await schemas()).toEqual(['read_tickets_v1_2']);
    expect(await viewed()).toEqual([{ ticket: 'ticket-a', sold: 3 }]);
  });

  it('under a worker that feeds it is told as a moved checkpoint', async () => {
    await sell(events.store, 'ticket-a', times(3));
    const p = await shown();
    const { schema } = await fill();
    const run = start(events.store, db.writePool, [p, await generation(schema)]);
    const ended = run.done.catch((error: Error) => error.name);
    await run.reached(await sell(events.store, 'ticket-a', times(1)));
    await dropGeneration(db.pool, 'tickets');
    await sell(events.store, 'ticket-a', times(1));
    expect(await ended).toBe('CheckpointMovedError');
  });

  it('under a filler ends him', async () => {
    await sell(events.store, 'ticket-a', times(9));
    await shown();
    let dropped = false;
    const filling = fillBeside(
      {
        ...parts,
        reference: async () => {
          if (!dropped) await db.pool.query('update ops.projection set candidate = null');
          dropped = true;
        },
      },
      tickets(),
      TYPES,
      { batchSize: 3 },
    );
    await expect(filling).rejects.toThrow('was dropped while it was filled');
  });
});

it('knows the versions of schemas, and the folds kept for older rows', () => {
  expect(['read_a_v1', 'read_a_v2_v13', 'read_a_b_v4_12'].map(versionOf)).toEqual([1, 13, 4]);
  expect(() => versionOf('read_a')).toThrow('Not the schema of a read model');
  const [one, two] = [tickets(), tickets({ version: 2 })];
  const third = { ...tickets({ version: 3 }), before: { ...two, before: one } };
  expect(definitionBehind(third, ({ version }) => version === 1)).toBe(one);
  expect(definitionBehind(third, ({ version }) => version === 4)).toBeUndefined();
  expect(live(one)[0]!.hash()).toBe(live({ ...one, before: two } as never)[0]!.hash());
});
