import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@huicai/database';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@huicai/embedded-postgres';
import { type ServerProcess, startServerProcess } from '../../libs/embedded-eventstore/testing/server-process.js';
import { clusterDirectory } from '../../libs/embedded-postgres/cluster.js';
import { WorkerProcess } from './worker-process.fixture.js';

export const PARTS = ['worker', 'event store', 'PostgreSQL'] as const;

/** An installation of which every part is a process that can be killed, and that is started again as the supervisor does it. */
export class Installation {
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
