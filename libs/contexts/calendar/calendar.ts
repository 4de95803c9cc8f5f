import { type BaseFacts, type Decider, illegal, invalid, notFound, Refusal, systemCommandId } from '@huicai/kernel';
import {
  compileCalendar,
  parseInstant,
  parseLocalDate,
  spliceCalendars,
  WorkingTimeError,
  type WorkingTimeErrorCode,
} from '@huicai/working-time';
import { checkLater, checkUndo } from './applied-changes.js';
import type { CalendarCommand, CalendarEvent, CalendarVersionData, TimeChange } from './contract.js';
import {
  type CalendarFacts,
  calendarVersionOf,
  checkDay,
  compiledVersion,
  foldCalendar,
  knownVersion,
  noCalendar,
  OFFICE_ZONE,
  officeDay,
} from './facts.js';
import { calendarFault } from './faults.js';

/** Working days and office hours as versioned data. A version never changes; a correction is a new one. */
export const calendar: Decider<CalendarCommand, CalendarEvent, CalendarFacts, BaseFacts> = {
  aggregate: 'calendar',
  initialState: () => noCalendar,
  evolve: foldCalendar,
  decide: (command, state, facts) => {
    const approvedBy = facts.actor.id;
    switch (command.type) {
      case 'PublishCalendarVersion': {
        const { calendar: version } = command.data;
        checkNext(version.version, state.versions.length, 'calendar.version');
        checkCalendar(version, state);
        checkAnnounced(version, state, facts);
        return [{ type: 'CalendarVersionPublished', data: command.data }, ...yearsPublished(version, state, facts)];
      }
      case 'ApplyCalendarChange':
        checkChange(command.data, state, facts.now);
        checkReason(command.data.reason);
        return [{ type: 'CalendarChangeApplied', data: { ...command.data, approvedBy } }];
      case 'UndoCalendarChange':
        checkUndo(state.changes, command.data.changeId, 'calendar');
        checkReason(command.data.reason);
        return [{ type: 'CalendarChangeUndone', data: { ...command.data, approvedBy } }];
    }
  },
};

/**
 * Refuses a change that clocks could not go by. A day that has passed is changed by `retroactive` alone.
 *
 * @param now epoch milliseconds
 * @throws Refusal `calendar-version-not-found`, `change-not-later`, `change-reaches-less`, `field-required`, `unknown-field`, `date-invalid`, `change-in-the-past`
 */
export function checkChange(
  { mode, to, fromDay }: Pick<TimeChange, 'mode' | 'to' | 'fromDay'>,
  { versions, changes }: CalendarFacts,
  now: number,
): void {
  if (!versions[to - 1]) throw notFound('calendar-version-not-found', { field: 'to' });
  checkLater(to, changes);
  const day = checkFromDay({ mode, fromDay }, now);
  if (mode !== 'keep') checkFollows(to, versions, day);
}

/** A clock may have started under the oldest version; one that no calendar reaches has no due at all. @throws Refusal `change-reaches-less`, `date-invalid` */
function checkFollows(to: number, versions: CalendarFacts['versions'], day: string | null): void {
  const [oldest, next] = [compiledVersion({ versions }, 1), compiledVersion({ versions }, to)];
  const { from } = oldest.coveredYears;
  if (next.coveredYears.from > from) throw invalid('change-reaches-less', 'to', { from });
  if (day !== null)
    refusing(
      () => spliceCalendars(oldest, next, parseLocalDate(day, 'fromDay')),
      () => invalid('date-invalid', 'fromDay'),
    );
}

/**
 * What was provisional because a year was not published goes by its list from now on: the version that publishes it is put on clocks
 * that run, from the first day its notice names, by an event like any other change. What it says of earlier days is left to people.
 */
