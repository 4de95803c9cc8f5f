import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HuicaiSystem, loadReferenceData, registerAllReactions } from '@huicai/composition';
import { backup, restore } from '@huicai/embedded-eventstore';
import type { EventStore } from '@huicai/event-store';
import { Replay } from '../support/replay.js';
import { until } from '../support/until.js';
import { Random, withSeed } from './eventstore-writers.fixture.js';
import { Installation, PARTS } from './installation.fixture.js';
import { SetClock } from './rig.fixture.js';
import { tellAll } from './tell-all.fixture.js';
import { Flood } from './worker-process.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const ROUNDS = soak ? 10 : 3;
const EVENTS = soak ? 100_000 : 20_000;
/** How often each part is killed in a round. */
const KILLS = soak ? 6 : 1;
const PATIENCE_MS = soak ? 900_000 : 120_000;
jest.setTimeout(soak ? 7_200_000 : 400_000);

let installation: Installation;
let system: HuicaiSystem;
const clock = new SetClock(0);
beforeAll(async () => {
  installation = await Installation.start();
  const { databaseUrl, eventStoreUrl, kekFile } = installation;
  clock.time = Date.parse('2026-09-28T09:00:00+08:00');
  system = await HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile, clock });
  // As the API does before it takes its first command.
  await registerAllReactions(system);
  await loadReferenceData(system);
  await tellAll(system, clock);
}, 120_000);
afterAll(async () => {
  await system?.close();
  await installation?.end();
}, 60_000);

async function headOf(store: EventStore): Promise<bigint> {
  for await (const event of store.readAll({ backwards: true, maxCount: 1 })) return event.position;
  throw new Error('The log is empty');
}

/** The least of what the projections have handled; -1 before there are any, or while PostgreSQL is away. */
async function handled(): Promise<bigint> {
  try {
    const { rows } = await system.pool.query<{ at: string | null }>('select position::text as at from read.history_checkpoint');
    return BigInt(rows[0]?.at ?? -1);
  } catch {
    return -1n;
  }
}

async function caughtUp(): Promise<void> {
  const head = await headOf(system.store);
  await until('the end of the log', async () => (await handled()) >= head, PATIENCE_MS);
}

/** Waits until nothing is left to be done: what one timer or reaction brings about may set another going. */
async function settled(): Promise<void> {
  await caughtUp();
  await until(
    'what timers and reactions do',
    async () => {
      const head = await headOf(system.store);
      const left = await system.pool.query(
        'select 1 from read.sla_timers where due < now() union all select 1 from ops.reaction where position < $1 limit 1',
        [head.toString()],
      );
      return left.rows.length === 0 && (await handled()) >= head;
    },
    PATIENCE_MS,
  );
}

describe('an event store put back from an older backup', () => {
  it('is refused by a worker that runs and by one that starts, with what is to be done, until the right one is back', async () => {
    const [older, newer] = ['older', 'newer'].map((name) => join(installation.directory, name)) as [string, string];
    await backup({ dir: installation.log, to: older });
    const running = installation.startWorker();
    await (await Flood.of(system.store)).send(200);
    await settled();
    const head = await headOf(system.store);
    await installation.stopEventStore();
    await cp(installation.log, newer, { recursive: true });
    await restore({ from: older, dir: installation.log, replace: true });
    await installation.startEventStore();

    const refusal =
      /Projection \w+ is ahead of the event store, which was put back to an older state\. Run: npm run cli -- rebuild \w+/;
    expect(await running.exited).toEqual({ code: 1, signal: null });
    expect(running.output).toMatch(refusal);
    const starting = installation.startWorker();
    expect(await starting.exited).toEqual({ code: 1, signal: null });
    expect(starting.output).toMatch(refusal);
    expect(starting.led).toBe(0);

    await installation.stopEventStore();
    await rm(installation.log, { recursive: true });
    await cp(newer, installation.log, { recursive: true });
    await installation.startEventStore();
    expect(await headOf(system.store)).toBe(head);
    const right = installation.startWorker();
    await until('the lead', () => right.led === 1, PATIENCE_MS);
    await right.kill();
  });
});

