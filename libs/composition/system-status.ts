import {
  type DeadLetterCount,
  deadLetterCounts,
  freshnessOf,
  type Generations,
  type LeaderStatus,
  leaderStatus,
  type Queryable,
  readGenerations,
  readRates,
} from '@huicai/projections';
import { type ReactionStatus, reactionStatus } from '@huicai/reactions';
import { allProjections } from './flows.js';
import { type TimerStatus, timerStatus } from './timer-failures.js';

/** How one projection stands. */
export interface ProjectionStatus {
  readonly name: string;
  /** Of the fold this program has; what is shown may still be made by an older one, see `schema`. */
  readonly version: number;
  /** What is shown; null before a worker has made it. */
  readonly schema: string | null;
  /** Rows being made beside those shown, and those shown before. */
  readonly candidate: string | null;
  readonly previous: string | null;
  /** Commit position of the last event it handled, decimal; a place, not a count. */
  readonly position: string | null;
  /** Everything recorded up to then is in it. */
  readonly asOf: Date | null;
  /** How old that is; null when that can be said of no instant. */
  readonly lagSeconds: number | null;
  /** Whether nothing is known to be missing. */
  readonly level: boolean;
  /** Events a second over the last minute; null when no worker says so. */
  readonly eventsPerSecond: number | null;
  /** Why it has stopped. */
  readonly failed: string | null;
  /** Parked partitions, and events missing because of them. */
  readonly parked: number;
  readonly deadLetters: number;
}

/** How the whole of views, reactions and timers stands, as the leading worker has left its word. */
export interface SystemStatus {
  readonly leader: LeaderStatus | null;
  readonly projections: readonly ProjectionStatus[];
  readonly reactions: readonly ReactionStatus[];
  readonly timers: TimerStatus & { readonly lagSeconds: number };
}

/** A view that is no older than this is level: the worker says once a second how far it is. */
export const LEVEL_SECONDS = 5;

/** @param now by the clock the system goes by @throws Error of PostgreSQL */
export async function systemStatus(db: Queryable, now: Date): Promise<SystemStatus> {
  const [leader, generations, rates, letters, reactions, timers] = await Promise.all([
    leaderStatus(db),
    readGenerations(db),
    readRates(db),
    deadLetterCounts(db),
    reactionStatus(db),
    timerStatus(db, now),
  ]);
  const projections: ProjectionStatus[] = [];
  for (const { name, version } of allProjections.keys()) {
    const freshness = await freshnessOf(db, name);
    const { asOf, position, failed } = freshness;
    const lagSeconds = asOf && secondsBetween(asOf, now);
    const generation = generations.get(name);
    projections.push({
      name,
      version,
      schema: generation?.live ?? null,
      candidate: generation?.candidate ?? null,
      previous: generation?.previous ?? null,
      position: position?.toString() ?? null,
      asOf,
      lagSeconds,
      level: failed === null && lagSeconds !== null && lagSeconds <= LEVEL_SECONDS,
      eventsPerSecond: rates.get(name) ?? null,
      failed,
      ...missing(letters, generation),
    });
  }
  const lagSeconds = timers.oldestDue ? secondsBetween(timers.oldestDue, now) : 0;
  return { leader: leader ?? null, projections, reactions, timers: { ...timers, lagSeconds } };
}

function missing(letters: readonly DeadLetterCount[], generation: Generations | undefined) {
  const count = letters.find(({ schema }) => schema === generation?.live);
  return { parked: count?.parked ?? 0, deadLetters: count?.letters ?? 0 };
}

const secondsBetween = (from: Date, to: Date): number => Math.max(0, (to.getTime() - from.getTime()) / 1_000);
