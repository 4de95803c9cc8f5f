import { invalid } from '@huicai/kernel';
import {
  type CalendarVersion,
  type CompiledCalendar,
  compileCalendar,
  formatInstant,
  type Interval,
  parseInstant,
  parseLocalDate,
  zoneOffsetAt,
} from '@huicai/working-time';
import type { CalendarEvent, CalendarVersionData, PolicyEvent, PolicyVersion } from './contract.js';

export { isAbout, limitOf, limitsOf, type Matter, matchingRule, rulesOf } from './policy-limits.js';

/** A version of a calendar, and since when it was known: since its announcement, or else since it was recorded. */
export interface KnownCalendarVersion extends CalendarVersion {
  /** Epoch milliseconds. */
  readonly knownSince: number;
}

/** Every version of one calendar; index 0 holds version 1. Each was known no earlier than the one before. */
export interface CalendarFacts {
  readonly versions: readonly KnownCalendarVersion[];
}

export const noCalendar: CalendarFacts = { versions: [] };

/** @param at when the event was recorded, epoch milliseconds */
export function foldCalendar(facts: CalendarFacts, event: CalendarEvent, { occurredAt }: { occurredAt: number }): CalendarFacts {
  return { versions: [...facts.versions, knownVersion(calendarVersionOf(event.data.calendar), occurredAt)] };
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

/** Every version of one policy; index 0 holds version 1. */
export interface PolicyFacts {
  readonly versions: readonly PolicyVersion[];
}

export const noPolicy: PolicyFacts = { versions: [] };

export function foldPolicy(facts: PolicyFacts, event: PolicyEvent): PolicyFacts {
  return { versions: [...facts.versions, event.data.policy] };
}

/** The version in force on a day: the latest to have taken effect, of two on one day the one published last. @param day YYYY-MM-DD, office time */
export function policyInForce({ versions }: PolicyFacts, day: string): PolicyVersion | undefined {
  const begun = versions.filter(({ effectiveFrom }) => effectiveFrom <= day);
  return begun.reduce<PolicyVersion | undefined>(
    (latest, version) => (latest && version.effectiveFrom < latest.effectiveFrom ? latest : version),
    undefined,
  );
}

export function policyVersion(facts: PolicyFacts, version: number): PolicyVersion {
  const found = facts.versions[version - 1];
  if (!found) throw new Error(`No version ${version} of the policy`);
  return found;
}

/** What views and rules need to derive times, by version. */
export interface TimeReference {
  readonly calendar: CalendarFacts;
  readonly policy: PolicyFacts;
}

/** Refuses what is no calendar day YYYY-MM-DD. @throws Refusal `date-invalid` */
export function checkDay(day: string, field: string): string {
  try {
    parseLocalDate(day, field);
    return day;
  } catch {
    throw invalid('date-invalid', field);
  }
}

/** The zone the office lives in; its calendars say the same. */
export const OFFICE_ZONE = 'Asia/Shanghai';

/** Calendar day of the office at an instant, YYYY-MM-DD. @param at epoch milliseconds */
export const officeDay = (at: number): string => formatInstant(at, OFFICE_ZONE).slice(0, 10);

/** The instant a day of the office begins, epoch milliseconds. @param day YYYY-MM-DD */
export function startOfOfficeDay(day: string): number {
  const wall = Date.parse(`${day}T00:00:00Z`);
  return wall - zoneOffsetAt(OFFICE_ZONE, wall - zoneOffsetAt(OFFICE_ZONE, wall));
}
