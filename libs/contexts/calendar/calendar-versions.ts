import { type CalendarVersion, type CompiledCalendar, compileCalendar, type Interval, parseInstant } from '@huicai/working-time';
import { type AppliedChange, withApplied, withUndone } from './applied-changes.js';
import type { CalendarEvent, CalendarVersionData } from './contract.js';

/** A version of a calendar, and since when it was known: since its announcement, or else since it was recorded. */
export interface KnownCalendarVersion extends CalendarVersion {
  /** Epoch milliseconds. */
  readonly knownSince: number;
}

/** Every version of one calendar; index 0 holds version 1. Each was known no earlier than the one before. */
export interface CalendarFacts {
  readonly versions: readonly KnownCalendarVersion[];
  /** In the order they were applied. */
  readonly changes?: readonly AppliedChange[];
}

export const noCalendar: CalendarFacts = { versions: [] };

/** @param at when the event was recorded, epoch milliseconds */
export function foldCalendar(facts: CalendarFacts, event: CalendarEvent, { occurredAt }: { occurredAt: number }): CalendarFacts {
  switch (event.type) {
    case 'CalendarVersionPublished':
      return { ...facts, versions: [...facts.versions, knownVersion(calendarVersionOf(event.data.calendar), occurredAt)] };
    case 'CalendarChangeApplied':
      return { ...facts, changes: withApplied(facts.changes, event.data, occurredAt) };
    case 'CalendarChangeUndone':
      return { ...facts, changes: withUndone(facts.changes, event.data, occurredAt) };
  }
}

/** @param recordedAt epoch milliseconds */
export function knownVersion(version: CalendarVersion, recordedAt: number): KnownCalendarVersion {
  return { ...version, knownSince: version.announcedAt === undefined ? recordedAt : parseInstant(version.announcedAt) };
}

/** The version that was the latest known at an instant; undefined before the first. @param at epoch milliseconds */
export function versionKnownAt({ versions }: CalendarFacts, at: number): KnownCalendarVersion | undefined {
  return versions.filter(({ knownSince }) => knownSince <= at).at(-1);
}

export function calendarVersionOf({ weekly, ...rest }: CalendarVersionData): CalendarVersion {
  const byWeekday: Partial<Record<1 | 2 | 3 | 4 | 5 | 6 | 7, readonly Interval[]>> = {};
  for (const { weekday, intervals } of weekly) byWeekday[weekday] = intervals;
  return { ...rest, weekly: byWeekday };
}

export function calendarDataOf({ weekly, ...rest }: CalendarVersion): CalendarVersionData {
  const days = ([1, 2, 3, 4, 5, 6, 7] as const).flatMap((weekday) => {
    const intervals = weekly[weekday];
    return intervals && intervals.length > 0 ? [{ weekday, intervals }] : [];
  });
  return { ...rest, weekly: days };
}

/**
 * The calendar a promise is made by: the version known at that instant. A played year may begin before anything was announced; it
 * goes by the oldest version then.
 * @param at epoch milliseconds
 * @throws Error when the calendar has no version
 */
export function calendarToPromiseBy(facts: CalendarFacts, at: number): CompiledCalendar {
  return compiledVersion(facts, versionKnownAt(facts, at)?.version ?? 1);
}

const compiled = new WeakMap<CalendarVersion, CompiledCalendar>();

/** A version ready for arithmetic. @throws Error when the calendar has no such version */
export function compiledVersion(facts: CalendarFacts, version: number): CompiledCalendar {
  const found = facts.versions[version - 1];
  if (!found) throw new Error(`No version ${version} of the calendar`);
  let ready = compiled.get(found);
  if (!ready) {
    ready = compileCalendar(found);
    compiled.set(found, ready);
  }
  return ready;
}
