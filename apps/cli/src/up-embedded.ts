import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { startEmbeddedPostgres } from '@huicai/embedded-postgres';
import {
  ConfigurationError,
  type Connections,
  clearRuntime,
  type DataLayout,
  ensureKek,
  type Runtime,
  readKek,
  type Service,
  type ServiceRun,
  type Settings,
  supervise,
  writeRuntime,
} from '@huicai/runtime';
import { apiAddress } from './up-address.js';
import { eventStoreService, type ServiceContext } from './up-apps.js';
import { LogFile } from './up-log-file.js';

/** PostgreSQL and event store of our own, and the runtime.json that tells where they are. */
export class EmbeddedServers {
  private readonly log: LogFile;
  private readonly startedAt = new Date().toISOString();
  private readonly token = randomBytes(32).toString('base64url');
  private databaseUrl = '';
  private databasePort = 0;
  private eventStorePort = 0;
  private apiPort: number;

  constructor(
    private readonly layout: DataLayout,
    private readonly settings: Settings,
    private readonly env: NodeJS.ProcessEnv,
    private readonly context: ServiceContext,
  ) {
    this.apiPort = settings.port;
    this.log = new LogFile(layout.logs, 'postgres.log', context.print);
  }

  /**
   * Starts both, adding them to `services`, and writes runtime.json.
   * @throws ConfigurationError when the key of existing data is missing, Error when a server does not come up.
   */
  async start(services: Service[]): Promise<Connections> {
    this.secureKek();
    const postgres = this.postgresService();
    const eventStore = eventStoreService(this.context, this.layout.eventStore, this.childEnvironment(), (port) => {
      this.eventStorePort = port;
    });
    services.push(postgres, eventStore);
    await Promise.all([postgres.ready, eventStore.ready]);
    this.context.stopped.throwIfAborted();
    const runtime = this.publish();
    return { ...this.settings, databaseUrl: runtime.databaseUrl, eventStoreUrl: runtime.eventStoreUrl };
  }

  /** What child processes find their connections by. */
  childEnvironment(): NodeJS.ProcessEnv {
    return {
      ...this.env,
      HUICAI_DATA_DIR: this.layout.root,
      HUICAI_RUNTIME: this.layout.runtimeFile,
      HUICAI_HOST: this.settings.host,
      PORT: String(this.apiPort),
    };
  }

  /** Notes the port the API really took. */
  apiListensOn(port: number): void {
    if (port === this.apiPort) return;
    this.apiPort = port;
    this.publish();
  }

  /** Withdraws runtime.json. */
  async close(): Promise<void> {
    clearRuntime(this.layout.runtimeFile);
    await this.log.close();
  }

  private publish(): Runtime {
    const runtime: Runtime = {
      databaseUrl: this.databaseUrl,
      eventStoreUrl: `esdb://127.0.0.1:${this.eventStorePort}?tls=false`,
      databasePort: this.databasePort,
      eventStorePort: this.eventStorePort,
      apiUrl: apiAddress(this.settings.host, this.apiPort),
      token: this.token,
      pid: process.pid,
      startedAt: this.startedAt,
    };
    writeRuntime(this.layout.runtimeFile, runtime);
    return runtime;
  }

  // A new key beside old data would leave every personal field in it unreadable, and nobody would notice until it is read.
  private secureKek(): void {
    if (this.settings.kekFile !== this.layout.kekFile) readKek(this.settings.kekFile);
    else if (existsSync(this.layout.postgres) && !existsSync(this.layout.kekFile)) {
      const choice = 'Restore it from its backup, or remove the directory to begin anew.';
      throw new ConfigurationError(
        `The data in ${this.layout.root} needs its key file ${this.layout.kekFile}, which is gone. ${choice}`,
      );
    } else ensureKek(this.layout.root);
  }

  private postgresService(): Service {
    const start = async (): Promise<ServiceRun> => {
      const server = await startEmbeddedPostgres({
        dir: this.layout.postgres,
        port: this.databasePort,
        onLog: (line) => this.log.write(line),
        onNotice: this.context.print,
      });
      this.databasePort = server.port;
      this.databaseUrl = server.url;
      return {
        description: `port ${server.port}`,
        ended: server.exited.then(({ code, signal }) => `ended with ${signal ?? `code ${code}`}, see ${this.log.file}`),
        stop: () => server.stop(),
      };
    };
    return supervise({ name: 'postgres', start, report: this.context.print });
  }
}
