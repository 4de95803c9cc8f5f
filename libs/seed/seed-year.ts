import { firstStreamOfWork, type HuicaiSystem, loadReferenceData } from '@huicai/composition';
import { systemCommandId } from '@huicai/kernel';
import { DRAFT_2024 } from '../contexts/catalogue/draft-2024.js';
import { lastWorkingDayBefore, Office, yearEnding } from './office.js';
import { DEFAULT_SEED, planYear } from './plan.js';
import { playYear } from './player.js';
import {
  notSeeded,
  readSeed,
  SEED_STREAM,
  type SeedCommand,
  type SeedOrigin,
  type SeedOutcome,
  seedDecider,
} from './seed-stream.js';
import type { YearClock } from './year-clock.js';

export interface SeedYearOptions {
  /** Opened with `clock` and with a fixed `attempt`, because event ids are part of what two runs have in common. */
  readonly system: HuicaiSystem;
  readonly clock: YearClock;
  /** Default {@link DEFAULT_SEED}. Left aside when a year was begun before. */
  readonly seed?: number;
  /** Last day of the year, YYYY-MM-DD, a working day; default the last one before today. Left aside like `seed`. */
  readonly anchor?: string;
  /** Part of the full volume, above 0, at most 1. Not recorded: a year begun in part is to be continued in the same part. */
  readonly scale?: number;
  readonly onBegin?: (origin: SeedOrigin, resumed: boolean) => void;
  readonly onStep?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

export interface SeedResult {
  /** What happened; `complete`: nothing, the year had been played before. */
  readonly status: 'played' | 'resumed' | 'complete';
  readonly origin: SeedOrigin;
  readonly outcome: SeedOutcome;
}

/** The store holds events of people's own work; a reference year beside it would mix made-up and real matters. */
export class ForeignEventsError extends Error {
  constructor(readonly stream: string) {
    super(
      `The event store holds data that is not reference data (stream ${stream}). The reference year is only played into an empty system.`,
    );
    this.name = 'ForeignEventsError';
  }
}

/** Another process is playing the year. */
export class SeedRunningError extends Error {
  constructor() {
    super('The reference year is being played by another process.');
    this.name = 'SeedRunningError';
  }
}

const LOCK_KEY = 4_807_302;

/**
 * Plays the reference year into a system that holds reference data at most, goes on with one that was cut off, and leaves one that
 * is complete alone.
 *
 * @throws ForeignEventsError, SeedRunningError, RangeError for an anchor that can not be, those of {@link playYear}
 */
export async function seedYear(options: SeedYearOptions): Promise<SeedResult> {
  const { system } = options;
  const { origin, outcome } = await readSeed(system.store);
  if (origin && outcome) return { status: 'complete', origin, outcome };
  return alone(system, (lost) => play(options, options.signal ? AbortSignal.any([options.signal, lost]) : lost));
}

async function play(options: SeedYearOptions, signal: AbortSignal): Promise<SeedResult> {
  const { system, clock, scale, onStep, onBegin } = options;
  // Read again: the year may have been completed before this process had its turn.
  const before = await readSeed(system.store);
  if (before.origin && before.outcome) return { status: 'complete', origin: before.origin, outcome: before.outcome };
  const resumed = before.origin !== notSeeded.origin;
  if (!resumed) await refuseForeign(system);
  const origin = before.origin ?? originOf(options, clock.now());
  const plan = planYear(origin.seed, origin.anchor, scale);
  await loadReferenceData(system);
  onBegin?.(origin, resumed);
  clock.moveTo(plan.span.from);
  await record(system, origin, { type: 'StartSeed', data: origin });
  const outcome = await playYear({ system, clock, plan, signal, ...(onStep ? { onStep } : {}) });
  clock.moveTo(plan.span.to);
  await record(system, origin, { type: 'CompleteSeed', data: outcome });
  return { status: resumed ? 'resumed' : 'played', origin, outcome };
}

function originOf({ seed = DEFAULT_SEED, anchor }: SeedYearOptions, now: number): SeedOrigin {
  const office = new Office();
  if (!Number.isSafeInteger(seed)) throw new RangeError(`${seed} is not a whole number`);
  const last = anchor ?? lastWorkingDayBefore(now, office);
  const span = yearEnding(last, office);
  if (span.to > now) throw new RangeError(`The year can not end on ${last}, that day is not over yet`);
  if (office.dateOf(span.firstDay) < DRAFT_2024.effectiveFrom)
    throw new RangeError(`The year ending on ${last} begins before the service list is in force, ${DRAFT_2024.effectiveFrom}`);
  return { seed, anchor: last };
}

/** @throws ForeignEventsError naming the first stream that does not belong */
async function refuseForeign({ store }: HuicaiSystem): Promise<void> {
  const stream = await firstStreamOfWork(store);
  if (stream !== undefined) throw new ForeignEventsError(stream);
}

async function record(system: HuicaiSystem, { seed }: SeedOrigin, command: SeedCommand): Promise<void> {
  const commandId = systemCommandId('seed', seed, command.type);
  const context = {
    commandId,
    commandHash: { k: 'none', v: '' },
    actor: { id: 'seed', role: 'system' as const },
    correlationId: commandId,
    backfill: true,
  };
  await system.runner.run(seedDecider, SEED_STREAM, command, context, (_, base) => base);
}

/** Runs while holding a lock only one process can hold. @throws SeedRunningError */
async function alone<T>(system: HuicaiSystem, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
  const session = await system.pool.connect();
  const lost = new AbortController();
  const onLost = (error: Error) => lost.abort(new Error(`The database session was lost: ${error.message}`));
  session.on('error', onLost);
  try {
    const { rows } = await session.query<{ won: boolean }>('select pg_try_advisory_lock($1) as won', [LOCK_KEY]);
    if (!rows[0]?.won) throw new SeedRunningError();
    return await work(lost.signal);
  } finally {
    session.off('error', onLost);
    // Ends the session, and the lock with it.
    session.release(true);
  }
}
