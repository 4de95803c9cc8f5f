import { WorkingTimeError } from './errors.js';
import { formatLocalDate, type IsoWeekday, parseLocalDate } from './local-date.js';

/** Office hours of one stretch of a day, wall time `HH:MM` in the calendar's zone; `to` may be `24:00`. */
export interface Interval {
  readonly from: string;
  readonly to: string;
}

/**
 * One dated exception. It *replaces* its day: nothing of the weekly hours or of the statutory days is left.
 * - `closed`: no office hours;
 * - `opened`: a working day the week says is off (make-up day); without `intervals` it has the hours of a standard day, i.e.
 *   those of the first weekday, Monday first, that has any;
 * - `half`: a working day with the hours given in `intervals`.
 */
export interface CalendarException {
  /** Local date `YYYY-MM-DD`. */
  readonly date: string;
  readonly kind: 'closed' | 'opened' | 'half';
  readonly intervals?: readonly Interval[];
  /** What people call it: 国庆节, 调休上班. */
  readonly name?: string;
  /** Year of the holiday notice it comes from, when it comes from one. A notice may reach into the neighbouring years. */
  readonly noticeYear?: number;
}

/** One version of a calendar of working time: plain JSON data, valid in all the past and future it is asked about. */
export interface CalendarVersion {
  readonly calendarId: string;
  /** 1, 2, 3 … within the calendar. */
  readonly version: number;
  /** IANA name. Zones whose offset changes within the covered years are refused. */
  readonly zone: string;
  /** Hours by ISO weekday (Monday 1 … Sunday 7); a weekday that is missing or empty is a day off. */
  readonly weekly: Readonly<Partial<Record<IsoWeekday, readonly Interval[]>>>;
  /** Years whose holidays are known. In any other year the weekly hours and `statutoryDays` stand in, provisionally. */
  readonly publishedYears: readonly number[];
  /** Dates `MM-DD` that are off in every year by law; used only in years that are not published. */
  readonly statutoryDays: readonly string[];
  readonly exceptions: readonly CalendarException[];
  /**
   * Since when what it says was known, ISO 8601 with offset, for a version that is recorded later than it was announced. Left out:
   * known since it was recorded.
   */
  readonly announcedAt?: string;
}

/** The fixed rest days of mainland China: New Year, Labour Day and the day after, National Day and the two days after. */
export const CN_STATUTORY_DAYS: readonly string[] = ['01-01', '05-01', '05-02', '10-01', '10-02', '10-03'];

/**
 * One exception per date from `from` to `to`, both included (`YYYY-MM-DD`); ranges may cross a year.
 * @throws WorkingTimeError INVALID_DATE, RANGE_REVERSED
 */
export function exceptionsForRange(
  from: string,
  to: string,
  rest: Omit<CalendarException, 'date'>,
): readonly CalendarException[] {
  const first = parseLocalDate(from, 'from');
  const last = parseLocalDate(to, 'to');
  if (last < first) throw new WorkingTimeError('RANGE_REVERSED', 'to', `the range ends ${to}, before it starts ${from}`);
  return Array.from({ length: last - first + 1 }, (_, i) => ({ date: formatLocalDate(first + i), ...rest }));
}
