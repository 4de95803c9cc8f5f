import {
  ConfigurationError,
  type Connections,
  ensureDataDirectory,
  lockDataDirectory,
  resolveConnections,
  resolveSettings,
  type Service,
  type Settings,
  stopInOrder,
} from '@huicai/runtime';
import { apiAddress } from './up-address.js';
import { type AppModules, apiService, type ServiceContext, seedRun, workerService } from './up-apps.js';
import { EmbeddedServers } from './up-embedded.js';
import { refuseTakenPort } from './up-port.js';
import { type StopReason, type StopRequest, watchForStop } from './up-stop.js';

export type { AppModules } from './up-apps.js';

/** What the supervisor is given by its caller. */
export interface UpOptions {
  /** Environment to read the settings from; default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Modules run as child processes; default those of the build this file belongs to. */
  readonly modules?: AppModules;
  /** Brings the durable schemas of a database up to date. */
  readonly migrate: (databaseUrl: string) => Promise<void>;
  /** Text printed when everything serves. */
  readonly banner: (addresses: Addresses) => string;
  /** Receives what is printed, without line end. Default: standard output. */
  readonly print?: (text: string) => void;
  /** Milliseconds each part has to end before it is killed. Default 10,000. */
  readonly graceMs?: number;
}

/** Where a running system is reached. */
export interface Addresses {
  readonly mode: Settings['mode'];
  readonly apiUrl: string;
  /** Page of the API's documentation. */
  readonly docsUrl: string;
  readonly dataDir: string;
}

const defaultGraceMs = 10_000;

/**
 * Runs the whole system until it is asked to stop (SIGTERM, SIGINT, end of the npm that started it), keeping every part
 * running meanwhile. Embedded: PostgreSQL, event store, worker, API and the seed; external: worker and API. Stops them in
 * reverse order and resolves when none is left; a second SIGINT or SIGTERM ends at once.
 * @throws ConfigurationError for settings that can not work, DirectoryInUseError when another supervisor runs on the data
 * directory, Error when a part can not be started or the migration fails; nothing is left running then either.
 */
export async function up(options: UpOptions): Promise<void> {
  const env = options.env ?? process.env;
  const settings = resolveSettings(env);
  refuseUnknownSeed(env.HUICAI_SEED);
  const stopRequest = watchForStop();
  try {
    const run = new Run(options, env, settings, stopRequest);
    if (settings.mode === 'external') {
      await refuseTakenPort(settings.host, settings.port);
      await run.untilStopped(() => run.startApps(resolveConnections(env), env));
    } else await upEmbedded(run, settings, env);
  } finally {
    stopRequest.end();
  }
}

async function upEmbedded(run: Run, settings: Settings, env: NodeJS.ProcessEnv): Promise<void> {
  const layout = ensureDataDirectory(settings.dataDir);
  const unlock = lockDataDirectory(layout);
  try {
    await refuseTakenPort(settings.host, settings.port);
    const servers = new EmbeddedServers(layout, settings, env, run.context);
    try {
      await run.untilStopped(async () => {
        const connections = await servers.start(run.services);
        await run.startApps(connections, servers.childEnvironment(), (port) => servers.apiListensOn(port));
      });
    } finally {
      await servers.close();
    }
  } finally {
    unlock();
  }
}

class Run {
  /** In the order they were started. */
  readonly services: Service[] = [];
  readonly context: ServiceContext;

  constructor(
    private readonly options: UpOptions,
    private readonly env: NodeJS.ProcessEnv,
    private readonly settings: Settings,
    private readonly stopRequest: StopRequest,
  ) {
    const print = options.print ?? ((text: string) => void process.stdout.write(`${text}\n`));
    this.context = { print, modules: options.modules, stopped: stopRequest.signal };
  }

  async untilStopped(start: () => Promise<void>): Promise<void> {
    const { requested } = this.stopRequest;
    try {
      const reason = await Promise.race([requested, start().then(() => requested)]);
      this.context.print(`Stopping (${describe(reason)}) …`);
    } finally {
      this.stopRequest.begin();
      await stopInOrder([...this.services].reverse(), this.options.graceMs ?? defaultGraceMs);
    }
  }

  async startApps(connections: Connections, env: NodeJS.ProcessEnv, onApiPort?: (port: number) => void): Promise<void> {
    const { settings, context } = this;
    await this.options.migrate(connections.databaseUrl);
    context.stopped.throwIfAborted();
    let port = settings.port;
    const apiEnv = (): NodeJS.ProcessEnv => ({ ...env, PORT: String(port) });
    const worker = workerService(context, env);
    const api = apiService(context, apiEnv, (actual) => {
      port = actual;
      onApiPort?.(actual);
    });
    this.services.push(worker, api);
    await Promise.all([worker.ready, api.ready]);
    context.stopped.throwIfAborted();
    if (settings.mode === 'embedded' && this.env.HUICAI_SEED !== 'none') await this.seed(apiEnv());
    context.stopped.throwIfAborted();
    const apiUrl = apiAddress(settings.host, port);
    context.print(this.options.banner({ mode: settings.mode, apiUrl, docsUrl: `${apiUrl}/api/docs`, dataDir: settings.dataDir }));
  }

  // A failed seed leaves a working system with less in it.
  private async seed(env: NodeJS.ProcessEnv): Promise<void> {
    const seed = seedRun(this.context, env);
    this.services.push(seed);
    const failure = await seed.outcome;
    if (failure && !this.context.stopped.aborted) this.context.print(`seed: ${failure}; try again with: npm run cli -- seed`);
  }
}

/** A misspelt `none` would fill the store with a year nobody asked for. */
function refuseUnknownSeed(value: string | undefined): void {
  if (value && value !== 'none') throw new ConfigurationError(`HUICAI_SEED must be none or left out, not "${value}".`);
}

function describe(reason: StopReason): string {
  return reason === 'parent-ended' ? 'the npm that started it has ended' : reason;
}
