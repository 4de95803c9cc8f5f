import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '@huicai/embedded-eventstore';

/** An embedded server that a test stops and starts, always on the same port. */
export class ControlledServer {
  private readonly errors: unknown[] = [];
  private server: EmbeddedEventStore | undefined;
  private generation = 0;
  private address: Pick<EmbeddedEventStore, 'port' | 'connectionString'> | undefined;

  private constructor(private readonly root: string) {}

  /** Starts a server on an empty directory. */
  static async start(): Promise<ControlledServer> {
    const controlled = new ControlledServer(await mkdtemp(join(tmpdir(), 'conformance-')));
    await controlled.restart();
    return controlled;
  }

  /** For `EventStoreDBClient.connectionString`; the same after a restart. */
  get url(): string {
    return this.address!.connectionString;
  }

  /** Stops the server if it runs, gracefully; its directory stays. */
  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  /** Stops the server if it runs and starts it on the same directory. */
  async restart(): Promise<void> {
    await this.stop();
    const onError = (error: unknown) => this.errors.push(error);
    this.server = await startEmbeddedEventStore({ dir: this.dir, port: this.address?.port ?? 0, onError });
    this.address = this.server;
  }

  /**
   * Starts it on what a process killed now would leave behind: the data file as it is while the server runs. To be called
   * when no write is on its way: only then is a copy of the file a state the file was in.
   */
  async crash(): Promise<void> {
    const left = this.dir;
    this.generation++;
    await mkdir(this.dir);
    await copyFile(join(left, 'data.mdb'), join(this.dir, 'data.mdb'));
    await this.restart();
    await rm(left, { recursive: true });
  }

  /** Stops it for good and removes its directory. @throws AggregateError if the server reported errors */
  async close(): Promise<void> {
    await this.stop();
    await rm(this.root, { recursive: true, force: true });
    if (this.errors.length > 0) throw new AggregateError(this.errors, 'the server reported errors');
  }

  private get dir(): string {
    return join(this.root, String(this.generation));
  }
}
