import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedEventStore } from '@huicai/embedded-eventstore';
import { eventIdOf, streamName } from '@huicai/kernel';
import { createReadPool, freshnessOf, Horizon, LiveProjection, RebuildNeededError, waitForPosition } from '@huicai/projections';
import { accept, dispatch, handled, type Office, openOffice, submit, takeThrough } from '../../test/faults/office.fixture.js';
import { Rig, type RunningWorker } from '../../test/faults/rig.fixture.js';
import { all } from '../../test/support/event-store.js';
import { compareWithReplay } from '../../test/support/replay.js';
import { until } from '../../test/support/until.js';
import { cutConnections } from '../projections/toy.fixture.js';
import { allProjections } from './flows.js';
import type { HuicaiSystem } from './system.js';

jest.setTimeout(90_000);

const leads = (worker: RunningWorker) => worker.lines.filter((line) => line.startsWith('leading')).length;
const isLeading = ({ lines }: RunningWorker): boolean =>
  lines.findLastIndex((line) => line.startsWith('leading')) >
  lines.findLastIndex((line) => /waiting for (it|the lead)$/.test(line));
const projectionCalled = (name: string): LiveProjection =>
  new LiveProjection(...[...allProjections].find(([p]) => p.name === name)!);

describe('workers', () => {
  let rig: Rig;
  let system: HuicaiSystem;
  let office: Office;
  beforeAll(async () => {
    rig = await Rig.start();
    system = await rig.open({ attempt: () => 'first' });
    office = await openOffice(system, rig.clock);
  });
  afterEach(() => rig.stopWorkers());
  afterAll(() => rig?.close());

  const replayed = () => compareWithReplay(rig.databaseUrl, rig.events.connectionString, rig.kekFile);
  const shown = async (position: bigint) => {
    for (const { name } of allProjections.keys()) expect(await waitForPosition(system.pool, name, position, 20_000)).toBe(true);
  };
  const leaders = async () =>
    (
      await system.pool.query<{ pid: number }>(
        `select pid from pg_locks where locktype = 'advisory' and granted
         and database = (select oid from pg_database where datname = current_database())`,
      )
    ).rows.map((row) => row.pid);

  it('take turns: one leads, and when its session dies the other takes over and the first stops', async () => {
    const other = await rig.open({ attempt: () => 'second' });
    const workers = [rig.work(system), rig.work(other)];
    await until('a leader', () => workers.some((worker) => leads(worker) > 0));
    let leader = workers.findIndex((worker) => leads(worker) > 0);
    for (let turn = 0; turn < 2; turn++) {
      const flood = (async () => {
        let position = 0n;
        for (let i = 0; i < 4; i++) ({ position } = await takeThrough(office, [...handled, submit]));
        return position;
      })();
      const [pid, ...more] = await leaders();
      expect(more).toEqual([]);
      await system.pool.query('select pg_terminate_backend($1)', [pid]);
      const [old, next] = [workers[leader]!, workers[1 - leader]!];
      const before = leads(next);
      await until('the other to lead', () => leads(next) > before);
      // The one that lost it first lets its commands in flight come to their end, which does no harm.
      await until('the first to stop', () => old.lines.at(-1) === 'the lead is lost; waiting for it');
      await shown(await flood);
      // What the old leader was still writing may come to light behind the new one's back, which then steps back once more.
      leader = await until('exactly one that leads', () => {
        const now = workers.map(isLeading);
        return now[0] === now[1] ? null : now.indexOf(true);
      });
      const since = workers.map(leads);

      // Due timers are fired by the new leader alone.
      const { caseId } = await takeThrough(office, [accept, dispatch(), 24 * 60]);
      const breaches = await until('the breaches', async () => {
        const events = await all(system.store.readStream(streamName('case', caseId)));
        const found = events.filter((event) => event.type === 'BreachRecorded');
        return found.length === 2 && found;
      });
      await shown(breaches.at(-1)!.position);
      const firedBy = ({ id, metadata }: (typeof breaches)[number]) =>
        ['first', 'second'].find((name) => id === eventIdOf((metadata as { commandId: string }).commandId, name, 0));
      const may = ['first', 'second'].filter((_, i) => i === leader || leads(workers[i]!) > since[i]!);
      for (const breach of breaches) expect(may).toContain(firedBy(breach));
    }
    const steppedBack = workers.flatMap(({ lines }) => lines).filter((line) => line.endsWith('waiting for the lead')).length;
    expect(workers.map(leads).reduce((a, b) => a + b)).toBe(3 + steppedBack);
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(await leaders()).toEqual([]);
    expect(await replayed()).toEqual([]);
  });

  it('go on after both servers went away and came back, and lose or double nothing', async () => {
    const worker = rig.work(system);
    await until('the lead', () => leads(worker) === 1);
    const cases = async (count: number) => {
      let position = 0n;
      for (let i = 0; i < count; i++) ({ position } = await takeThrough(office, [...handled, submit]));
      return position;
    };
    await shown(await cases(2));
    await rig.events.stop();
    await until('the drop', () => system.store.connection().state === 'dropped');
    await rig.events.start();
    await shown(await cases(2));
    await Promise.all([
      cutConnections(rig.databaseUrl),
      until('the loss', () => worker.lines.some((l) => l.startsWith('the lead is lost'))),
    ]);
    await until('the lead again', () => leads(worker) === 2);
    await shown(await cases(2));
    // Both at once: nobody can lead before both are back.
    await rig.events.stop();
    await cutConnections(rig.databaseUrl);
    await until('word of the store', () =>
      worker.lines.some((line) => /^Event store unavailable.*waiting for the lead$/.test(line)),
    );
    await rig.events.start();
    await until('the lead again', () => leads(worker) === 3);
    await shown(await cases(2));
    await worker.stop();
    const unavailable = worker.lines.filter((line) => line.startsWith('Event store unavailable'));
    expect(unavailable.length).toBe(new Set(unavailable).size);
    expect(await replayed()).toEqual([]);
  });

  it('fill a read model again that was emptied, though nothing happens', async () => {
    const worker = rig.work(system);
    await until('the lead', () => leads(worker) === 1);
    const { position } = await takeThrough(office, handled);
    await shown(position);
    await projectionCalled('service_queue').create(system.pool, system.storeId);
    await until('the step back', () =>
      worker.lines.includes('The checkpoint of read_service_queue_v13 was moved by another worker; waiting for the lead'),
    );
    await shown(position);
    await worker.stop();
    expect(await replayed()).toEqual([]);
  });

  it('empty tables under a worker that is busy, again and again', async () => {
    const worker = rig.work(system);
    const names = ['service_queue', 'history', 'case_detail'];
    const flood = (async () => {
      let position = 0n;
      for (let i = 0; i < 10; i++) ({ position } = await takeThrough(office, handled));
      return position;
    })();
    for (const name of names) {
      await until('the lead', () => leads(worker) > 0);
      await projectionCalled(name).create(system.pool, system.storeId);
    }
    await shown(await flood);
    await worker.stop();
    expect(await replayed()).toEqual([]);
  });

  it('end at once, whenever they are told to', async () => {
    const held = rig.work(system);
    await until('the lead', () => leads(held) === 1);
    const waiting = rig.work(system);
    await waiting.stop();
    expect(waiting.lines).toEqual([]);
    await held.stop();
    const stillborn = rig.work(system);
    await stillborn.stop();
    expect(await leaders()).toEqual([]);
  });

  describe('tell how fresh the views are', () => {
    const asOf = async () => (await freshnessOf(system.pool, 'case_detail')).asOf?.getTime();
    const level = (time: number) => until(`word of ${new Date(time).toISOString()}`, async () => (await asOf()) === time);

    it('as of now while level with the store, whatever kind of event came last', async () => {
      const worker = rig.work(system);
      const { position } = await takeThrough(office, []);
      rig.clock.pass(1);
      await level(rig.clock.time);
      expect(await freshnessOf(system.pool, 'case_detail')).toMatchObject({ position, failed: null });
      await system.store.append('foreign-1', 'no_stream', [
        { id: '0192bbbb-0000-7000-8000-000000000001', type: 'SomethingElse', data: {}, metadata: {} },
      ]);
      rig.clock.pass(1);
      await level(rig.clock.time);
      await worker.stop();
    });

    it('as of an earlier look while events come faster than they are seen, as of each once', () => {
      const horizon = new Horizon();
      expect(horizon.reached(undefined)).toBeUndefined();
      horizon.look(new Date(1_000), undefined);
      expect(horizon.reached(undefined)).toEqual(new Date(1_000));
      for (const [at, head] of [
        [2_000, 20n],
        [3_000, 30n],
        [4_000, 40n],
      ] as const)
        horizon.look(new Date(at), head);
      expect(horizon.reached(19n)).toBeUndefined();
      expect(horizon.reached(39n)).toEqual(new Date(3_000));
      expect(horizon.reached(39n)).toBeUndefined();
      expect(horizon.reached(40n)).toEqual(new Date(4_000));
      // One who is far behind for long still finds looks along his way.
      for (let n = 0; n < 10_000; n++) horizon.look(new Date(n), BigInt(n));
      const first = horizon.reached(5_000n)!.getTime();
      expect(first).toBeGreaterThan(2_500);
      expect(first).toBeLessThanOrEqual(5_000);
      expect(horizon.reached(9_999n)).toEqual(new Date(9_999));
    });

    it('as of then while nobody works, or PostgreSQL or the event store is away', async () => {
      const before = (await asOf())!;
      rig.clock.pass(10);
      expect(await asOf()).toBe(before);
      const worker = rig.work(system);
      await level(rig.clock.time);
      const then = rig.clock.time;
      await rig.events.stop();
      await until('the drop', () => system.store.connection().state === 'dropped');
      rig.clock.pass(10);
      await until('several attempts', () => {
        const connection = system.store.connection();
        return connection.state === 'dropped' && connection.attempts > 5;
      });
      expect(await asOf()).toBe(then);
      await rig.events.start();
      await level(rig.clock.time);
      await worker.stop();
    });

    it('as of nothing for a view that is being filled or has stopped, while the others stay fresh', async () => {
      const worker = rig.work(system);
      rig.clock.pass(1);
      await level(rig.clock.time);
      await projectionCalled('cards').create(system.pool, system.storeId);
      expect(await freshnessOf(system.pool, 'cards')).toEqual({ asOf: null, position: null, failed: null, parked: 0 });
      await until('the view again', async () => (await freshnessOf(system.pool, 'cards')).asOf !== null);
      await worker.stop();
      expect(await freshnessOf(system.pool, 'nothing_of_the_kind')).toEqual({
        asOf: null,
        position: null,
        failed: null,
        parked: 0,
      });
    });

    it('and whether a position is reached, in time', async () => {
      const worker = rig.work(system);
      const { position } = await takeThrough(office, []);
      expect(await waitForPosition(system.pool, 'case_detail', position, 20_000)).toBe(true);
      expect(await waitForPosition(system.pool, 'case_detail', position + 1n, 60)).toBe(false);
      expect(await waitForPosition(system.pool, 'nothing_of_the_kind', position, 60)).toBe(false);
      await worker.stop();
      await system.pool.query(`update read_case_detail_v14.checkpoint set failed = 'broken'`);
      // Long before the limit, which no test would live to see.
      expect(await waitForPosition(system.pool, 'case_detail', position + 1n, 3_600_000)).toBe(false);
      expect(await waitForPosition(system.pool, 'case_detail', position, 60)).toBe(true);
    });
  });
});

