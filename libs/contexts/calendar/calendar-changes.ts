import { type ClockState, type CompiledCalendar, parseLocalDate, spliceCalendars } from '@huicai/working-time';
import { type AppliedChange, changesUntil, changesUpon, markOf } from './applied-changes.js';
import { type CalendarFacts, compiledVersion } from './calendar-versions.js';
import type { TimeChange } from './contract.js';
import type { TimeReference } from './policy-versions.js';

/** What decides which calendar a clock goes by. */
export type ClockTimes = Pick<ClockState, 'startedAt' | 'stoppedAt' | 'calendarVersion'>;

/** The changes of the calendar that a clock goes by. */
export function changesOf(clock: ClockTimes, { changes = [] }: CalendarFacts): AppliedChange[] {
  return changesUpon(clock, clock.calendarVersion, changes);
}

/**
 * The calendar a clock goes by: the version it was promised under, and what later changes have put in its place.
 *
 * @throws Error when the calendar has no such version
 */
export function calendarOf(clock: ClockTimes, facts: CalendarFacts): CompiledCalendar {
  const pinned = compiledVersion(facts, clock.calendarVersion);
  if (!facts.changes) return pinned;
  return changesOf(clock, facts).reduce((calendar, change) => calendarAfter(calendar, change, facts), pinned);
}

/** A calendar with a change put upon it. @throws WorkingTimeError OUTSIDE_COVERED_YEARS */
function calendarAfter(
  calendar: CompiledCalendar,
  { mode, to, fromDay }: Pick<TimeChange, 'mode' | 'to' | 'fromDay'>,
  facts: CalendarFacts,
): CompiledCalendar {
  if (mode === 'keep' || to <= calendar.version) return calendar;
  const next = compiledVersion(facts, to);
  return mode === 'retroactive' ? next : spliced(calendar, next, fromDay!);
}

const splices = new WeakMap<CompiledCalendar, WeakMap<CompiledCalendar, Map<string, CompiledCalendar>>>();

/** Thousands of clocks go by the same splice. */
function spliced(before: CompiledCalendar, after: CompiledCalendar, day: string): CompiledCalendar {
  const following = splices.get(before) ?? new WeakMap<CompiledCalendar, Map<string, CompiledCalendar>>();
  splices.set(before, following);
  const byDay = following.get(after) ?? new Map<string, CompiledCalendar>();
  following.set(after, byDay);
  const ready = byDay.get(day) ?? spliceCalendars(before, after, parseLocalDate(day, 'fromDay'));
  byDay.set(day, ready);
  return ready;
}

/** Calendar and policy as they were known at an instant: what was changed or undone later is not. @param at epoch milliseconds */
export function changesKnownAt({ calendar, policy }: TimeReference, at: number): TimeReference {
  const known = <F extends { readonly changes?: readonly AppliedChange[] }>(facts: F): F =>
    facts.changes ? { ...facts, changes: changesUntil(facts.changes, at) } : facts;
  return { calendar: known(calendar), policy: known(policy) };
}

/** Changes whenever rows that were derived from calendar and policy have to be derived anew; empty as long as nothing was changed. */
export function timeMark({ calendar, policy }: TimeReference): string {
  const marks = [markOf(calendar.changes), markOf(policy.changes)];
  return marks[1] === '' ? marks[0]! : marks.join(' | ');
}
