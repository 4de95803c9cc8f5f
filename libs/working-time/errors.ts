/** Stable codes of everything this library refuses; texts for people are made from them at the edge. */
export type WorkingTimeErrorCode =
  // instants and dates
  | 'INVALID_INSTANT'
  | 'INVALID_DATE'
  | 'INVALID_TIME_OF_DAY'
  | 'UNKNOWN_ZONE'
  | 'ZONE_OFFSET_CHANGES'
  | 'ZONE_OFFSET_NOT_WHOLE_MINUTES'
  | 'RANGE_REVERSED'
  | 'OUTSIDE_COVERED_YEARS'
  // calendars
  | 'INVALID_CALENDAR'
  | 'NO_PUBLISHED_YEAR'
  | 'NO_WORKING_WEEKDAY'
  | 'INTERVAL_REVERSED'
  | 'INTERVALS_OVERLAP'
  | 'DUPLICATE_DATE'
  | 'CLOSED_DAY_WITH_HOURS'
  | 'HALF_DAY_WITHOUT_HOURS'
  | 'OPENED_DAY_WITH_EMPTY_HOURS'
  | 'NOTICE_YEAR_NOT_PUBLISHED'
  | 'EXCEPTION_OUTSIDE_NOTICE_YEAR'
  | 'INVALID_NOTICE'
  | 'NOTICE_YEAR_UNCLEAR'
  // limits, policies, pauses
  | 'INVALID_LIMIT'
  | 'INVALID_POLICY'
  | 'PAUSE_REVERSED'
  | 'INVALID_EXTENSION'
  // clocks
  | 'INVALID_CLOCK'
  | 'CALENDAR_MISMATCH'
  | 'BEFORE_CLOCK_START'
  | 'CLOCK_STOPPED'
  | 'CLOCK_SEALED'
  | 'CLOCK_NOT_STOPPED'
  | 'ALREADY_STOPPED'
  | 'ALREADY_PAUSED'
  | 'NOT_PAUSED'
  | 'NO_LIMIT'
  | 'EXTENSION_CONFLICT'
  | 'BREACH_STANDING'
  | 'NO_STANDING_BREACH';

/** The only error this library throws on purpose: a stable code, and the path of the field that is at fault. */
export class WorkingTimeError extends Error {
  override readonly name = 'WorkingTimeError';

  constructor(
    readonly code: WorkingTimeErrorCode,
    readonly field: string,
    message: string,
  ) {
    super(`${message} (${code}, ${field})`);
  }
}
