import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockDirectory } from '@huicai/runtime';
import { serverAccount } from './account.js';
import { findBinaries } from './binaries.js';
import { clusterDirectory, ensureCluster, huicai } from './cluster.js';
import { clearOrphan } from './orphan.js';
import { defaultShelters, placeDirectory } from './placement.js';
import { launchServer, type PostgresExit, type Server, ServerStartError } from './server.js';

export type { PostgresExit } from './server.js';

/** How to start an embedded PostgreSQL. */
export interface EmbeddedPostgresOptions {
  /** Directory the database is kept in; created when missing. */
  readonly dir: string;
  /** TCP port on 127.0.0.1; 0 (the default) takes a free one. */
  readonly port?: number;
  /** False trades safety against power loss for speed; for tests only. Default true. */
  readonly durable?: boolean;
  /** Receives each line the server logs. */
  readonly onLog?: (line: string) => void;
  /** Receives what the person starting us should know, such as another place of the database. Default: standard error. */
  readonly onNotice?: (message: string) => void;
  /** Where to keep the database when the server's account can not reach `dir` (only as root). */
  readonly shelters?: readonly string[];
}

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  readonly port: number;
  /** `postgres://huicai:<password>@127.0.0.1:<port>/huicai` */
  readonly url: string;
  /** Directory the database is really kept in. */
  readonly dir: string;
  /** Fast shutdown; resolves when no process of the server is left. Safe to call twice. */
  stop(): Promise<void>;
  /** Resolves, never rejects, when the server has ended, whether asked to or not. */
  readonly exited: Promise<PostgresExit>;
}

/**
 * Starts a PostgreSQL server of our own on 127.0.0.1. The first start creates the database `huicai` with a random password;
 * a later one recovers what a crash left behind. The server stops when this process ends, however that comes about.
 * @throws DirectoryInUseError when a running process serves the same directory.
 * @throws Error when there are no programs for this machine, the port is taken, or the server does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const notify = options.onNotice ?? ((message: string) => void process.stderr.write(`${message}\n`));
  const wantedAccount = serverAccount(clusterDirectory(options.dir));
  const dir = placeDirectory(options.dir, wantedAccount, options.shelters ?? defaultShelters, notify);
  // Kept elsewhere, the cluster may have an owner of its own.
  const account = serverAccount(clusterDirectory(dir));
  const unlock = lockDirectory(join(dir, 'owner.lock'), `The database directory ${dir}`);
  try {
    const durable = options.durable ?? true;
    const binaries = await findBinaries(dir, account);
    await clearOrphan(clusterDirectory(dir), notify);
    const cluster = await ensureCluster(dir, binaries, account, durable);
    const start = (port: number): Promise<Server> =>
      launchServer({
        postgres: binaries.postgres,
        clusterDir: cluster.dir,
        port,
        durable,
        account,
        onLog: options.onLog ?? (() => undefined),
      });
    const { server, port } = await startOnPort(options.port ?? 0, start);
    const exited = server.exited.then((exit) => {
      unlock();
      return exit;
    });
    const stop = async (): Promise<void> => {
      await server.stop();
      await exited;
    };
    return { port, url: `postgres://${huicai}:${cluster.password}@127.0.0.1:${port}/${huicai}`, dir, stop, exited };
  } catch (error) {
    unlock();
    throw error;
  }
}

const attempts = 50;
const retryMs = 200;

// Two failures pass by themselves: the backends of a killed server need a moment to notice, and a port found free can be
// taken before the server binds it.
async function startOnPort(wanted: number, start: (port: number) => Promise<Server>): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted || (await freePort());
    try {
      return { server: await start(port), port };
    } catch (error) {
      if (!(error instanceof ServerStartError) || attempt === attempts) throw error;
      const log = error.log.join('\n');
      const portTaken = /could not bind|could not create any TCP\/IP sockets/.test(log);
      const backendsLeft = /pre-existing shared memory block|lock file "[^"]*" already exists/.test(log);
      if (portTaken && wanted)
        throw new Error(`PostgreSQL can not listen on 127.0.0.1:${wanted}: the port is in use.`, { cause: error });
      if (!portTaken && !backendsLeft) throw error;
      if (backendsLeft) await delay(retryMs);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('No free TCP port.')),
      );
    });
  });
}
