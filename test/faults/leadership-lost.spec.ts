import { allProjections, type HuicaiSystem, ourAggregates, upcasters } from '@huicai/composition';
import { CheckpointMovedError, LiveProjection, leaderStatus, Projector } from '@huicai/projections';
import type { Pool } from 'pg';
import { Replay } from '../support/replay.js';
import { until } from '../support/until.js';
import { Rig } from './rig.fixture.js';
import { SilentLink } from './silent-link.fixture.js';
import { tellAll } from './tell-all.fixture.js';
import { Flood, WorkerProcess } from './worker-process.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const EVENTS = soak ? 80_000 : 1_600;
jest.setTimeout(soak ? 600_000 : 180_000);

let rig: Rig;
let system: HuicaiSystem;
let flood: Flood;
let replay: Replay;
let workers: WorkerProcess[] = [];
beforeAll(async () => {
  rig = await Rig.start();
  system = await rig.open();
  await tellAll(system, rig.clock);
  flood = await Flood.of(system.store);
  replay = await Replay.start(rig.events.connectionString, rig.kekFile);
});
afterEach(async () => {
  for (const worker of workers) await worker.kill();
  workers = [];
});
afterAll(async () => {
  await replay?.close();
  await rig?.close();
});

const environment = () => ({ databaseUrl: rig.databaseUrl, eventStoreUrl: rig.events.connectionString, kekFile: rig.kekFile });

/** Two workers, the first of which leads and is in the middle of its work. */
async function two(links = environment()): Promise<{ leader: WorkerProcess; other: WorkerProcess; flooding: Promise<void> }> {
  const leader = new WorkerProcess(links);
  workers.push(leader);
  await until('a leader', () => leader.led > 0, 60_000);
  const other = new WorkerProcess(environment());
  workers.push(other);
  await until('another that waits', async () => (await waiting()) === 1, 60_000);
  const from = await handled();
  const flooding = flood.send(EVENTS);
  await until('progress', async () => (await handled()) > from, 60_000);
  return { leader, other, flooding };
}

const waiting = async (): Promise<number> =>
  (
    await system.pool.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity a where application_name = 'huicai-lead' and datname = current_database()
       and not exists (select 1 from pg_locks l where l.pid = a.pid and locktype = 'advisory')`,
    )
  ).rows[0]!.n;

async function linkTo(address: string): Promise<{ link: SilentLink; url: string }> {
  const port = /:(\d+)(?=[/?])/.exec(address)![1]!;
  const link = await SilentLink.to(Number(port));
  return { link, url: address.replace(`:${port}`, `:${link.port}`) };
}

async function handled(): Promise<bigint> {
  const { rows } = await system.pool.query<{ at: string | null }>('select position::text as at from read.history_checkpoint');
  return BigInt(rows[0]?.at ?? -1);
}

async function exact(): Promise<void> {
  let head = 0n;
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) head = event.position;
  await until('the end of the log', async () => (await handled()) >= head, 60_000);
  await until(
    'the last timer',
    async () => (await system.pool.query('select 1 from read.sla_timers where due < now() limit 1')).rows.length === 0,
    120_000,
  );
  await until(
    'the last reaction',
    async () => (await system.pool.query('select 1 from ops.reaction where position >= $1', [head.toString()])).rows.length > 0,
    60_000,
  );
  expect(await replay.differences(system.pool)).toEqual([]);
  const { rows: twice } = await system.pool.query(
    `select stream, data ->> 'clockId' as clock from read.history where type = 'BreachRecorded'
     and stream not in (select stream from read.history where type = 'BreachWithdrawn') group by 1, 2 having count(*) > 1`,
  );
  expect(twice).toEqual([]);
}

const tell = (what: string, from: number) => process.stdout.write(`${what}: ${Math.round(performance.now() - from)} ms\n`);

it('a leader killed in the middle of its work is followed by the other', async () => {
  const { leader, other, flooding } = await two();
  const before = await leaderStatus(system.pool);
  expect(before).toMatchObject({ leads: true });
  expect(before!.name).toMatch(new RegExp(`:${leader.child.pid}$`));
  const from = performance.now();
  await leader.kill();
  await until('the other to lead', () => other.led > 0, 60_000);
  tell('take-over from a killed leader', from);
  const after = await leaderStatus(system.pool);
  expect(after).toMatchObject({ leads: true });
  expect(after!.name).toMatch(new RegExp(`:${other.child.pid}$`));
  expect(after!.since.getTime()).toBeGreaterThan(before!.since.getTime());
  await flooding;
  await exact();
  await other.kill();
  await until('nobody to lead', async () => !(await leaderStatus(system.pool))!.leads);
});

it('a leader that freezes is followed by the other, and writes nothing when it wakes', async () => {
  const { leader, other, flooding } = await two();
  const from = performance.now();
  leader.child.kill('SIGSTOP');
  await until('the other to lead', () => other.led > 0, 60_000);
  tell('take-over from a frozen leader', from);
  const took = await handled();
  await until('work by the other', async () => (await handled()) > took, 60_000);
  leader.child.kill('SIGCONT');
  await until('the frozen one to notice', () => /worker: .*waiting for/.test(leader.output), 60_000);
  await flooding;
  expect((await leaderStatus(system.pool))!.name).toMatch(new RegExp(`:${other.child.pid}$`));
  expect(leader.led).toBe(1);
  await exact();
  // It is none the worse for it: it leads again when it is wanted.
  await other.kill();
  await until('the first to lead again', () => leader.led === 2, 60_000);
  await exact();
});

it('a leader whose packets to PostgreSQL and the store are lost is followed by the other, and writes nothing when they arrive again', async () => {
  const { databaseUrl, eventStoreUrl, ...others } = environment();
  const [database, store] = [await linkTo(databaseUrl), await linkTo(eventStoreUrl)];
  const { leader, other, flooding } = await two({ databaseUrl: database.url, eventStoreUrl: store.url, ...others });
  const from = performance.now();
  for (const { link } of [database, store]) link.fallSilent();
  await until('the other to lead', () => other.led > 0, 60_000);
  tell('take-over from a leader whose packets are lost', from);
  await until('the one cut off to notice', () => /worker: .*waiting for/.test(leader.output), 60_000);
  for (const { link } of [database, store]) link.mend();
  await flooding;
  expect((await leaderStatus(system.pool))!.name).toMatch(new RegExp(`:${other.child.pid}$`));
  await exact();
  await other.kill();
  await until('the first to lead again', () => leader.led === 2, 120_000);
  await exact();
  await leader.kill();
  for (const { link } of [database, store]) await link.close();
});

it('a leader whose session is ended stops, and one of the two leads on', async () => {
  const { leader, other, flooding } = await two();
  for (let turn = 0; turn < 3; turn++) {
    const before = leader.led + other.led;
    await system.pool.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
       and database = (select oid from pg_database where datname = current_database())`,
    );
    await until('a new term', () => leader.led + other.led > before, 60_000);
  }
  expect(`${leader.output}${other.output}`).toContain('the lead is lost');
  await flooding;
  await exact();
});

