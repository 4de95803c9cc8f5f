import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Account, serverEnvironment } from './account.js';
import { endPostmaster, readPostmaster, serves } from './orphan.js';

/** How a server ended. */
export interface PostgresExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when it ended because `stop()` was called. */
  readonly expected: boolean;
  /** Last lines of its log. */
  readonly log: readonly string[];
}

/** A server that did not come up; `log` says why in its own words. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
  constructor(readonly log: readonly string[]) {
    super(`PostgreSQL did not start: ${log.join('\n') || 'it wrote nothing'}`);
  }
}

/** A running server process. */
export interface Server {
  stop(): Promise<void>;
  readonly exited: Promise<PostgresExit>;
}

/** What a server is started with. */
export interface ServerOptions {
  readonly postgres: string;
  readonly clusterDir: string;
  readonly port: number;
  readonly durable: boolean;
  readonly account: Account | undefined;
  readonly onLog: (line: string) => void;
}

// Descriptor 3 is a pipe whose other end only this node process holds. However node dies, the pipe closes, the reader wakes
// and asks the server for a fast shutdown. The reader is a process of its own, so that the shell can wait for the server and
// end with its exit code. The reader ignores what a terminal sends to the whole group, hence the KILL.
const guard = [
  'exec 3<&0',
  '"$0" "$@" 3<&- </dev/null & server=$!',
  'trap "" INT TERM HUP',
  '{ read _ <&3; kill -INT "$server"; } 2>/dev/null & reader=$!',
  'exec 3<&-',
  'wait "$server"; code=$?',
  'kill -KILL "$reader" 2>/dev/null',
  'exit "$code"',
].join('\n');

const keptLogLines = 40;
// Replaying the log after a crash can take a while on a large database.
const startTimeoutMs = 300_000;
const stopTimeoutMs = 30_000;
const pollMs = 10;

/**
 * Starts a server and waits until it accepts connections.
 * @throws ServerStartError when it ends or does not get ready.
 */
export async function launchServer(options: ServerOptions): Promise<Server> {
  const { clusterDir } = options;
  // A session of its own: Ctrl-C in a terminal must not stop the database before those who use it.
  const child = spawn('/bin/sh', ['-c', guard, options.postgres, '-D', clusterDir, ...serverSettings(options)], {
    ...options.account,
    cwd: '/',
    env: serverEnvironment,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const log: string[] = [];
  const lines = createInterface({ input: child.stderr! }).on('line', (line) => {
    log.push(line);
    if (log.length > keptLogLines) log.shift();
    options.onLog(line);
  });
  const state = { stopping: false };
  const exited = new Promise<PostgresExit>((resolve) => {
    child.once('error', (error) => log.push(error.message));
    child.once('close', (code, signal) => {
      lines.close();
      resolve({ code, signal, expected: state.stopping, log: [...log] });
    });
  });
  // The only use of the pipe is to close it; a guard that is gone already has nothing to be told.
  child.stdin?.on('error', () => undefined);
  const stop = async (): Promise<void> => {
    state.stopping = true;
    await stopServer(child, clusterDir, exited);
  };
  await untilReady(clusterDir, options.port, exited, stop);
  return { stop, exited };
}

function serverSettings({ port, durable }: ServerOptions): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'log_timezone=UTC',
    // Statements and details can hold personal data, which must not reach a log.
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200']),
  ];
  return ['-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

async function untilReady(
  clusterDir: string,
  port: number,
  exited: Promise<PostgresExit>,
  stop: () => Promise<void>,
): Promise<void> {
  let exit: PostgresExit | undefined;
  void exited.then((value) => (exit = value));
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    if (exit) throw new ServerStartError(exit.log);
    const postmaster = readPostmaster(clusterDir);
    if (postmaster?.ready && postmaster.port === port && serves(postmaster.pid, clusterDir)) return;
    await delay(pollMs);
  }
  await stop();
  throw new ServerStartError([`not ready after ${startTimeoutMs / 1000} s`, ...(await exited).log]);
}

async function stopServer(child: ChildProcess, clusterDir: string, exited: Promise<PostgresExit>): Promise<void> {
  child.stdin?.end();
  const timeout = new AbortController();
  const late = delay(stopTimeoutMs, 'late', { signal: timeout.signal }).catch(() => 'stopped');
  const outcome = await Promise.race([exited, late]);
  timeout.abort();
  const postmaster = outcome === 'late' ? readPostmaster(clusterDir) : undefined;
  if (postmaster) await endPostmaster(postmaster.pid, clusterDir);
  await exited;
}
