import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when it could not be started at all. */
  readonly error?: Error;
}

/** Resolves, never rejects, when the child has ended or could not be started. */
export function endOf(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** An end in words that follow the child's name. */
export function endText({ code, signal, error }: ChildEnd): string {
  if (error) return `could not be started: ${error.message}`;
  return signal ? `was ended by ${signal}` : `exited with code ${code}`;
}

/** Ends a child: closes its IPC channel, sends SIGTERM after a third of the grace time and SIGKILL after all of it. */
export async function endChild(child: ChildProcess, ended: Promise<ChildEnd>, graceMs: number): Promise<void> {
  if (child.connected) child.disconnect();
  if (!(await endsWithin(ended, graceMs / 3))) child.kill('SIGTERM');
  if (!(await endsWithin(ended, (graceMs * 2) / 3))) child.kill('SIGKILL');
  await ended;
}

async function endsWithin(ended: Promise<ChildEnd>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => true);
  const outcome = await Promise.race([ended.then(() => true), late]);
  timer.abort();
  return outcome;
}
