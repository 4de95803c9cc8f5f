import { setTimeout as delay } from 'node:timers/promises';

/** One run of a service, from ready to its end. */
export interface ServiceRun {
  /** Told when the run became ready, such as its process id and port. */
  readonly description: string;
  /** Resolves, never rejects, with how the run ended, in a few words. */
  readonly ended: Promise<string>;
  /** Ends the run: asks first, and kills after the grace time. */
  stop(graceMs: number): Promise<void>;
}

/** A service that is kept running. */
export interface ServiceSpec {
  readonly name: string;
  /** Starts a run and resolves when it is ready; rejects when it can not be started. `signal` aborts when it is no longer wanted. */
  start(signal: AbortSignal): Promise<ServiceRun>;
  /** Receives one line per change of state. */
  readonly report: (line: string) => void;
  readonly backOff?: BackOff;
  /** Failed starts in a row before the first ready one, after which `ready` rejects. */
  readonly firstStartAttempts?: number;
}

/** Waiting times between restarts, in milliseconds. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A run that lived this long starts the waiting times over. */
  readonly resetAfterMs: number;
}

/** A supervised service. */
export interface Service {
  readonly name: string;
  /** Resolves at the first ready run; rejects when the service is stopped before, or its first starts all failed. */
  readonly ready: Promise<void>;
  /** Ends the service for good. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
}

export const defaultBackOff: BackOff = { firstMs: 200, maxMs: 10_000, resetAfterMs: 30_000 };
const defaultFirstStartAttempts = 5;

/** Starts a service and starts it anew, with exponential back-off, whenever it ends without being asked to. */
export function supervise(spec: ServiceSpec): Service {
  const backOff = spec.backOff ?? defaultBackOff;
  const stopping = new AbortController();
  let current: ServiceRun | undefined;
  let graceAtStop = 0;
  let hasBeenReady = false;
  let failures = 0;

  let becameReady: () => void;
  let neverReady: (error: Error) => void;
  const ready = new Promise<void>((resolve, reject) => {
    becameReady = resolve;
    neverReady = reject;
  });
  // Whoever starts a service may stop it again without having waited for it.
  ready.catch(() => undefined);

  const runOnce = async (): Promise<string> => {
    current = await spec.start(stopping.signal);
    // The stop came while the run was just getting ready.
    if (stopping.signal.aborted) await current.stop(graceAtStop);
    else {
      spec.report(`${spec.name}: ready (${current.description})`);
      hasBeenReady = true;
      becameReady();
    }
    return current.ended;
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      const outcome = await runOnce().catch((error: unknown) => error as Error);
      current = undefined;
      if (stopping.signal.aborted) break;
      if (performance.now() - begun >= backOff.resetAfterMs) failures = 0;
      failures += 1;
      const text = outcome instanceof Error ? `did not start: ${outcome.message}` : outcome;
      if (!hasBeenReady && failures >= (spec.firstStartAttempts ?? defaultFirstStartAttempts)) {
        neverReady(new Error(`${spec.name} ${text}`));
        return;
      }
      const waitMs = Math.min(backOff.firstMs * 2 ** (failures - 1), backOff.maxMs);
      spec.report(`${spec.name}: ${text}; restarting in ${waitMs / 1000} s`);
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    neverReady(new Error(`${spec.name} was stopped before it was ready`));
  };
  const finished = loop();

  return {
    name: spec.name,
    ready,
    async stop(graceMs) {
      graceAtStop = graceMs;
      const isFirstCall = !stopping.signal.aborted;
      stopping.abort();
      const wasRunning = current !== undefined;
      await current?.stop(graceMs);
      await finished;
      if (isFirstCall && wasRunning) spec.report(`${spec.name}: stopped`);
    },
  };
}

/** Stops services one after the other in the given order; each has `graceMs` milliseconds before it is killed. */
export async function stopInOrder(services: readonly Service[], graceMs: number): Promise<void> {
  for (const service of services) await service.stop(graceMs);
}
