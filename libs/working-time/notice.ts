import type { CalendarException, CalendarVersion, Interval } from './calendar.js';
import { WorkingTimeError } from './errors.js';
import { civilOf, type EpochDay, parseLocalDate } from './local-date.js';
import { checkReach, parseIntervals } from './validate-calendar.js';

/** One day of a holiday notice, in the shape the public holiday data sets share. */
export interface NoticeDay {
  /** Local date `YYYY-MM-DD`. */
  readonly date: string;
  /** False for a make-up working day. */
  readonly isOffDay: boolean;
  readonly name?: string;
  /** Hours of a day that works, where they are not those of a standard day. */
  readonly hours?: readonly Interval[];
}

/** All that was said about the holidays of one year. */
export interface Notice {
  readonly year: number;
  readonly days: readonly NoticeDay[];
  /** When it was announced, ISO 8601 with offset; left out when it is recorded as it is announced. */
  readonly announcedAt?: string;
}

/** What a calendar is before the first notice: one version with no year published yet. */
export type CalendarBase = Omit<CalendarVersion, 'announcedAt'>;

/**
 * The next version of a calendar: the notice's year is published, and the notice is all that is said of it. What an earlier
 * notice of that year said is gone; a date that both this and the notice of a neighbouring year name goes by this one; an
 * exception the office made of its own (without a notice) stays and goes before the notice. Days not named follow the week.
 * @throws WorkingTimeError INVALID_NOTICE, INVALID_DATE, DUPLICATE_DATE, EXCEPTION_OUTSIDE_NOTICE_YEAR, CLOSED_DAY_WITH_HOURS,
 *   OPENED_DAY_WITH_EMPTY_HOURS, INVALID_TIME_OF_DAY, INTERVAL_REVERSED, INTERVALS_OVERLAP
 */
export function withNotice(base: CalendarBase, { year, days, announcedAt }: Notice): CalendarVersion {
  const named = checkDays(year, days);
  const kept = base.exceptions.filter(({ date, noticeYear }) =>
    noticeYear === undefined ? true : noticeYear !== year && !named.has(parseLocalDate(date, 'date')),
  );
  const own = new Set(kept.filter(({ noticeYear }) => noticeYear === undefined).map(({ date }) => date));
  const said = days.filter(({ date }) => !own.has(date)).map((day) => exceptionOf(day, year));
  const { calendarId, version, zone, weekly, publishedYears, statutoryDays } = base;
  return {
    calendarId,
    version: version + 1,
    zone,
    weekly,
    publishedYears: [...new Set([...publishedYears, year])].sort((a, b) => a - b),
    statutoryDays,
    exceptions: [...kept, ...said].sort((a, b) => (a.date < b.date ? -1 : 1)),
    ...(announcedAt === undefined ? {} : { announcedAt }),
  };
}

/**
 * The year a list of days is about when nobody says so: the one that all of them lie in.
 * @throws WorkingTimeError INVALID_NOTICE, INVALID_DATE, NOTICE_YEAR_UNCLEAR
 */
export function yearOfDays(days: readonly NoticeDay[]): number {
  if (days.length === 0) throw new WorkingTimeError('INVALID_NOTICE', 'days', 'a notice names at least one day');
  const years = new Set(days.map(({ date }, i) => civilOf(parseLocalDate(date, `days[${i}].date`)).year));
  const [year] = years;
  if (year === undefined || years.size > 1) {
    throw new WorkingTimeError(
      'NOTICE_YEAR_UNCLEAR',
      'year',
      'the days lie in several years; say which year the notice is about',
    );
  }
  return year;
}

function checkDays(year: number, days: readonly NoticeDay[]): ReadonlySet<EpochDay> {
  if (!Number.isInteger(year) || year < 1900 || year > 2999)
    throw new WorkingTimeError('INVALID_NOTICE', 'year', `${String(year)} is no year from 1900 to 2999`);
  if (days.length === 0) throw new WorkingTimeError('INVALID_NOTICE', 'days', 'a notice names at least one day');
  const seen = new Set<EpochDay>();
  days.forEach(({ date, isOffDay, hours }, i) => {
    const day = parseLocalDate(date, `days[${i}].date`);
    if (seen.has(day)) throw new WorkingTimeError('DUPLICATE_DATE', `days[${i}].date`, `${date} is named twice`);
    checkReach(day, year, date, `days[${i}].date`);
    if (isOffDay && hours !== undefined)
      throw new WorkingTimeError('CLOSED_DAY_WITH_HOURS', `days[${i}].hours`, `${date} is off and yet has hours`);
    if (hours !== undefined) parseIntervals(hours, `days[${i}].hours`);
    if (hours?.length === 0)
      throw new WorkingTimeError('OPENED_DAY_WITH_EMPTY_HOURS', `days[${i}].hours`, `${date} works and yet has no hours`);
    seen.add(day);
  });
  return seen;
}

function exceptionOf({ date, isOffDay, name, hours }: NoticeDay, noticeYear: number): CalendarException {
  const kind = isOffDay ? 'closed' : hours === undefined ? 'opened' : 'half';
  return {
    date,
    kind,
    ...(hours === undefined ? {} : { intervals: hours }),
    ...(name === undefined ? {} : { name }),
    noticeYear,
  };
}
