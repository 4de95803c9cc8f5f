export type { AppliedChange } from './applied-changes.js';
export { calendarOf, changesKnownAt, changesOf, timeMark } from './calendar-changes.js';
export {
  type CalendarFacts,
  calendarDataOf,
  calendarToPromiseBy,
  calendarVersionOf,
  compiledVersion,
  foldCalendar,
  type KnownCalendarVersion,
  knownVersion,
  noCalendar,
  versionKnownAt,
} from './calendar-versions.js';
export { checkDay, OFFICE_ZONE, officeDay, startOfOfficeDay } from './office-days.js';
export { clockUnder, type PromisedClock, policyChangesOf } from './policy-changes.js';
export {
  COUNTING,
  isAbout,
  isSeasonClose,
  limitFrom,
  limitOf,
  limitsOf,
  type Matter,
  matchingRule,
  ratingWindowOf,
  rulesOf,
} from './policy-limits.js';
export { foldPolicy, noPolicy, type PolicyFacts, policyInForce, policyVersion, type TimeReference } from './policy-versions.js';
