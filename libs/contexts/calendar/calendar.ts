import { type BaseFacts, type Decider, invalid } from '@huicai/kernel';
import { compileCalendar, parseInstant, WorkingTimeError, type WorkingTimeErrorCode } from '@huicai/working-time';
import type { CalendarCommand, CalendarEvent, CalendarVersionData } from './contract.js';
import { type CalendarFacts, calendarVersionOf, foldCalendar, noCalendar, OFFICE_ZONE } from './facts.js';
import { calendarFault } from './faults.js';

/** Working days and office hours as versioned data. A version never changes; a correction is a new one. */
export const calendar: Decider<CalendarCommand, CalendarEvent, CalendarFacts, BaseFacts> = {
  aggregate: 'calendar',
  initialState: () => noCalendar,
  evolve: foldCalendar,
  decide: ({ data }, state, facts) => {
    checkNext(data.calendar.version, state.versions.length, 'calendar.version');
    checkCalendar(data.calendar, state);
    checkAnnounced(data.calendar, state, facts);
    return [{ type: 'CalendarVersionPublished', data }];
  },
};

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
