import type { WorkingTimeErrorCode } from '@huicai/working-time';

/** Faults of a calendar that only an office's calendar can have. */
export type OfficeCalendarFault = 'WEEKDAY_REPEATED' | 'OTHER_CALENDAR' | 'NOT_THE_OFFICE_ZONE';

const CODES: Readonly<Partial<Record<WorkingTimeErrorCode | OfficeCalendarFault, string>>> = {
  INVALID_INSTANT: 'instant-invalid',
  INVALID_DATE: 'date-invalid',
  INVALID_TIME_OF_DAY: 'time-of-day-invalid',
  UNKNOWN_ZONE: 'unknown-zone',
  ZONE_OFFSET_CHANGES: 'zone-offset-changes',
  ZONE_OFFSET_NOT_WHOLE_MINUTES: 'zone-offset-changes',
  OUTSIDE_COVERED_YEARS: 'date-far-from-published-years',
  NO_PUBLISHED_YEAR: 'no-published-year',
  NO_WORKING_WEEKDAY: 'no-working-weekday',
  INTERVAL_REVERSED: 'interval-reversed',
  INTERVALS_OVERLAP: 'intervals-overlap',
  DUPLICATE_DATE: 'duplicate-date',
  CLOSED_DAY_WITH_HOURS: 'closed-day-with-hours',
  HALF_DAY_WITHOUT_HOURS: 'working-day-without-hours',
  OPENED_DAY_WITH_EMPTY_HOURS: 'working-day-without-hours',
  NOTICE_YEAR_NOT_PUBLISHED: 'notice-year-not-published',
  EXCEPTION_OUTSIDE_NOTICE_YEAR: 'exception-outside-notice-year',
  INVALID_NOTICE: 'notice-invalid',
  NOTICE_YEAR_UNCLEAR: 'notice-year-unclear',
  WEEKDAY_REPEATED: 'weekday-repeated',
  OTHER_CALENDAR: 'other-calendar',
  NOT_THE_OFFICE_ZONE: 'not-the-office-zone',
};

/** The code under which people are told what is wrong with a calendar. */
export const calendarFault = (code: WorkingTimeErrorCode | OfficeCalendarFault): string => CODES[code] ?? 'calendar-invalid';