/** Sends the events of one round and kills every part while they are sent and projected. */
async function round(flood: Flood, random: Random): Promise<void> {
  const before = flood.sent;
  const kills = Array.from({ length: KILLS }, () => PARTS)
    .flat()
    .map((part) => ({
      part,
      at: before + random.between(EVENTS / 20, EVENTS - EVENTS / 20),
      when: random.between(0, 1) === 0 ? 'sent' : 'shown',
    }))
    .sort((a, b) => a.at - b.at);
  const flooding = flood.send(EVENTS);
  flooding.catch(() => undefined);
  for (const { part, at, when } of kills) {
    const isThere = async (place: bigint | undefined) => place !== undefined && (when === 'sent' || (await handled()) >= place);
    await until(`event ${at} to be ${when}`, () => isThere(flood.placeOf(at)), PATIENCE_MS);
    await installation.kill(part);
  }
  await flooding;
}

describe('worker, event store and PostgreSQL', () => {
  it(`killed at any point of ${ROUNDS} times ${EVENTS} events leave what a replay gives, each time`, () =>
    withSeed(async (seed) => {
      const random = new Random(seed);
      const flood = await Flood.of(system.store);
      const replay = await Replay.start(installation.eventStoreUrl, installation.kekFile);
      try {
        installation.startWorker();
        for (let n = 1; n <= ROUNDS; n++) {
          await round(flood, random);
          // The office's cases lie in the past of the worker's clock, so the dues they missed are recorded as well.
          await settled();
          expect(installation.failures).toEqual([]);
          expect(await replay.differences(system.pool, PATIENCE_MS)).toEqual([]);
          if (soak)
            process.stdout.write(`round ${n}: ${flood.sent} events, level ${Math.round(performance.now() / 1_000)} s in\n`);
        }
      } finally {
        await replay.close();
      }
      await expectOnce();
    }));
});

/** What timers and reactions have brought about: all of it, and nothing twice. The log itself tells. */
async function expectOnce(): Promise<void> {
  const { rows: twice } = await system.pool.query(
    `select stream, data ->> 'clockId' as clock from read.history where type = 'BreachRecorded'
     and stream not in (select stream from read.history where type = 'BreachWithdrawn') group by 1, 2 having count(*) > 1`,
  );
  expect(twice).toEqual([]);
  // Every case whose callback was dissatisfied is under supervision, once.
  const dissatisfied = await streamsWith("type = 'CallbackRecorded' and data ->> 'resolved' = 'false'");
  expect(dissatisfied.length).toBeGreaterThan(ROUNDS);
  const raised = await streamsWith("type = 'SupervisionRaised' and data ->> 'cause' in ('DISSATISFIED', 'STILL_DISSATISFIED')");
  expect(raised).toEqual(dissatisfied);
  // So is every case whose promise was broken.
  const broken = await streamsWith("type = 'BreachRecorded' and data ->> 'clockId' like 'total/%'");
  const overdue = await streamsWith(
    "type = 'SupervisionRaised' and data ->> 'cause' = 'OVERDUE'",
    "stream || ' ' || (data ->> 'cycle')",
  );
  expect(new Set(overdue).size).toBe(overdue.length);
  const late = await streamsWith("type = 'SupervisionRaised' and data ->> 'cause' = 'OVERDUE'");
  expect(late.length).toBeGreaterThan(0);
  expect(broken).toEqual(expect.arrayContaining(late));
}

/** The stream of every such event, once for each, sorted. */
async function streamsWith(such: string, what = 'stream'): Promise<string[]> {
  const { rows } = await system.pool.query<{ what: string }>(`select ${what} as what from read.history where ${such} order by 1`);
  return rows.map((row) => row.what);
}
