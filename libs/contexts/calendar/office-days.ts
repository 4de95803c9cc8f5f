import { invalid } from '@huicai/kernel';
import { formatInstant, parseLocalDate, zoneOffsetAt } from '@huicai/working-time';

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
