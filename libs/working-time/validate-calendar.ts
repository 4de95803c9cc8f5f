import type { CalendarException, CalendarVersion, Interval } from './calendar.js';
import { WorkingTimeError } from './errors.js';
import { parseInstant } from './instant.js';
import { civilOf, type EpochDay, epochDayOf, parseLocalDate, parseTimeOfDay } from './local-date.js';

/** Office hours of a day as minutes since local midnight, sorted, not overlapping. */
export type DayPattern = readonly { readonly from: number; readonly to: number }[];

/** A calendar after validation: everything parsed, nothing resolved yet. */
export interface ParsedCalendar {
  /** Index = ISO weekday; 0 is not used. */
  readonly weekly: readonly DayPattern[];
  readonly standardDay: DayPattern;
  readonly publishedYears: ReadonlySet<number>;
  /** First and last covered year. */
  readonly firstYear: number;
  readonly lastYear: number;
  /** `month * 100 + day`. */
  readonly statutoryDays: ReadonlySet<number>;
  readonly exceptions: ReadonlyMap<EpochDay, { readonly source: CalendarException; readonly pattern: DayPattern }>;
}

/** How far around its published years a calendar can be asked: enough for old cases and for any limit in use. */
const YEARS_BEFORE = 5;
const YEARS_AFTER = 10;
const MOST_YEARS = 100;

const invalid = (field: string, message: string) => new WorkingTimeError('INVALID_CALENDAR', field, message);

/**
 * Checks a calendar version by name and parses it. The zone is checked where the covered years are known, on compiling.
 * @throws WorkingTimeError with the path of the first field at fault; codes INVALID_CALENDAR, NO_PUBLISHED_YEAR,
 *   NO_WORKING_WEEKDAY, INVALID_TIME_OF_DAY, INTERVAL_REVERSED, INTERVALS_OVERLAP, INVALID_DATE, DUPLICATE_DATE,
 *   CLOSED_DAY_WITH_HOURS, HALF_DAY_WITHOUT_HOURS, OPENED_DAY_WITH_EMPTY_HOURS, NOTICE_YEAR_NOT_PUBLISHED,
 *   EXCEPTION_OUTSIDE_NOTICE_YEAR, OUTSIDE_COVERED_YEARS, INVALID_INSTANT
 */
export function parseCalendar(version: CalendarVersion | null | undefined): ParsedCalendar {
  if (!version) throw invalid('calendar', 'a calendar version is an object');
  if (typeof version.calendarId !== 'string' || version.calendarId === '') throw invalid('calendarId', 'a calendar needs an id');
  if (!Number.isSafeInteger(version.version) || version.version < 1) throw invalid('version', 'versions count 1, 2, 3 …');
  if (version.announcedAt !== undefined) parseInstant(version.announcedAt, 'announcedAt');
  const weekly = parseWeekly(version.weekly);
  const standardDay = weekly.find((pattern) => pattern.length > 0);
  if (!standardDay) throw new WorkingTimeError('NO_WORKING_WEEKDAY', 'weekly', 'no weekday has office hours');
  const years = parseYears(version.publishedYears);
  return {
    weekly,
    standardDay,
    ...years,
    statutoryDays: parseStatutoryDays(version.statutoryDays),
    exceptions: parseExceptions(version.exceptions, standardDay, years),
  };
}

function parseWeekly(weekly: CalendarVersion['weekly']): DayPattern[] {
  if (typeof weekly !== 'object' || weekly === null) throw invalid('weekly', 'weekly hours are an object by ISO weekday');
  const patterns: DayPattern[] = Array.from({ length: 8 }, () => []);
  for (const [weekday, intervals] of Object.entries(weekly)) {
    if (!/^[1-7]$/.test(weekday)) throw invalid(`weekly.${weekday}`, `${weekday} is no ISO weekday 1 (Monday) to 7 (Sunday)`);
    patterns[Number(weekday)] = parseIntervals(intervals, `weekly.${weekday}`);
  }
  return patterns;
}

/**
 * Reads office hours of one day, in order.
 * @throws WorkingTimeError INVALID_CALENDAR, INVALID_TIME_OF_DAY, INTERVAL_REVERSED, INTERVALS_OVERLAP naming a place under `field`
 */
export function parseIntervals(intervals: readonly Interval[], field: string): DayPattern {
  if (!Array.isArray(intervals)) throw invalid(field, 'office hours are a list of intervals');
  const parsed = intervals.map((interval: Interval | null, i) => {
    const from = parseTimeOfDay(interval?.from, `${field}[${i}].from`);
    const to = parseTimeOfDay(interval?.to, `${field}[${i}].to`);
    if (to <= from) {
      throw new WorkingTimeError(
        'INTERVAL_REVERSED',
        `${field}[${i}]`,
        `${interval?.from}–${interval?.to} does not end after it starts; hours across midnight are two intervals on two days`,
      );
    }
    return { from, to, field: `${field}[${i}]` };
  });
  parsed.sort((a, b) => a.from - b.from);
  return parsed.map(({ from, to, field: own }, i) => {
    const before = parsed[i - 1];
    if (before && before.to > from) {
      throw new WorkingTimeError('INTERVALS_OVERLAP', own, `the interval overlaps ${before.field}`);
    }
    return { from, to };
  });
}

