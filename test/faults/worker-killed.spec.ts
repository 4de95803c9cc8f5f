import { type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { type HuicaiSystem, registerAllReactions } from '@huicai/composition';
import type { StoredEvent } from '@huicai/event-store';
import { firstMessage, forkSource } from '../support/processes.js';
import { compareWithReplay } from '../support/replay.js';
import { until } from '../support/until.js';
import { Rig } from './rig.fixture.js';
import { tellAll } from './tell-all.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const EVENTS = soak ? 20_000 : 2_000;
const KILLS = soak ? 12 : 3;
jest.setTimeout(soak ? 600_000 : 120_000);

let rig: Rig;
let system: HuicaiSystem;
let worker: ChildProcess | undefined;
beforeAll(async () => {
  rig = await Rig.start();
  system = await rig.open();
});
afterAll(async () => {
  await kill();
  await rig?.close();
});

async function startWorker(): Promise<void> {
  worker = forkSource(join(__dirname, '../../apps/worker/src/main.ts'), [], {
    DATABASE_URL: rig.databaseUrl,
    EVENTSTORE_URL: rig.events.connectionString,
    HUICAI_OIDC_ISSUER: 'https://issuer.example',
    HUICAI_KEK_FILE: rig.kekFile,
  });
  await firstMessage(worker);
}

async function kill(): Promise<void> {
  if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  worker.kill('SIGKILL');
  await ended;
}

/** The cases of a whole office over and over, under new ids; gives the position of the last event. */
async function flood(): Promise<bigint> {
  const streams = new Map<string, StoredEvent[]>();
  for await (const event of system.store.readAll())
    if (event.stream.startsWith('case-')) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  let last = 0n;
  for (let sent = 0; sent < EVENTS; )
    for (const events of streams.values()) {
      const caseId = randomUUID();
      const copies = events.map(({ type, data, metadata }) => ({
        id: randomUUID(),
        type,
        data: type === 'CaseRegistered' ? { ...(data as object), caseId } : (data as object),
        metadata: metadata as object,
      }));
      const result = await system.store.append(`case-${caseId}`, 'no_stream', copies);
      if (result.outcome !== 'appended') throw new Error(`The append ended as ${result.outcome}`);
      last = result.position;
      sent += copies.length;
    }
  return last;
}

async function handled(): Promise<bigint> {
  const there = await system.pool.query("select to_regclass('read.history_checkpoint') as view");
  if (there.rows[0].view === null) return -1n;
  const { rows } = await system.pool.query<{ at: string | null }>(
    'select min(position)::text as at from read.history_checkpoint',
  );
  return BigInt(rows[0]?.at ?? -1);
}

it('a worker that is killed in the middle of its work, again and again, leaves what a replay gives', async () => {
  // As the API does before it takes its first command.
  await registerAllReactions(system);
  await tellAll(system, rig.clock);
  const flooding = flood();
  for (let round = 0; round < KILLS; round++) {
    const before = await handled();
    await startWorker();
    await until('some progress', async () => (await handled()) > before);
    await kill();
  }
  const last = await flooding;
  await startWorker();
  await until('the end of the log', async () => (await handled()) >= last, 60_000);
  // The office's cases lie in the past of the worker's clock, so the dues they missed are recorded as well.
  await until(
    'the last timer',
    async () => (await system.pool.query('select 1 from read.sla_timers where due < now() limit 1')).rows.length === 0,
    60_000,
  );
  // What one reaction brings about may set another going.
  await until(
    'what timers and reactions did',
    async () => {
      const head = await headOf();
      const behind = await system.pool.query('select 1 from ops.reaction where position < $1', [head.toString()]);
      return behind.rows.length === 0 && (await handled()) >= head;
    },
    60_000,
  );
  await kill();

  expect(await compareWithReplay(rig.databaseUrl, rig.events.connectionString, rig.kekFile)).toEqual([]);
  const { rows: twice } = await system.pool.query(
    `select stream, data ->> 'clockId' as clock from read.history where type = 'BreachRecorded'
     and stream not in (select stream from read.history where type = 'BreachWithdrawn') group by 1, 2 having count(*) > 1`,
  );
  expect(twice).toEqual([]);
  // Every case whose callback was dissatisfied is under supervision, once: the log itself tells.
  const dissatisfied = await streamsWith('CallbackRecorded', (data) => data.resolved === false);
  expect(dissatisfied.length).toBeGreaterThan(KILLS);
  const raised = await streamsWith(
    'SupervisionRaised',
    ({ cause }) => cause === 'DISSATISFIED' || cause === 'STILL_DISSATISFIED',
  );
  expect(raised).toHaveLength(dissatisfied.length);
  expect(new Set(raised)).toEqual(new Set(dissatisfied));
  // So is every case whose promise was broken.
  const broken = await streamsWith('BreachRecorded', ({ clockId }) => (clockId as string).startsWith('total/'));
  for (const nth of [1, 2]) {
    const overdue = await streamsWith('SupervisionRaised', ({ cause, cycle }) => cause === 'OVERDUE' && cycle === nth);
    expect(new Set(overdue).size).toBe(overdue.length);
    expect(broken).toEqual(expect.arrayContaining(overdue));
  }
  const overdue = await streamsWith('SupervisionRaised', ({ cause }) => cause === 'OVERDUE');
  expect(overdue.length).toBeGreaterThan(0);
});

/** The stream of every event of a type with such data, once for each event. */
async function streamsWith(type: string, such: (data: Record<string, unknown>) => boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const event of system.store.readAll())
    if (event.type === type && such(event.data as Record<string, unknown>)) found.push(event.stream);
  return found;
}

async function headOf(): Promise<bigint> {
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) return event.position;
  throw new Error('The log is empty');
}
