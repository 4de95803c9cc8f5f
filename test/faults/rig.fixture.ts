import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HuicaiSystem, loadReferenceData, runWorker, type SystemSettings, type WorkerOptions } from '@huicai/composition';
import { migrate } from '@huicai/database';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createTestEventStore, type TestEventStore } from '../support/event-store.js';

/** A clock that stands still until it is set. */
export class SetClock {
  constructor(public time: number) {}
  now(): number {
    return this.time;
  }
  pass(minutes: number): void {
    this.time += minutes * 60_000;
  }
}

export interface RunningWorker {
  readonly lines: string[];
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** One installation whose parts can be taken away and given back: any number of systems and workers on one database and one store. */
export class Rig {
  private readonly systems: HuicaiSystem[] = [];
  private readonly databases: TestDatabase[] = [];
  private readonly workers: RunningWorker[] = [];

  private constructor(
    readonly clock: SetClock,
    readonly events: TestEventStore,
    readonly databaseUrl: string,
    readonly kekFile: string,
    private readonly directory: string,
  ) {}

  /** @param start wall time of the clock, with its offset */
  static async start(start = '2026-09-28T09:00:00+08:00'): Promise<Rig> {
    const directory = await mkdtemp(join(tmpdir(), 'huicai-rig-'));
    const kekFile = join(directory, 'kek');
    await writeFile(kekFile, randomBytes(32), { mode: 0o600 });
    const [events, database] = await Promise.all([createTestEventStore({ maxRetryMs: 200 }), createTestDatabase()]);
    await migrate(database.url);
    const rig = new Rig(new SetClock(Date.parse(start)), events, database.url, kekFile, directory);
    rig.databases.push(database);
    return rig;
  }

  async open(more: Partial<SystemSettings> = {}): Promise<HuicaiSystem> {
    const { databaseUrl, kekFile, clock } = this;
    const system = await HuicaiSystem.open({ databaseUrl, kekFile, clock, eventStoreUrl: this.events.connectionString, ...more });
    this.systems.push(system);
    await loadReferenceData(system);
    return system;
  }

  /** Another empty database beside the installation's own, with its durable tables. */
  async database(): Promise<string> {
    const database = await createTestDatabase();
    this.databases.push(database);
    await migrate(database.url);
    return database.url;
  }

  work(system: HuicaiSystem, more: Partial<WorkerOptions> = {}): RunningWorker {
    const ended = new AbortController();
    const lines: string[] = [];
    const done = runWorker({
      system,
      databaseUrl: this.databaseUrl,
      signal: ended.signal,
      log: (line) => lines.push(line),
      timerIntervalMs: 50,
      ...more,
    });
    done.catch(() => undefined);
    const worker = {
      lines,
      done,
      stop: async () => {
        ended.abort();
        await done;
      },
    };
    this.workers.push(worker);
    return worker;
  }

  /** Stops every worker, however it fared. */
  async stopWorkers(): Promise<void> {
    await Promise.allSettled(this.workers.splice(0).map((worker) => worker.stop()));
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    for (const system of this.systems) await system.close();
    await this.events.close();
    for (const database of this.databases) await database.drop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
