import { badInput } from '@huicai/http';
import {
  type CompiledCalendar,
  type DueInput,
  deriveDue,
  explainTime,
  type Limit,
  parseInstant,
  WorkingTimeError,
} from '@huicai/working-time';
import { type ToldEntry, told } from '../ledger.js';
import type { DeadlineBody, LimitBody } from './deadline.bodies.js';
import { type CalendarFacts, compiledVersion, versionKnownAt } from './facts.js';

export interface Deadline {
  readonly due: string;
  /** It rests on a year whose holidays are not published. */
  readonly provisional: boolean;
  readonly calendar: string;
  readonly calendarVersion: number;
  /** From the start to the due. */
  readonly ledger: readonly ToldEntry[];
}

/**
 * When something is due, and why: the same arithmetic the clocks of cases run on.
 *
 * @param body after its form was judged
 * @param facts the calendar it names
 * @param now epoch milliseconds; nothing is known of the calendars of later
 * @throws BadInput naming the field
 */
export function deadlineOf(body: DeadlineBody, facts: CalendarFacts, now: number): Deadline {
  const calendar = calendarAsKnown(facts, body.asKnownAt, now);
  const input = inputOf(body, calendar);
  const { due, provisional } = dueOf(input);
  return {
    due: calendar.format(due),
    provisional,
    calendar: calendar.calendarId,
    calendarVersion: calendar.version,
    ledger: explainTime({ ...input, until: due }).entries.map((entry) => told(entry, calendar)),
  };
}

/**
 * The calendar as it was known at an instant.
 * @param asKnownAt ISO 8601; what is known now when left out
 * @throws BadInput `calendar-not-found`, `known-in-future`, `calendar-not-known-then`
 */
export function calendarAsKnown(facts: CalendarFacts, asKnownAt: string | undefined, now: number): CompiledCalendar {
  if (facts.versions.length === 0) throw badInput('calendar-not-found', 'calendar');
  if (asKnownAt === undefined) return compiledVersion(facts, facts.versions.length);
  const at = parseInstant(asKnownAt);
  if (at > now) throw badInput('known-in-future', 'asKnownAt');
  const version = versionKnownAt(facts, at);
  if (!version) throw badInput('calendar-not-known-then', 'asKnownAt');
  return compiledVersion(facts, version.version);
}

function inputOf({ start, limit, pauses = [] }: DeadlineBody, calendar: CompiledCalendar) {
  const { from, to } = calendar.coveredYears;
  const began = parseInstant(start);
  if (!calendar.covers(began)) throw badInput('outside-calendar', 'start', { from, to });
  return { start: began, limit: limitOf(limit), pauses: pauses.map(spanOf), calendar };
}

function spanOf({ from, to }: { from: string; to: string }, i: number) {
  const span = { from: parseInstant(from), to: parseInstant(to) };
  if (span.to < span.from) throw badInput('pause-reversed', `pauses[${i}].to`);
  return span;
}

function limitOf({ kind, minutes, days }: LimitBody): Limit {
  const [wanted, other] = kind === 'workingTime' ? (['minutes', 'days'] as const) : (['days', 'minutes'] as const);
  const given = { minutes, days };
  if (given[other] !== undefined) throw badInput('limit-of-other-unit', `limit.${other}`);
  const amount = given[wanted];
  if (amount === undefined) throw badInput('field-required', `limit.${wanted}`);
  return kind === 'workingTime' ? { kind, minutes: amount } : { kind, days: amount };
}

function dueOf(input: DueInput): { due: number; provisional: boolean } {
  const found = derived(input);
  // All pauses given here have ended, and each of these limits has a due.
  if (found) return { due: found.due!, provisional: found.provisional };
  const { from, to } = input.calendar.coveredYears;
  const amount = input.limit.kind === 'workingTime' ? 'limit.minutes' : 'limit.days';
  const field = derived({ ...input, pauses: [] }) ? 'pauses' : amount;
  throw badInput('due-outside-calendar', field, { from, to });
}

/** Undefined when it lies outside the years the calendar covers. */
function derived(input: DueInput): ReturnType<typeof deriveDue> | undefined {
  try {
    return deriveDue(input);
  } catch (error) {
    if (error instanceof WorkingTimeError && error.code === 'OUTSIDE_COVERED_YEARS') return undefined;
    throw error;
  }
}
