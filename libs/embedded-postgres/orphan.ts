import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, runsWithArgument } from '@huicai/runtime';

/** What the server itself writes about its state. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

const pollMs = 20;

/** The contents of `postmaster.pid`, or undefined while there is none or it is incomplete. */
export function readPostmaster(clusterDir: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(pidFile(clusterDir), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** True when the process runs and is the server of this cluster, as told by its `-D` argument, never by its name. */
export function serves(pid: number, clusterDir: string): boolean {
  return isRunning(pid) && runsWithArgument(pid, '-D', clusterDir);
}

/**
 * Makes way for a new server: one left over on this cluster is shut down, a lock file of a dead, collected or foreign
 * process is removed (PostgreSQL itself takes any process of that id for a server). The caller holds the directory's lock, so
 * no living owner is disturbed.
 * @throws Error when the left-over server can not be ended.
 */
export async function clearOrphan(clusterDir: string, notify: (message: string) => void): Promise<void> {
  if (!existsSync(pidFile(clusterDir))) return;
  const postmaster = readPostmaster(clusterDir);
  if (postmaster && serves(postmaster.pid, clusterDir)) {
    notify(`A PostgreSQL left over from an earlier run (process ${postmaster.pid}) is being stopped.`);
    await endPostmaster(postmaster.pid, clusterDir);
  }
  rmSync(pidFile(clusterDir), { force: true });
}

/**
 * Ends a server: fast shutdown, then immediate shutdown, then kill.
 * @throws Error when it outlives all three.
 */
export async function endPostmaster(pid: number, clusterDir: string): Promise<void> {
  for (const [signal, graceMs] of [
    ['SIGINT', 30_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!serves(pid, clusterDir)) return;
    signalServer(pid, signal);
    const deadline = Date.now() + graceMs;
    while (Date.now() < deadline) {
      if (!serves(pid, clusterDir)) return;
      await delay(pollMs);
    }
  }
  throw new Error(`The PostgreSQL server of ${clusterDir} (process ${pid}) could not be ended.`);
}

function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function pidFile(clusterDir: string): string {
  return join(clusterDir, 'postmaster.pid');
}
