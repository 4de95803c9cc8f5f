import { WorkingTimeError } from './errors.js';
import { checkInstant, type Instant } from './instant.js';

/**
 * What is promised:
 * - `workingTime`: minutes of office time from the start, or from the next opening;
 * - `workingDays`: the nth working day strictly after the local start date, whatever the hour, until its close;
 * - `naturalDays`: the nth calendar day after the local start date, rolled to the next working day, until its close;
 * - `calendarWindow`: an instant as it stands, never rolled, not moved by pauses;
 * - `none`: nothing is promised, only time is kept.
 */
export type Limit =
  | { readonly kind: 'workingTime'; readonly minutes: number }
  | { readonly kind: 'workingDays'; readonly days: number }
  | { readonly kind: 'naturalDays'; readonly days: number }
  | { readonly kind: 'calendarWindow'; readonly at: Instant }
  | { readonly kind: 'none' };

/**
 * Refuses what is no limit: an unknown kind, or an amount that is not a whole positive number.
 * @throws WorkingTimeError INVALID_LIMIT, INVALID_INSTANT
 */
export function checkLimit(limit: Limit | null | undefined, field = 'limit'): Limit {
  switch (limit?.kind) {
    case 'workingTime':
      checkAmount(limit.minutes, `${field}.minutes`);
      return limit;
    case 'workingDays':
    case 'naturalDays':
      checkAmount(limit.days, `${field}.days`);
      return limit;
    case 'calendarWindow':
      checkInstant(limit.at, `${field}.at`);
      return limit;
    case 'none':
      return limit;
    default:
      throw new WorkingTimeError('INVALID_LIMIT', `${field}.kind`, `${JSON.stringify(limit)} is no kind of limit`);
  }
}

function checkAmount(amount: number, field: string): void {
  if (!Number.isSafeInteger(amount) || amount < 1) {
    throw new WorkingTimeError('INVALID_LIMIT', field, `${String(amount)} is not a whole number of 1 or more`);
  }
}
