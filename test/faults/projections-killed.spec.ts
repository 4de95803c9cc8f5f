import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HuicaiSystem, loadReferenceData } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { backup, restore } from '@huicai/embedded-eventstore';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@huicai/embedded-postgres';
import type { EventStore } from '@huicai/event-store';
import { type ServerProcess, startServerProcess } from '../../libs/embedded-eventstore/testing/server-process.js';
import { clusterDirectory } from '../../libs/embedded-postgres/cluster.js';
import { compareWithReplay } from '../support/replay.js';
import { until } from '../support/until.js';
import { Random, withSeed } from './eventstore-writers.fixture.js';
import { SetClock } from './rig.fixture.js';
import { tellAll } from './tell-all.fixture.js';
import { Flood, WorkerProcess } from './worker-process.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const ROUNDS = soak ? 10 : 3;
const EVENTS = soak ? 100_000 : 10_000;
/** How often each part is killed in a round. */
const KILLS = soak ? 6 : 1;
const PATIENCE_MS = soak ? 900_000 : 120_000;
jest.setTimeout(soak ? 7_200_000 : 300_000);

const PARTS = ['worker', 'event store', 'PostgreSQL'] as const;

/** An installation of which every part is a process that can be killed, and that is started again as the supervisor does it. */
class Installation {
  private eventStore: ServerProcess | undefined;
  private postgres: EmbeddedPostgres | undefined;
  private worker: WorkerProcess | undefined;
  private ending = false;
  private restarting: Promise<unknown> = Promise.resolve();
  /** Errors that no restart can mend. */
  readonly failures: string[] = [];

  private constructor(readonly directory: string) {}

  static async start(): Promise<Installation> {
    const installation = new Installation(await mkdtemp(join(tmpdir(), 'huicai-killed-')));
    try {
      await writeFile(installation.kekFile, randomBytes(32), { mode: 0o600 });
      // One after the other: what has been started when one of them fails is known, and ended.
      await installation.startEventStore();
      await installation.startPostgres();
      await migrate(installation.databaseUrl);
      return installation;
    } catch (error) {
      await installation.end();
      throw error;
    }
  }

  get kekFile(): string {
    return join(this.directory, 'kek');
  }

  get databaseUrl(): string {
    return this.postgres!.url;
  }

  get eventStoreUrl(): string {
    return this.eventStore!.url;
  }

  get log(): string {
    return join(this.directory, 'eventstore');
  }

  async startEventStore(): Promise<void> {
    this.eventStore = await startServerProcess(['--dir', this.log, '--port', String(this.eventStore?.port ?? 0)]);
  }

  async stopEventStore(): Promise<void> {
    this.eventStore!.child.kill('SIGTERM');
    await this.eventStore!.exited;
  }

  private async startPostgres(): Promise<void> {
    const options = { dir: join(this.directory, 'postgres'), port: this.postgres?.port ?? 0, onNotice: () => undefined };
    // Only a loss of power would tell whether commits are flushed.
    this.postgres = await startEmbeddedPostgres({ ...options, durable: false });
  }

  startWorker(): WorkerProcess {
    this.worker = new WorkerProcess(this);
    return this.worker;
  }

  async kill(part: (typeof PARTS)[number]): Promise<void> {
    const killed = this.killOnly(part);
    this.restarting = this.restarting
      .then(async () => {
        await killed;
        if (this.ending) return;
        if (part === 'worker') this.startWorker();
        else if (part === 'event store') await this.startEventStore();
        else await this.startPostgres();
      })
      .catch((error: unknown) => this.failures.push(String(error)));
    await this.restarting;
  }

  private async killOnly(part: (typeof PARTS)[number]): Promise<void> {
    if (part === 'worker') return this.worker?.kill();
    if (part === 'event store') {
      this.eventStore?.child.kill('SIGKILL');
      await this.eventStore?.exited;
      return;
    }
    const [pid] = (await readFile(join(clusterDirectory(this.postgres!.dir), 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    await this.postgres!.exited;
  }

  async end(): Promise<void> {
    this.ending = true;
    await this.restarting;
    await this.worker?.kill();
    this.eventStore?.child.kill('SIGKILL');
    await this.eventStore?.exited;
    await this.postgres?.stop();
    // As root the database is kept elsewhere.
    for (const path of [this.postgres?.dir, this.directory]) if (path) await rm(path, { recursive: true, force: true });
  }
}

let installation: Installation;
let system: HuicaiSystem;
const clock = new SetClock(0);
beforeEach(async () => {
  installation = await Installation.start();
  const { databaseUrl, eventStoreUrl, kekFile } = installation;
  clock.time = Date.parse('2026-09-28T09:00:00+08:00');
  system = await HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile, clock });
  await loadReferenceData(system);
  await tellAll(system, clock);
}, 120_000);
afterEach(async () => {
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
  it(`killed at any point of ${ROUNDS} times ${EVENTS} events leave what a replay gives`, () =>
    withSeed(async (seed) => {
      const random = new Random(seed);
      const flood = await Flood.of(system.store);
      installation.startWorker();
      for (let n = 0; n < ROUNDS; n++) await round(flood, random);
      await caughtUp();
      // The office's cases lie in the past of the worker's clock, so the dues they missed are recorded as well.
      await until(
        'the last timer',
        async () => (await system.pool.query('select 1 from read.sla_timers where due < now() limit 1')).rows.length === 0,
        PATIENCE_MS,
      );
      const head = await headOf(system.store);
      await until(
        'the last reaction',
        async () =>
          (await system.pool.query('select 1 from ops.reaction where position >= $1', [head.toString()])).rows.length > 0,
        PATIENCE_MS,
      );
      await caughtUp();
      expect(installation.failures).toEqual([]);
      const { databaseUrl, eventStoreUrl, kekFile } = installation;
      expect(await compareWithReplay(databaseUrl, eventStoreUrl, kekFile, PATIENCE_MS)).toEqual([]);
      const { rows: twice } = await system.pool.query(
        `select stream, data ->> 'clockId' as clock from read.history where type = 'BreachRecorded'
         and stream not in (select stream from read.history where type = 'BreachWithdrawn') group by 1, 2 having count(*) > 1`,
      );
      expect(twice).toEqual([]);
    }));
});

describe('an event store put back from an older backup', () => {
  it('is refused by a worker that runs and by one that starts, with what is to be done', async () => {
    const to = join(installation.directory, 'backup');
    await backup({ dir: installation.log, to });
    const running = installation.startWorker();
    await (await Flood.of(system.store)).send(200);
    await caughtUp();
    await installation.stopEventStore();
    await restore({ from: to, dir: installation.log, replace: true });
    await installation.startEventStore();

    const refusal =
      /Projection \w+ is ahead of the event store, which was put back to an older state\. Run: npm run cli -- rebuild \w+/;
    expect(await running.exited).toEqual({ code: 1, signal: null });
    expect(running.output).toMatch(refusal);
    const starting = installation.startWorker();
    expect(await starting.exited).toEqual({ code: 1, signal: null });
    expect(starting.output).toMatch(refusal);
    expect(starting.led).toBe(0);
  });
});