it('two that write at once, knowing of no lead, never write twice', async () => {
  const systems = [system, await rig.open()];
  const ended = new AbortController();
  const running = systems.map((one) => writeUntil(one, ended.signal));
  await flood.send(EVENTS);
  let head = 0n;
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) head = event.position;
  await until('the end of the log', async () => (await handled()) >= head, 60_000);
  ended.abort();
  const refused = (await Promise.all(running)).reduce((a, b) => a + b);
  expect(refused).toBeGreaterThan(0);
  expect(await replay.differences(system.pool)).toEqual([]);
});

/** Projects as a leader does, and again when another has moved a checkpoint. How often that was. */
async function writeUntil({ pool, writePool, store, facts, storeId }: HuicaiSystem, signal: AbortSignal): Promise<number> {
  for (let refused = 0; ; refused++) {
    try {
      const projections = await openAll(pool, storeId, signal);
      if (!projections) return refused;
      await new Projector({
        pool: writePool,
        store,
        upcasters,
        aggregates: ourAggregates,
        projections,
        reference: () => facts.time(),
        log: () => undefined,
        batchSize: 50,
      }).run(signal);
      return refused;
    } catch (error) {
      if (!(error instanceof CheckpointMovedError)) throw error;
    }
  }
}

/** Several that open at once make the views anew in each other's way, which PostgreSQL refuses to one of them. */
async function openAll(pool: Pool, storeId: string, signal: AbortSignal): Promise<LiveProjection[] | undefined> {
  while (!signal.aborted) {
    try {
      const projections = [...allProjections].map(([definition, types]) => new LiveProjection(definition, types));
      for (const projection of projections) await projection.open(pool, storeId, eventIdAt);
      return projections;
    } catch (error) {
      if (!/^(40|42|23|XX000)/.test((error as { code?: string }).code ?? '')) throw error;
    }
  }
  return undefined;
}

async function eventIdAt(stream: string, revision: bigint): Promise<string | undefined> {
  for await (const event of system.store.readStream(stream, { from: revision, maxCount: 1 })) return event.id;
  return undefined;
}
