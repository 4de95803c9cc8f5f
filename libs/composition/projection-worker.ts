import { splitStreamName } from '@huicai/kernel';
import { beat, CheckpointMovedError, LiveProjection, lead, type Progress, Projector } from '@huicai/projections';
import { dueTimers } from '../contexts/cases/views/sla-timers.view.js';
import { allProjections, ourAggregates } from './flows.js';
import { type HuicaiSystem, upcasters } from './system.js';
import { fireBreachTimer } from './timers.js';

export interface WorkerOptions {
  readonly system: HuicaiSystem;
  readonly databaseUrl: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Told once the worker leads and its projections are open. */
  readonly onLeading?: () => void;
  /** True while timers and notices must wait, as during the playing of a reference year. */
  readonly timersHeld?: () => Promise<boolean>;
  /** Milliseconds between two looks at the timers. */
  readonly timerIntervalMs?: number;
}

/**
 * Keeps all read models and fires the timers, as long as this process leads; waits for the lead otherwise. Returns when the
 * signal aborts.
 *
 * @throws RebuildNeededError when rows can not be continued
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  while (!options.signal.aborted) {
    const leadership = await lead(options.databaseUrl, options.signal);
    if (!leadership) return;
    const ended = new AbortController();
    const end = () => ended.abort();
    options.signal.addEventListener('abort', end, { once: true });
    leadership.signal.addEventListener('abort', end, { once: true });
    try {
      await leadUntil(ended, options);
    } catch (error) {
      if (!(error instanceof CheckpointMovedError)) throw error;
      options.log(`${error.message}; waiting for the lead`);
    } finally {
      end();
      options.signal.removeEventListener('abort', end);
      await leadership.release().catch(() => undefined);
    }
  }
}

async function leadUntil(ended: AbortController, options: WorkerOptions): Promise<void> {
  const { system, log } = options;
  const { signal } = ended;
  const projections = [...allProjections].map(([definition, types]) => new LiveProjection(definition, types));
  for (const projection of projections)
    await projection.open(system.pool, system.storeId, (stream, revision) => eventIdAt(system, stream, revision));
  log(`leading with ${projections.length} projections`);
  options.onLeading?.();
  let progress: Progress = { seen: undefined, connected: false };
  const projector = new Projector({
    pool: system.pool,
    store: system.store,
    upcasters,
    aggregates: ourAggregates,
    projections,
    reference: () => system.facts.time(),
    log,
    onProgress: (now) => {
      progress = now;
    },
  });
  const following = projector.run(signal);
  // Whatever part ends first ends the others: a leader that does not project must not fire timers either.
  const parts = [following, heartbeats(system, () => progress, signal), timers(options, signal)];
  try {
    await Promise.race(parts);
  } finally {
    ended.abort();
    await Promise.allSettled(parts);
  }
  await following;
}

async function heartbeats(system: HuicaiSystem, progress: () => Progress, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      // Asked first: whatever came after this instant is not promised.
      const at = new Date(system.clock.now());
      const head = await headOf(system);
      const { seen } = progress();
      await beat(system.pool, seen, head, at);
    } catch {
      // Store or database is away; readers see the last beat grow old, which is the truth.
    }
    await pause(1_000, signal);
  }
}

async function headOf(system: HuicaiSystem): Promise<bigint | undefined> {
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) return event.position;
  return undefined;
}

async function timers({ system, timersHeld, timerIntervalMs = 500, log }: WorkerOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (!(await timersHeld?.())) {
        for (const timer of await dueTimers(system.pool, new Date(system.clock.now()), 200)) {
          if (signal.aborted) return;
          await fireBreachTimer(system, timer);
        }
      }
    } catch (error) {
      log(`timers will be looked at again: ${(error as Error).message}`);
    }
    await pause(timerIntervalMs, signal);
  }
}

async function eventIdAt(system: HuicaiSystem, stream: string, revision: bigint): Promise<string | undefined> {
  if (!ourAggregates.has(splitStreamName(stream).aggregate)) return undefined;
  for await (const event of system.store.readStream(stream, { from: revision, maxCount: 1 })) return event.id;
  return undefined;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
