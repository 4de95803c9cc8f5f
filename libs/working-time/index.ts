/**
 * Calendars of working time, due instants, warning lights and SLA clocks: pure functions over plain data. Instants are epoch
 * milliseconds, dates and hours are local to the calendar's zone, nothing reads the machine's clock.
 */
export {
  type CalendarException,
  type CalendarVersion,
  CN_STATUTORY_DAYS,
  exceptionsForRange,
  type Interval,
} from './calendar.js';
export { cnLanshanCalendar, cnLanshanHistory } from './calendars/cn-lanshan.js';
export {
  type ClockExtension,
  type ClockPause,
  type ClockPromise,
  type ClockState,
  clockIdOf,
  continueClock,
  extendClock,
  freshClock,
  type Mark,
  openPauseOf,
  pauseClock,
  promiseClock,
  recordBreach,
  resumeClock,
  sealClock,
  startClock,
  stopClock,
  voidClock,
  withdrawBreach,
} from './clock.js';
export {
  type ClockStatus,
  type ClockView,
  clockThresholds,
  clockView,
  dueInputOf,
  explainClock,
  missedDue,
  type Remaining,
} from './clock-view.js';
export { CompiledCalendar, compileCalendar, type DayFacts, spliceCalendars } from './compiled-calendar.js';
export { type Due, type DueInput, deriveDue, dueIfResumedAt } from './due.js';
export { WorkingTimeError, type WorkingTimeErrorCode } from './errors.js';
export { formatInstant, type Instant, parseInstant, zoneOffsetAt } from './instant.js';
export { explainTime, type Ledger, type LedgerEntry, type LedgerInput, type LedgerReason, usedTime } from './ledger.js';
export {
  checkLightPolicy,
  DEFAULT_LIGHT_POLICY,
  type Light,
  type LightInput,
  type LightPolicy,
  type LightThresholds,
  lightAt,
  lightThresholds,
} from './lights.js';
export { checkLimit, type Limit } from './limit.js';
export { type EpochDay, formatLocalDate, type IsoWeekday, parseLocalDate } from './local-date.js';
export { type CalendarBase, type Notice, type NoticeDay, withNotice, yearOfDays } from './notice.js';
export { parseDaysCsv } from './notice-text.js';
export type { Pause } from './pauses.js';
