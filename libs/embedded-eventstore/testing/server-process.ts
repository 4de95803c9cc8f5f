import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { EventStoreDBClient } from '@eventstore/db-client';

/** The built entry point: what runs in production is what is killed in these tests. */
export const SERVER_MAIN = resolve(__dirname, '../../../dist/apps/eventstore/src/main.js');

/** A server in a process of its own, as the supervisor starts it, whether it listens already or not. */
export interface ForkedServer {
  child: ChildProcess;
  /** Resolves with exit code and signal; to be awaited even after a kill, so that no test leaves a process behind. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stdout(): string;
  stderr(): string;
}

/** A server that listens. */
export interface ServerProcess extends ForkedServer {
  port: number;
  url: string;
  client(): EventStoreDBClient;
}

/** What is to run node, with the arguments before it, where node itself is not to be run directly. */
export type Launcher = Pick<ForkOptions, 'execPath' | 'execArgv'>;

/** Forks the server without waiting for it. */
export function forkServer(args: string[], env: NodeJS.ProcessEnv = {}, launcher: Launcher = {}): ForkedServer {
  if (!existsSync(SERVER_MAIN)) throw new Error(`${SERVER_MAIN} is missing: build first`);
  const child = fork(SERVER_MAIN, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
    ...launcher,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout!.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  return { child, exited: exitOf(child), stdout: () => output.stdout, stderr: () => output.stderr };
}

/** Forks the server and waits until it listens; rejects with its error output if it exits first. */
export async function startServerProcess(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  launcher: Launcher = {},
): Promise<ServerProcess> {
  const server = forkServer(args, env, launcher);
  const { child, exited } = server;
  const ready = new Promise<number>((done) => {
    child.once('message', (message) => done((message as { port: number }).port));
  });
  const port = await Promise.race([ready, exited.then(() => undefined)]);
  if (port === undefined) throw new Error(`the server exited: ${server.stderr()}${server.stdout()}`);
  const url = `esdb://127.0.0.1:${port}?tls=false`;
  return { ...server, port, url, client: () => EventStoreDBClient.connectionString(url) };
}

/** Not 'close': that does not come when the parent itself has closed the channel. */
async function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [[code, signal]] = await Promise.all([exit, finished(child.stdout!), finished(child.stderr!)]);
  return { code, signal };
}

/** Is there a process with this id? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH; another user's process can not be one of ours.
    return false;
  }
}

/** Polls until the condition holds; jest's own timeout ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((next) => setTimeout(next, 20));
}
