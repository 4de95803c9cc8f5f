import { setTimeout as delay } from 'node:timers/promises';
import {
  beat,
  breakConnections,
  CheckpointMovedError,
  checkForRebuild,
  furthest,
  Horizon,
  isOutage,
  type LiveProjection,
  lead,
  type Progress,
  ProjectionMeter,
  Projector,
  readGenerations,
  retryUnreadable,
  writeRates,
} from '@huicai/projections';
import { type TimeReference, timeMark } from '../contexts/calendar/facts.js';
import type { ProvincialRatings } from '../contexts/cases/provincial-ratings.js';
import { allProjections, ourAggregates } from './flows.js';
import { buildNewVersions, eventAt, type OpenGenerations, openGenerations, shapeOf } from './generations.js';
import { ReactionLoop } from './reactions.js';
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
  /** True while timers, reactions and notices must wait, as during the playing of a reference year. */
  readonly timersHeld?: () => Promise<boolean>;
  /** Milliseconds between two looks at the timers. */
  readonly timerIntervalMs?: number;
  readonly observer?: WorkerObserver;
  /** Where ratings are handed over; nowhere when left out. */
  readonly province?: ProvincialRatings;
}

/** Told what a worker does, for its metrics. */
export interface WorkerObserver {
  /** @param taken events of the batch each projection took; @param seconds from its arrival to its commit */
  onBatch(taken: ReadonlyMap<string, number>, seconds: number): void;
  /** This process has the lead, or has it no longer. */
  onLead(leads: boolean): void;
}

const takes: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...allProjections].map(([{ name }, types]) => [name, new Set(types)]),
);

/** How long a worker that has lost the lead lets the others ask for it first, milliseconds. */
const STEP_BACK_MS = 1_000;

/** How long the work of a lead that is lost may take to end in order, milliseconds. */
const BREAK_OFF_MS = 3_000;

/**
 * Keeps all read models, fires the timers and does what the reactions ask for, as long as this process leads; waits for the lead otherwise, and while a server is
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
    options.observer?.onLead(true);
    const cut = new AbortController();
    breakOffAfter(leadership.signal, options.system, cut.signal);
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
      cut.abort();
      options.observer?.onLead(false);
      await leadership.release().catch(() => undefined);
    }
    await delay(STEP_BACK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Who has lost the lead to a network that carries nothing would wait for its last answers for many minutes. */
function breakOffAfter(lost: AbortSignal, { pool, writePool }: HuicaiSystem, done: AbortSignal): void {
  const breakOff = () =>
    delay(BREAK_OFF_MS, undefined, { signal: done }).then(
      () => [pool, writePool].forEach(breakConnections),
      () => undefined,
    );
  if (lost.aborted) breakOff();
  else lost.addEventListener('abort', breakOff, { once: true, signal: done });
}

async function leadUntil(signal: AbortSignal, options: WorkerOptions): Promise<void> {
  const { system, log } = options;
  const held = async () => (await options.timersHeld?.()) ?? false;
  const reactions = new ReactionLoop({ system, log, held, province: options.province });
  const first = await openGenerations(system, log);
  await retryUnreadable(system.pool, 'a worker that begins');
  log(`leading with ${allProjections.size} projections`);
  options.onLeading?.();
  // Whatever part ends first ends the others: a leader that does not project must not fire timers either.
  const ended = new AbortController();
  const together = AbortSignal.any([signal, ended.signal]);
  const parts = [
    keepProjections(options, first, reactions, together),
    reactions.run(together),
    new TimerLoop(system, log).run(together, held, options.timerIntervalMs ?? 500),
  ];
  const building = buildNewVersions(system, first.toBuild, together, log);
  try {
    await Promise.race(parts);
  } finally {
    ended.abort();
    await Promise.allSettled([...parts, building]);
  }
}

/** Keeps all generations until the signal aborts; when one is handed over or dropped it goes on with those there are then. */
async function keepProjections(
  options: WorkerOptions,
  first: OpenGenerations,
  reactions: ReactionLoop,
  signal: AbortSignal,
): Promise<void> {
  const { system, log } = options;
  for (let open = first; !signal.aborted; open = await openGenerations(system, log)) {
    const shape = shapeOf(await readGenerations(system.pool));
    const hasChanged = async () => shapeOf(await readGenerations(system.pool)) !== shape;
    try {
      await keepUntilChanged(options, open.fed, reactions, hasChanged, signal);
    } catch (error) {
      // A generation that is dropped while it is fed can make any statement fail.
      if (signal.aborted || isOutage(error) || !(await hasChanged())) throw error;
    }
  }
}

async function keepUntilChanged(
  options: WorkerOptions,
  projections: readonly LiveProjection[],
  reactions: ReactionLoop,
  hasChanged: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const { system, log } = options;
  let progress: Progress = { seen: undefined, connected: false };
  const meter = new ProjectionMeter(takes);
  const projector = new Projector({
    pool: system.writePool,
    store: system.store,
    upcasters,
    aggregates: ourAggregates,
    projections,
    reference: (batch) => system.facts.timeWith(batch),
    referenceMark: (reference) => timeMark(reference as TimeReference),
    log,
    onProgress: (now) => {
      progress = now;
    },
    onBatch: (batch, after, seconds) => {
      const taken = meter.note(batch);
      options.observer?.onBatch(taken, seconds);
      reactions.offer(batch, after);
    },
    checkLog: () => checkLog(system, projections),
  });
  const ended = new AbortController();
  const together = AbortSignal.any([signal, ended.signal]);
  const parts = [projector.run(together), heartbeats(system, projections, () => progress, meter, hasChanged, together)];
  try {
    await Promise.race(parts);
  } finally {
    ended.abort();
    await Promise.allSettled(parts);
  }
}

/**
 * Ends when the generations have changed.
 *
 * @throws RebuildNeededError when the log has been put back behind our back; CheckpointMovedError after a rebuild
 */
async function heartbeats(
  system: HuicaiSystem,
  projections: readonly LiveProjection[],
  progress: () => Progress,
  meter: ProjectionMeter,
  hasChanged: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const horizon = new Horizon();
  while (!signal.aborted) {
    try {
      if (await hasChanged()) return;
      await checkForRebuild(system.pool, projections);
      // Asked first: whatever came after this instant is not promised.
      const at = new Date(system.clock.now());
      const { seen } = progress();
      const head = await headOf(system);
      if (seen !== undefined && (head === undefined || head < seen)) await checkLog(system, projections);
      if (signal.aborted) return;
      horizon.look(at, head);
      const position = progress().seen;
      await beat(system.pool, { position, head, at, asOf: horizon.reached(position), handled: furthest(projections) });
      await writeRates(system.pool, meter);
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
  for (const projection of projections) await projection.check(system.pool, storeId, eventAt(system));
}

async function headOf(system: HuicaiSystem): Promise<bigint | undefined> {
  for await (const event of system.store.readAll({ backwards: true, maxCount: 1 })) return event.position;
  return undefined;
}
