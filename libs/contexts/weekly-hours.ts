import { invalid } from '@huicai/kernel';
import { formatInstant, type Interval } from '@huicai/working-time';

/** Hours of one weekday; ISO weekday, Monday 1 to Sunday 7. */
export interface WeekdayHours {
  readonly weekday: number;
  /** Wall time `HH:MM` of the office. */
  readonly intervals: readonly Interval[];
}

/** Hours of a week as a list, because integer keys have no stable order in JSON; a weekday that is missing is off. */
export type WeeklyHours = readonly WeekdayHours[];

export const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/;

/**
 * Refuses hours that name a weekday twice, end before they begin, or overlap.
 *
 * @param field path of the list
 * @throws Refusal `weekday-repeated`, `code-invalid`, `hours-reversed`, `hours-overlap`, `out-of-range` naming the place
 */
export function checkWeeklyHours(weekly: WeeklyHours, field: string): void {
  const seen = new Set<number>();
  weekly.forEach(({ weekday, intervals }, i) => {
    const at = `${field}[${i}]`;
    if (!Number.isSafeInteger(weekday) || weekday < 1 || weekday > 7)
      throw invalid('out-of-range', `${at}.weekday`, { min: 1, max: 7 });
    if (seen.has(weekday)) throw invalid('weekday-repeated', `${at}.weekday`);
    seen.add(weekday);
    let before = '';
    intervals.forEach(({ from, to }, n) => {
      const place = `${at}.intervals[${n}]`;
      for (const [name, time] of [
        ['from', from],
        ['to', to],
      ] as const)
        if (!TIME_OF_DAY.test(time)) throw invalid('code-invalid', `${place}.${name}`);
      if (to <= from) throw invalid('hours-reversed', place);
      if (from < before) throw invalid('hours-overlap', place);
      before = to;
    });
  });
}

/**
 * Whether an instant lies inside the hours; their end no longer does.
 *
 * @param at epoch milliseconds
 * @param zone IANA name of the zone the hours are told in
 */
export function isWithinHours(weekly: WeeklyHours, at: number, zone: string): boolean {
  const wall = formatInstant(at, zone);
  const weekday = new Date(`${wall.slice(0, 10)}T00:00:00Z`).getUTCDay() || 7;
  const time = wall.slice(11, 16);
  const day = weekly.find((one) => one.weekday === weekday);
  return day?.intervals.some(({ from, to }) => from <= time && time < to) ?? false;
}