type Years = Pick<ParsedCalendar, 'publishedYears' | 'firstYear' | 'lastYear'>;

function parseYears(years: readonly number[]): Years {
  if (!Array.isArray(years)) throw invalid('publishedYears', 'published years are a list');
  if (years.length === 0) {
    throw new WorkingTimeError('NO_PUBLISHED_YEAR', 'publishedYears', 'a calendar needs at least one published year');
  }
  years.forEach((year: unknown, i) => {
    if (!Number.isInteger(year) || (year as number) < 1900 || (year as number) > 2999) {
      throw invalid(`publishedYears[${i}]`, `${String(year)} is no year from 1900 to 2999`);
    }
  });
  const first = Math.min(...years);
  const last = Math.max(...years);
  if (last - first >= MOST_YEARS) throw invalid('publishedYears', `${first} to ${last} are more than ${MOST_YEARS} years`);
  return { publishedYears: new Set(years), firstYear: first - YEARS_BEFORE, lastYear: last + YEARS_AFTER };
}

function parseStatutoryDays(days: readonly string[]): Set<number> {
  if (!Array.isArray(days)) throw invalid('statutoryDays', 'statutory days are a list of MM-DD');
  return new Set(
    days.map((text: unknown, i) => {
      const match = typeof text === 'string' ? /^(\d{2})-(\d{2})$/.exec(text) : null;
      // 2024 has a 29 February, so a statutory leap day is a date too.
      if (!match || epochDayOf(2024, Number(match[1]), Number(match[2])) === undefined) {
        throw new WorkingTimeError('INVALID_DATE', `statutoryDays[${i}]`, `${JSON.stringify(text)} is not a date MM-DD`);
      }
      return Number(match[1]) * 100 + Number(match[2]);
    }),
  );
}

function parseExceptions(
  exceptions: readonly CalendarException[],
  standardDay: DayPattern,
  { publishedYears, firstYear, lastYear }: Years,
): ParsedCalendar['exceptions'] {
  if (!Array.isArray(exceptions)) throw invalid('exceptions', 'exceptions are a list');
  const byDay = new Map<EpochDay, { source: CalendarException; pattern: DayPattern }>();
  exceptions.forEach((exception: CalendarException | null, i) => {
    const field = `exceptions[${i}]`;
    if (!exception) throw invalid(field, 'an exception is an object');
    const day = parseLocalDate(exception.date, `${field}.date`);
    if (byDay.has(day)) {
      throw new WorkingTimeError('DUPLICATE_DATE', `${field}.date`, `${exception.date} has two exceptions, it must have one`);
    }
    const { year } = civilOf(day);
    if (year < firstYear || year > lastYear) {
      throw new WorkingTimeError(
        'OUTSIDE_COVERED_YEARS',
        `${field}.date`,
        `${exception.date} is outside ${firstYear}–${lastYear}`,
      );
    }
    checkNoticeYear(exception, day, publishedYears, `${field}.noticeYear`);
    byDay.set(day, { source: exception, pattern: patternOf(exception, standardDay, field) });
  });
  return byDay;
}

function patternOf(exception: CalendarException, standardDay: DayPattern, field: string): DayPattern {
  const { kind, intervals, date } = exception;
  const own = `${field}.intervals`;
  switch (kind) {
    case 'closed':
      if (intervals?.length) throw new WorkingTimeError('CLOSED_DAY_WITH_HOURS', own, `${date} is closed and yet has hours`);
      return [];
    case 'half':
      if (!intervals?.length) throw new WorkingTimeError('HALF_DAY_WITHOUT_HOURS', own, `half day ${date} needs its hours`);
      return parseIntervals(intervals, own);
    case 'opened':
      if (intervals === undefined) return standardDay;
      if (intervals.length === 0) {
        throw new WorkingTimeError(
          'OPENED_DAY_WITH_EMPTY_HOURS',
          own,
          `${date} is opened with no hours; leave them out for a standard day`,
        );
      }
      return parseIntervals(intervals, own);
    default:
      throw invalid(`${field}.kind`, `${JSON.stringify(kind)} is none of closed, opened, half`);
  }
}

function checkNoticeYear(exception: CalendarException, day: EpochDay, published: ReadonlySet<number>, field: string): void {
  const { noticeYear, date } = exception;
  if (noticeYear === undefined) return;
  if (!published.has(noticeYear)) {
    throw new WorkingTimeError(
      'NOTICE_YEAR_NOT_PUBLISHED',
      field,
      `${date} comes from the notice of ${noticeYear}, not a published year`,
    );
  }
  checkReach(day, noticeYear, date, field);
}

/**
 * A notice speaks of its year, and of the December before and the January after it, where New Year's days off and their make-up
 * days lie.
 * @throws WorkingTimeError EXCEPTION_OUTSIDE_NOTICE_YEAR
 */
export function checkReach(day: EpochDay, noticeYear: number, date: string, field: string): void {
  const { year, month } = civilOf(day);
  const months = (year - noticeYear) * 12 + month;
  if (months < 0 || months > 13) {
    throw new WorkingTimeError('EXCEPTION_OUTSIDE_NOTICE_YEAR', field, `${date} is not in reach of the notice of ${noticeYear}`);
  }
}