function yearsPublished(version: CalendarVersionData, { versions }: CalendarFacts, { now, actor }: BaseFacts): CalendarEvent[] {
  const latest = versions.at(-1);
  // An office begins with its calendars.
  if (!latest || actor.role === 'system') return [];
  const fresh = version.publishedYears.filter((year) => !latest.publishedYears.includes(year));
  if (fresh.length === 0) return [];
  const named = version.exceptions.filter(({ noticeYear }) => noticeYear !== undefined && fresh.includes(noticeYear));
  const [fromDay] = [`${Math.min(...fresh)}-01-01`, ...named.map(({ date }) => date)].sort((a, b) => (a < b ? -1 : 1));
  const { calendarId, version: to } = version;
  try {
    checkFollows(to, [...versions, knownVersion(calendarVersionOf(version), now)], fromDay!);
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
  const changeId = systemCommandId('calendar-year', calendarId, to);
  const reason = `${fresh.join('、')}年节假日安排公布`;
  const change = { changeId, mode: 'prospective', to, fromDay: fromDay!, reason, approvedBy: actor.id } as const;
  return [{ type: 'CalendarChangeApplied', data: change }];
}

/** The day a change begins; null where it has none. @throws Refusal `field-required`, `unknown-field`, `date-invalid`, `change-in-the-past` */
export function checkFromDay({ mode, fromDay }: Pick<TimeChange, 'mode' | 'fromDay'>, now: number): string | null {
  if (mode !== 'prospective') {
    if (fromDay !== null) throw invalid('unknown-field', 'fromDay');
    return null;
  }
  if (fromDay === null) throw invalid('field-required', 'fromDay');
  checkDay(fromDay, 'fromDay');
  const today = officeDay(now);
  if (fromDay < today) throw invalid('change-in-the-past', 'fromDay', { today });
  return fromDay;
}

/** @throws Refusal `reason-needed` */
export function checkReason(reason: string): void {
  if (reason.trim() === '') throw invalid('reason-needed', 'reason');
}

/**
 * Sends what publishes the version after the last that was seen. Whoever finds that another one was published meanwhile has not seen
 * it, and is told so: no field is at fault.
 *
 * @throws Refusal `published-meanwhile`, and what sending throws
 */
export async function publishNext<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof Refusal && error.code === 'version-not-next') throw illegal('published-meanwhile');
    throw error;
  }
}

/** Versions count from 1 without gaps. @throws Refusal `version-not-next` */
export function checkNext(version: number, known: number, field: string): void {
  if (version !== known + 1) throw invalid('version-not-next', field, { next: known + 1 });
}

function checkCalendar(data: CalendarVersionData, { versions: [first] }: CalendarFacts): void {
  const refuse = (field: string, code: Parameters<typeof calendarFault>[0]) => invalid(calendarFault(code), `calendar.${field}`);
  data.weekly.forEach(({ weekday }, i) => {
    if (data.weekly.findIndex((other) => other.weekday === weekday) < i) throw refuse(`weekly[${i}].weekday`, 'WEEKDAY_REPEATED');
  });
  if (first && first.calendarId !== data.calendarId) throw refuse('calendarId', 'OTHER_CALENDAR');
  refusing(
    () => compileCalendar(calendarVersionOf(data)),
    // The library knows weekdays by number, the caller by their place in the list.
    (field, code) =>
      refuse(
        field.replace(
          /^weekly\.(\d)/,
          (_, weekday) => `weekly[${data.weekly.findIndex((d) => d.weekday === Number(weekday))}].intervals`,
        ),
        code,
      ),
  );
  if (data.zone !== OFFICE_ZONE) throw refuse('zone', 'NOT_THE_OFFICE_ZONE');
}

/** What was known when must be tellable ever after, so knowledge is recorded in the order it came, and never ahead of time. */
function checkAnnounced({ announcedAt }: CalendarVersionData, { versions }: CalendarFacts, { now, actor }: BaseFacts): void {
  if (announcedAt === undefined) return;
  const known = parseInstant(announcedAt);
  // A played year begins with today's reference data.
  if (known > now && actor.role !== 'system') throw invalid('calendar-from-the-future', 'calendar.announcedAt');
  const before = versions.at(-1);
  if (before && known < before.knownSince) throw invalid('calendar-announced-out-of-order', 'calendar.announcedAt');
}

/** Turns what the library of working time finds wrong into a refusal. */
export function refusing(check: () => unknown, refuse: (field: string, code: WorkingTimeErrorCode) => Error): void {
  try {
    check();
  } catch (error) {
    if (error instanceof WorkingTimeError) throw refuse(error.field, error.code);
    throw error;
  }
}
