import type { CompiledCalendar } from './compiled-calendar.js';
import { WorkingTimeError } from './errors.js';
import { checkInstant, type Instant } from './instant.js';
import { checkLimit, type Limit } from './limit.js';
import { type EpochDay, MINUTE_MS } from './local-date.js';
import {
  type Pause,
  pausedCalendarDays,
  pausedSpans,
  pausedWorkingDays,
  type Span,
  type UnitedPauses,
  unitePauses,
} from './pauses.js';

/** All that a due instant depends on. */
export interface DueInput {
  readonly start: Instant;
  readonly limit: Limit;
  readonly pauses?: readonly Pause[];
  readonly calendar: CompiledCalendar;
  /** Sum of all granted extensions in working days; the order and time of granting play no part. */
  readonly addedWorkingDays?: number;
}

export interface Due {
  /** Last instant that is still on time; null without a limit, and while a pause holds the clock. */
  readonly due: Instant | null;
  /** The answer rests on a year whose holidays are not published. */
  readonly provisional: boolean;
}

type KnownDue = Due & { readonly due: Instant };

/**
 * When something started at `start` is due. All in the calendar's zone.
 *
 * Pauses: office minutes inside them do not count. For working days each working day after the start day adds the paused part
 * of its office time, and the due moves on by the whole days in that sum, counted again over the longer span until it stands
 * still. For natural days each whole calendar day inside a pause is added before rolling. A calendar window never moves.
 *
 * Extensions add working days to a budget in working days. Any other limit keeps its own due as the base and is then due at the
 * close of the nth working day after it, that tail being paused like any working days (a window's is not).
 *
 * A pause that has not ended and began before the due holds the clock: no due until it ends, see `dueIfResumedAt`.
 * @throws WorkingTimeError INVALID_INSTANT, INVALID_LIMIT, INVALID_EXTENSION, PAUSE_REVERSED, OUTSIDE_COVERED_YEARS
 */
export function deriveDue(input: DueInput): Due {
  const { pauses, added } = check(input);
  const result = compute(input, pauses.closed, added);
  const held = pauses.openSince !== null && isHeldByPauses(input.limit) && result.due !== null && pauses.openSince < result.due;
  return held ? { due: null, provisional: false } : result;
}

/**
 * When it would be due if the pause that lasts ended at `now`; without such a pause the same as `deriveDue`.
 * @throws as `deriveDue`
 */
export function dueIfResumedAt(input: DueInput, now: Instant): Due {
  const { added } = check(input);
  checkInstant(now, 'now');
  return compute(input, pausedSpans(input.pauses ?? [], input.start, now), added);
}

/** Whether a pause stops a clock with this limit. It does not stop a calendar window. */
export function isHeldByPauses(limit: Limit): boolean {
  return limit.kind !== 'calendarWindow';
}

function check(input: DueInput): { pauses: UnitedPauses; added: number } {
  checkInstant(input.start, 'start');
  checkLimit(input.limit);
  const added = input.addedWorkingDays ?? 0;
  if (!Number.isSafeInteger(added) || added < 0) {
    throw new WorkingTimeError('INVALID_EXTENSION', 'addedWorkingDays', `${added} is not a whole number of working days`);
  }
  return { pauses: unitePauses(input.pauses ?? [], input.start), added };
}

function compute({ start, limit, calendar }: DueInput, pauses: readonly Span[], added: number): Due {
  const startDay = calendar.dayOf(start);
  switch (limit.kind) {
    case 'none':
      return { due: null, provisional: false };
    case 'workingDays':
      return afterWorkingDays(calendar, startDay, limit.days + added, pauses);
    case 'workingTime': {
      const due = afterWorkingTime(calendar, start, limit.minutes * MINUTE_MS, pauses);
      return extend(calendar, { due, provisional: calendar.isProvisional(startDay, dueDayOf(calendar, due)) }, added, pauses);
    }
    case 'naturalDays':
      return extend(calendar, afterNaturalDays(calendar, startDay, limit.days, pauses), added, pauses);
    case 'calendarWindow':
      return extend(calendar, { due: limit.at, provisional: false }, added, []);
  }
}

/** Local day a due belongs to. One at midnight is the end of the day before: offices may close at 24:00. */
export function dueDayOf(calendar: CompiledCalendar, due: Instant): EpochDay {
  return calendar.dayOf(due - 1);
}

/**
 * Earliest instant at which `ms` of office time outside pauses have passed since `start`.
 * @throws WorkingTimeError OUTSIDE_COVERED_YEARS
 */
export function afterWorkingTime(calendar: CompiledCalendar, start: Instant, ms: number, pauses: readonly Span[]): Instant {
  let budget = ms;
  let at = calendar.afterOfficeTime(start, budget);
  for (const { from, to } of pauses) {
    if (at <= from) break;
    budget += calendar.officeTime(from, to);
    at = calendar.afterOfficeTime(start, budget);
  }
  return at;
}

function afterWorkingDays(calendar: CompiledCalendar, startDay: EpochDay, budget: number, pauses: readonly Span[]): KnownDue {
  let days = budget;
  for (;;) {
    const dueDay = calendar.workingDayAfter(startDay, days);
    const moved = budget + pausedWorkingDays(calendar, startDay + 1, dueDay, pauses);
    if (moved === days) return { due: calendar.closeOf(dueDay), provisional: calendar.isProvisional(startDay + 1, dueDay) };
    days = moved;
  }
}

function afterNaturalDays(calendar: CompiledCalendar, startDay: EpochDay, budget: number, pauses: readonly Span[]): KnownDue {
  let days = budget;
  for (;;) {
    const moved = budget + pausedCalendarDays(calendar, startDay + 1, startDay + days, pauses);
    if (moved === days) break;
    days = moved;
  }
  const dueDay = calendar.workingDayFrom(startDay + days);
  return { due: calendar.closeOf(dueDay), provisional: calendar.isProvisional(startDay + days, dueDay) };
}

function extend(calendar: CompiledCalendar, base: KnownDue, added: number, pauses: readonly Span[]): KnownDue {
  if (added === 0) return base;
  const tail = afterWorkingDays(calendar, dueDayOf(calendar, base.due), added, pauses);
  return { due: tail.due, provisional: base.provisional || tail.provisional };
}
