import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { endChild, endOf, endText } from './end-child.js';
import { type Service, type ServiceRun, type ServiceSpec, supervise } from './supervise.js';

/** What a child sends when it serves: `{type: 'ready', …}`; further fields, such as its port, are its own. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly [field: string]: unknown;
}

/** A node module run as a child process. */
export interface ChildSpec {
  readonly name: string;
  /** Absolute path of the module. */
  readonly module: string;
  /** Asked at every start, so that a port learnt from the first run can be kept. */
  readonly args?: () => readonly string[];
  readonly env?: () => NodeJS.ProcessEnv;
  /** Arguments for node itself. */
  readonly execArgv?: readonly string[];
  readonly onReady?: (message: ReadyMessage) => void;
  readonly report: (line: string) => void;
  readonly backOff?: ServiceSpec['backOff'];
  readonly firstStartAttempts?: number;
  /** Milliseconds a start may take before it is killed and tried anew. Default 120,000. */
  readonly readyTimeoutMs?: number;
}

/** A module run once, to its end. */
export type OneShotSpec = Pick<ChildSpec, 'name' | 'module' | 'args' | 'env'>;

/** A piece of work in a child process that ends by itself. */
export interface OneShot extends Service {
  /** Resolves, never rejects: undefined when it exited with 0, else how it ended, in a few words. */
  readonly outcome: Promise<string | undefined>;
}

const defaultReadyTimeoutMs = 120_000;

/**
 * Keeps a child process running. It is told to end by the closing of its IPC channel, which also happens when this process
 * dies in whatever way; one that does not listen gets SIGTERM after a third of the grace time and SIGKILL after all of it.
 */
export function superviseChild(spec: ChildSpec): Service {
  return supervise({
    name: spec.name,
    report: spec.report,
    start: (signal) => startChild(spec, signal),
    ...(spec.backOff && { backOff: spec.backOff }),
    ...(spec.firstStartAttempts && { firstStartAttempts: spec.firstStartAttempts }),
  });
}

/** Runs a module once. It needs to know nothing of us: it ends with this process, and its channel does not keep it alive. */
export function runChildOnce(spec: OneShotSpec): OneShot {
  const child = forkChild({ ...spec, execArgv: ['--require', require.resolve('./end-with-parent.js')] });
  const ended = endOf(child);
  const outcome = ended.then((end) => (end.code === 0 ? undefined : endText(end)));
  return { name: spec.name, outcome, ready: ended.then(() => undefined), stop: (graceMs) => endChild(child, ended, graceMs) };
}

async function startChild(spec: ChildSpec, signal: AbortSignal): Promise<ServiceRun> {
  const child = forkChild(spec);
  const ended = endOf(child);
  const endedText = ended.then(endText);
  const timeout = new AbortController();
  const ready = new Promise<ReadyMessage>((resolve) => {
    child.on('message', (message: Serializable) => {
      if (isReady(message)) resolve(message);
    });
  });
  const timeoutMs = spec.readyTimeoutMs ?? defaultReadyTimeoutMs;
  const late = delay(timeoutMs, `was not ready after ${timeoutMs / 1000} s`, { signal: timeout.signal });
  // Listens no longer than this start lasts.
  const cancelled = new Promise<string>((resolve) => {
    signal.addEventListener('abort', () => resolve('was stopped'), { once: true, signal: timeout.signal });
  });
  try {
    const outcome = await Promise.race([ready, endedText, late, cancelled]);
    if (typeof outcome === 'string') throw new Error(outcome);
    spec.onReady?.(outcome);
    return { description: `process ${child.pid}`, ended: endedText, stop: (graceMs) => endChild(child, ended, graceMs) };
  } catch (error) {
    await endChild(child, ended, 0);
    throw error;
  } finally {
    timeout.abort();
  }
}

function forkChild(spec: Pick<ChildSpec, 'module' | 'args' | 'env' | 'execArgv'>): ChildProcess {
  return fork(spec.module, spec.args?.() ?? [], {
    env: spec.env?.() ?? process.env,
    execArgv: [...(spec.execArgv ?? [])],
    // A session of its own: Ctrl-C in a terminal reaches the supervisor alone, which then stops its children in order.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'ready';
}
