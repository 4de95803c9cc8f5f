import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { join } from 'node:path';
import { isRunning } from '@huicai/runtime';
import { until } from './until.js';

/** Ids of all living processes started, directly or not, by a process. */
export function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const childrenOf = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([id]) => [id, ...childrenOf(id)]);
  return childrenOf(pid).filter((id) => isRunning(id));
}

/** Waits until none of the processes runs any more. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  await until(`the end of processes ${pids.join(', ')}`, () => !pids.some((pid) => isRunning(pid)));
}

/** Sends SIGKILL to processes that still run. */
export function killHard(pids: readonly number[]): void {
  for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
}

/** Environment in which node, and every node started from it, runs the TypeScript sources directly. */
export const sourceEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_OPTIONS: `--require ${join(__dirname, 'typescript-hook.cjs')}`,
};

/** Runs a TypeScript module as a process of its own; its output is kept from the terminal. */
export function forkSource(module: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return fork(module, args, { env: { ...sourceEnvironment, ...env }, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

/**
 * Waits for the first message of a child.
 * @throws Error with its output when it ends without one.
 */
export async function firstMessage<T>(child: ChildProcess): Promise<T> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('error', reject);
    child.once('close', (code, signal) => reject(new Error(`It ended (${signal ?? code}) without a message: ${output}`)));
  });
}
