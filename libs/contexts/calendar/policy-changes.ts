import { type ClockState, deriveDue, type Limit } from '@huicai/working-time';
import { type AppliedChange, changesUpon } from './applied-changes.js';
import { compiledVersion } from './calendar-versions.js';
import type { LimitKind } from './contract.js';
import { startOfOfficeDay } from './office-days.js';
import { limitFrom, limitOf, type Matter } from './policy-limits.js';
import { policyVersion, type TimeReference } from './policy-versions.js';

export interface PromisedClock extends ClockState {
  /** What its limit was asked for, with the talent's category when it started; events of long ago do not tell that. */
  readonly matter?: Matter;
}

/** The changes of the policy that a clock goes by. */
export function policyChangesOf(clock: PromisedClock, time: TimeReference): AppliedChange[] {
  const { changes } = time.policy;
  if (!changes || !clock.matter) return [];
  return changesUpon(clock, Number(clock.policyVersion), changes).filter((change) => takesPlace(clock, change, time));
}

/**
 * The clock with the limit it goes by today: the one it was promised, or what changes of the policy have put in its place.
 *
 * @throws Error when the policy has no such version
 */
export function clockUnder<C extends PromisedClock>(clock: C, time: TimeReference): C {
  const latest = policyChangesOf(clock, time).at(-1);
  return latest ? { ...clock, limit: limitUnderVersion(clock, latest.to, time), policyVersion: latest.to } : clock;
}

/**
 * A change for the future makes nothing late by itself: a clock that the new limit, counted from its start, would have made due before
 * the change begins keeps the limit it has. Pauses and extensions are left out of that, so that what happens later does not turn it round.
 */
function takesPlace(clock: PromisedClock, { mode, to, fromDay, appliedAt }: AppliedChange, time: TimeReference): boolean {
  // Where nothing was promised, nothing can be broken.
  if (clock.limit.kind === 'none') return false;
  if (mode !== 'prospective') return true;
  const calendar = compiledVersion(time.calendar, clock.calendarVersion);
  const { due } = deriveDue({ start: clock.startedAt, limit: limitUnderVersion(clock, to, time), calendar });
  return due === null || due >= Math.max(appliedAt, startOfOfficeDay(fromDay!));
}

function limitUnderVersion({ kind, matter, startedAt }: PromisedClock, to: number, time: TimeReference): Limit {
  return limitFrom(limitOf(policyVersion(time.policy, to), kind as LimitKind, matter!), startedAt);
}
