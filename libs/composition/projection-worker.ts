import { setTimeout as delay } from 'node:timers/promises';
import { splitStreamName } from '@huicai/kernel';
import {
  beat,
  CheckpointMovedError,
  checkForRebuild,
  furthest,
  isOutage,
  LiveProjection,
  lead,
  type Progress,
  Projector,
} from '@huicai/projections';
import { allProjections, ourAggregates } from './flows.js';
import { STORE_IDENTITY_STREAM } from './store-identity.js';
import { type HuicaiSystem, upcasters } from './system.js';
import { TimerLoop } from './timers.js';

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

/** How long a worker that has lost the lead lets the others ask for it first, milliseconds. */
const STEP_BACK_MS = 1_000;

/**
 * Keeps all read models and fires the timers, as long as this process leads; waits for the lead otherwise, and while a server is
 * away. Returns when the signal aborts.
 *
 * @throws RebuildNeededError when rows can not be continued
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { signal } = options;
  let trouble: string | undefined;
  while (!signal.aborted) {
    const leadership = await lead(options.databaseUrl, signal);
    if (!leadership) return;
    try {
      await leadUntil(AbortSignal.any([signal, leadership.signal]), {
        ...options,
        onLeading: () => {
          trouble = undefined;
          options.onLeading?.();
        },
      });
      if (!signal.aborted) options.log('the lead is lost; waiting for it');
    } catch (error) {
      if (!(error instanceof CheckpointMovedError || isOutage(error))) throw error;
      const { message } = error as Error;
      if (message !== trouble) options.log(`${message}; waiting for the lead`);
      trouble = message;
    } finally {
      await leadership.release().catch(() => undefined);
    }
    await delay(STEP_BACK_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function leadUntil(signal: AbortSignal, options: WorkerOptions): Promise<void> {
  const { system, log } = options;
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
    checkLog: () => checkLog(system, projections),
  });
  // Whatever part ends first ends the others: a leader that does not project must not fire timers either.
  const ended = new AbortController();
  const together = AbortSignal.any([signal, ended.signal]);
  const parts = [
    projector.run(together),
    heartbeats(system, projections, () => progress, together),
    new TimerLoop(system, log).run(together, async () => (await options.timersHeld?.()) ?? false, options.timerIntervalMs ?? 500),
  ];
  try {
    await Promise.race(parts);
  } finally {
    ended.abort();
    await Promise.allSettled(parts);
  }
}

/** @throws RebuildNeededError when the log has been put back behind our back; CheckpointMovedError after a rebuild */
async function heartbeats(
  system: HuicaiSystem,
  projections: readonly LiveProjection[],
  progress: () => Progress,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await checkForRebuild(system.pool, projections);
      // Asked first: whatever came after this instant is not promised.
      const at = new Date(system.clock.now());
      const { seen } = progress();
      const head = await headOf(system);
      if (seen !== undefined && (head === undefined || head < seen)) await checkLog(system, projections);
      if (signal.aborted) return;
      await beat(system.pool, progress().seen, head, at, furthest(projections));
    } catch (error) {
      // With store or database away, readers see the last beat grow old, which is the truth.
      if (!isOutage(error)) throw error;
    }
    await delay(1_000, undefined, { signal }).catch(() => undefined);
  }
}

/** Looks whether the log is still the one the rows were made from. @throws RebuildNeededError */
async function checkLog(system: HuicaiSystem, projections: readonly LiveProjection[]): Promise<void> {
  let storeId: string | undefined;
  for await (const { data } of system.store.readStream(STORE_IDENTITY_STREAM, { maxCount: 1 }))
    storeId = (data as { storeId: string }).storeId;
  for (const projection of projections) await projection.check(system.pool, storeId, (...at) => eventIdAt(system, ...at));
}

async function headOf(system: HuicaiSystem): Promise<bigint | undefined> {
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) return event.position;
  return undefined;
}

async function eventIdAt(system: HuicaiSystem, stream: string, revision: bigint): Promise<string | undefined> {
  if (!ourAggregates.has(splitStreamName(stream).aggregate)) return undefined;
  for await (const event of system.store.readStream(stream, { from: revision, maxCount: 1 })) return event.id;
  return undefined;
}
