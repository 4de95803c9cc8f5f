import type { CompiledCalendar } from './compiled-calendar.js';
import { afterWorkingTime, dueDayOf, isHeldByPauses } from './due.js';
import { WorkingTimeError } from './errors.js';
import type { Instant } from './instant.js';
import type { Limit } from './limit.js';
import { MINUTE_MS } from './local-date.js';
import { type Pause, unitePauses } from './pauses.js';

/** Numbers of the warning lights: data of a policy version, not law. */
export interface LightPolicy {
  /** Last part of a budget in minutes that is yellow, 0 to 1: 0.25 = the last quarter. */
  readonly yellowFraction: number;
  /** Working-day budgets of at least this many days turn yellow at the close of the day before; shorter ones at the opening. */
  readonly yellowDayBeforeFromDays: number;
  /** SEVERE from the close of this working day (1 or more) after the due day. */
  readonly severeAfterWorkingDays: number;
}

export const DEFAULT_LIGHT_POLICY: LightPolicy = { yellowFraction: 0.25, yellowDayBeforeFromDays: 3, severeAfterWorkingDays: 5 };

export type Light = 'GREEN' | 'YELLOW' | 'RED' | 'SEVERE';

/** Instants at which the light changes: yellow and severe from the instant on, red only *after* it. All null: no light. */
export interface LightThresholds {
  readonly yellowAt: Instant | null;
  readonly redAt: Instant | null;
  readonly severeAt: Instant | null;
}

export const NO_LIGHT: LightThresholds = { yellowAt: null, redAt: null, severeAt: null };

export interface LightInput {
  readonly limit: Limit;
  readonly start: Instant;
  /** As derived by `deriveDue`. */
  readonly due: Instant | null;
  readonly pauses?: readonly Pause[];
  /** Extensions included in `due`. */
  readonly addedWorkingDays?: number;
  readonly calendar: CompiledCalendar;
  readonly policy: LightPolicy;
}

/**
 * When the light of a clock turns. No light without a due, and none while the clock is paused. Yellow comes
 * - at the close of the working day before the due day (natural days, windows, and working days from three on);
 * - at the opening of the due day (one or two working days);
 * - when the part `1 - yellowFraction` of a budget in minutes is used, pauses not counted;
 * - for minutes that were extended, by the rule for as many working days as were added;
 * but never before the start and never after the due.
 * @throws WorkingTimeError INVALID_POLICY, PAUSE_REVERSED, OUTSIDE_COVERED_YEARS
 */
export function lightThresholds(input: LightInput): LightThresholds {
  const { limit, start, due, calendar, policy } = input;
  checkLightPolicy(policy);
  const pauses = unitePauses(input.pauses ?? [], start);
  if (due === null || (pauses.openSince !== null && isHeldByPauses(limit))) return NO_LIGHT;
  const dueDay = dueDayOf(calendar, due);
  const closeBefore = () => calendar.closeOf(calendar.workingDayBefore(dueDay));
  const byWorkingDays = (days: number) => (days >= policy.yellowDayBeforeFromDays ? closeBefore() : calendar.openingOf(dueDay));
  const yellow = () => {
    const added = input.addedWorkingDays ?? 0;
    if (limit.kind === 'workingDays') return byWorkingDays(limit.days + added);
    if (limit.kind !== 'workingTime') return closeBefore();
    if (added > 0) return byWorkingDays(added);
    const used = Math.round(limit.minutes * MINUTE_MS * (1 - policy.yellowFraction));
    return used === 0 ? start : afterWorkingTime(calendar, start, used, pauses.closed);
  };
  return {
    yellowAt: Math.min(Math.max(yellow(), start), due),
    redAt: due,
    severeAt: calendar.closeOf(calendar.workingDayAfter(dueDay, policy.severeAfterWorkingDays)),
  };
}

/** The light at `now`; null where there is none. An instant equal to the due is on time. */
export function lightAt({ yellowAt, redAt, severeAt }: LightThresholds, now: Instant): Light | null {
  if (redAt === null || yellowAt === null || severeAt === null) return null;
  if (now >= severeAt) return 'SEVERE';
  if (now > redAt) return 'RED';
  return now >= yellowAt ? 'YELLOW' : 'GREEN';
}

/** @throws WorkingTimeError INVALID_POLICY naming the number at fault */
export function checkLightPolicy(policy: LightPolicy): LightPolicy {
  const refuse = (field: keyof LightPolicy, what: string) =>
    new WorkingTimeError('INVALID_POLICY', field, `${String(policy[field])} is not ${what}`);
  if (!(policy.yellowFraction >= 0 && policy.yellowFraction <= 1)) throw refuse('yellowFraction', 'a part from 0 to 1');
  if (!Number.isSafeInteger(policy.yellowDayBeforeFromDays) || policy.yellowDayBeforeFromDays < 1) {
    throw refuse('yellowDayBeforeFromDays', 'a whole number of days of 1 or more');
  }
  // With 0 the due itself would be severe, and it is on time.
  if (!Number.isSafeInteger(policy.severeAfterWorkingDays) || policy.severeAfterWorkingDays < 1) {
    throw refuse('severeAfterWorkingDays', 'a whole number of working days of 1 or more');
  }
  return policy;
}