describe('a worker whose event store is put back or exchanged', () => {
  let rig: Rig;
  let directory: string;
  let server: Awaited<ReturnType<typeof startEmbeddedEventStore>>;
  let port: number;
  let system: HuicaiSystem;
  let office: Office;

  const serve = async (name: string) => {
    server = await startEmbeddedEventStore({ dir: join(directory, name), port });
    ({ port } = server);
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'huicai-restored-'));
    port = 0;
    rig = await Rig.start();
    await serve('log');
    system = await rig.open({ eventStoreUrl: server.connectionString });
    office = await openOffice(system, rig.clock);
    await takeThrough(office, handled);
    await server.stop();
    await cp(join(directory, 'log'), join(directory, 'older'), { recursive: true });
    await serve('log');
  });
  afterEach(async () => {
    await rig.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each([
    ['an older state', 'older', false, 'is ahead of the event store'],
    ['an older state that has gone on', 'older', true, 'is ahead of the event store'],
    ['another store', 'another', true, 'was built from another event store'],
  ])('by %s refuses to go on, running or starting', async (_, name, goesOn, why) => {
    const worker = rig.work(system);
    const { position } = await takeThrough(office, handled);
    await until('the view', async () => {
      await waitForPosition(system.pool, 'case_detail', position, 1_000);
      return (await freshnessOf(system.pool, 'case_detail')).position === position;
    });
    await server.stop();
    await serve(name);
    const beside = await rig.open({ eventStoreUrl: server.connectionString });
    if (goesOn) {
      const now = await openOffice(beside, rig.clock, 1);
      for (let i = 0; i < 3; i++) await takeThrough(now, handled);
    }
    await expect(worker.done).rejects.toThrow(RebuildNeededError);
    await expect(worker.done).rejects.toThrow(why);
    await expect(worker.done).rejects.toThrow('Run: npm run cli -- rebuild');
    const starting = rig.work(beside);
    await expect(starting.done).rejects.toThrow(RebuildNeededError);
    const pool = createReadPool(rig.databaseUrl, 1);
    expect((await freshnessOf(pool, 'case_detail')).position).toBe(position);
    await pool.end();

    if (name === 'older') return;
    for (const definition of allProjections) await new LiveProjection(...definition).create(beside.pool, beside.storeId);
    const rebuilt = rig.work(beside);
    await until('the lead', () => leads(rebuilt) === 1);
    await until(
      'the rows',
      async () => (await compareWithReplay(rig.databaseUrl, server.connectionString, rig.kekFile)).length === 0,
    );
    await rebuilt.stop();
  });
});
