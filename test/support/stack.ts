import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Runtime, readRuntime } from '@huicai/runtime';

/** The whole built system as `npm start` runs it, on a data directory of its own, without its reference year. */
export interface Stack {
  readonly dataDir: string;
  readonly runtime: Runtime;
  readonly apiUrl: string;
  readonly supervisor: ChildProcess;
  /** All that the processes have printed. */
  output(): string;
  ready(): Promise<boolean>;
  /** Runs a command of the command line to its end and gives its exit code and output. */
  cli(...args: string[]): Promise<{ code: number | null; output: string }>;
  stop(): Promise<void>;
}

// Benches run compiled from dist, tests from the sources; both are started in the repository's folder.
const cliModule = resolve('dist/apps/cli/src/main.js');

/** @throws Error with the output when the system does not get ready in 90 s */
export async function startStack(): Promise<Stack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'huicai-stack-'));
  const env: NodeJS.ProcessEnv = { ...process.env, HUICAI_DATA_DIR: dataDir, HUICAI_SEED: 'none', PORT: '0' };
  for (const name of ['DATABASE_URL', 'EVENTSTORE_URL', 'HUICAI_HOST', 'npm_lifecycle_event']) delete env[name];
  const supervisor = fork(cliModule, ['up'], { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let text = '';
  for (const stream of [supervisor.stdout, supervisor.stderr]) stream?.on('data', (part: Buffer) => (text += part.toString()));
  const stop = async (): Promise<void> => {
    if (supervisor.exitCode === null) supervisor.kill('SIGTERM');
    await ended(supervisor);
    await rm(dataDir, { recursive: true, force: true });
  };
  const cli: Stack['cli'] = async (...args) => {
    const child = fork(cliModule, args, { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (output += part.toString()));
    await ended(child);
    return { code: child.exitCode, output };
  };
  const deadline = Date.now() + 90_000;
  while (Date.now() < deadline && supervisor.exitCode === null) {
    const runtime = readRuntime(join(dataDir, 'runtime.json'));
    if (runtime?.apiUrl && (await isReady(runtime.apiUrl))) {
      const { apiUrl } = runtime;
      return { dataDir, runtime, apiUrl, supervisor, output: () => text, ready: () => isReady(apiUrl), cli, stop };
    }
    await delay(100);
  }
  await stop();
  throw new Error(`The system did not get ready:\n${text}`);
}

async function isReady(apiUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${apiUrl}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once('close', () => resolve()))
    : Promise.resolve();
