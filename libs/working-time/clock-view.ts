import type { ClockState } from './clock.js';
import { openPauseOf } from './clock.js';
import type { CompiledCalendar } from './compiled-calendar.js';
import { type Due, type DueInput, deriveDue, dueDayOf, dueIfResumedAt, isHeldByPauses } from './due.js';
import { WorkingTimeError } from './errors.js';
import { checkInstant, type Instant } from './instant.js';
import { explainTime, type Ledger, type LedgerInput, unpausedOfficeTime, usedTime } from './ledger.js';
import { type Light, type LightPolicy, type LightThresholds, lightAt, lightThresholds, NO_LIGHT } from './lights.js';
import { type EpochDay, MINUTE_MS } from './local-date.js';
import { type Pause, pausedSpans, pausedWorkingDays, type Span } from './pauses.js';

export type ClockStatus = 'RUNNING' | 'PAUSED' | 'STOPPED' | 'SEALED';

/** What is left until the due: negative when it has passed, by the time outside pauses since. */
export interface Remaining {
  /** Office time from now to the due, in minutes. */
  readonly officeMinutes: number;
  /** Closes of working days after now, up to and including the due: 1 on the last day until its close. */
  readonly workingDays: number;
}

/** A clock as it stands at an instant; everything is derived. */
export interface ClockView {
  /** A pause does not stop a calendar window: such a clock stays RUNNING. */
  readonly status: ClockStatus;
  /** Null without a limit, and while a pause that began before the due lasts. */
  readonly due: Instant | null;
  /** Due if the pause that lasts ended now; equal to `due` when there is none. */
  readonly dueIfResumedNow: Instant | null;
  /** The due rests on a year whose holidays are not published. */
  readonly provisional: boolean;
  /** Time used of the budget in minutes, as the ledger counts it for the unit of the limit; frozen while paused or stopped. */
  readonly usedMinutes: number;
  /** Working days after the start day that have closed, less the whole days that pauses took from them. */
  readonly usedWorkingDays: number;
  /** Null without a limit and once stopped; while paused: if resumed now. */
  readonly remaining: Remaining | null;
  /** All null while paused or stopped. */
  readonly thresholds: LightThresholds;
  /** Null while paused, when stopped, without a limit. */
  readonly light: Light | null;
  /** Whether the due has been missed, by now or by the stop. */
  readonly overdue: boolean;
  /** Once stopped: whether that was at or before the due. Null before, and without a limit. */
  readonly onTime: boolean | null;
}

/**
 * Derives how a clock stands at `now` under a calendar and a light policy.
 * @throws WorkingTimeError CALENDAR_MISMATCH (a calendar with another id), INVALID_INSTANT, INVALID_POLICY,
 *   OUTSIDE_COVERED_YEARS
 */
export function clockView(state: ClockState, calendar: CompiledCalendar, policy: LightPolicy, now: Instant): ClockView {
  checkInstant(now, 'now');
  const status = statusOf(state);
  const judgedAt = state.stoppedAt ?? now;
  const { due, provisional, ifResumed } = duesOf(state, calendar, judgedAt);
  const thresholds = clockThresholds(state, calendar, policy);
  const stopped = state.stoppedAt !== null;
  return {
    status,
    due,
    dueIfResumedNow: ifResumed.due,
    provisional: due === null ? ifResumed.provisional : provisional,
    usedMinutes: usedTime(ledgerInputOf(state, calendar, now)) / MINUTE_MS,
    usedWorkingDays: usedWorkingDays(state, calendar, judgedAt),
    remaining: stopped || ifResumed.due === null ? null : remainingUntil(ifResumed.due, state, calendar, now),
    thresholds,
    light: lightAt(thresholds, now),
    overdue: due !== null && judgedAt > due,
    onTime: stopped && due !== null ? judgedAt <= due : null,
  };
}

/**
 * When the light of a clock turns, for the rows that are compared with now; all null while paused, once stopped, without limit.
 * @throws as `clockView`
 */
export function clockThresholds(state: ClockState, calendar: CompiledCalendar, policy: LightPolicy): LightThresholds {
  if (state.stoppedAt !== null || statusOf(state) === 'PAUSED') return NO_LIGHT;
  const input = dueInputOf(state, calendar);
  return lightThresholds({ ...input, due: deriveDue(input).due, policy });
}

/**
 * The due a clock has missed by `now`, or by its stop; null while it has not. A breach stands rightly exactly when
 * `breachedAt` equals this.
 * @throws as `clockView`
 */
export function missedDue(state: ClockState, calendar: CompiledCalendar, now: Instant): Instant | null {
  const { due } = deriveDue(dueInputOf(state, calendar));
  return due !== null && (state.stoppedAt ?? checkInstant(now, 'now')) > due ? due : null;
}

/**
 * The ledger of a clock, stretch by stretch, up to `until` or to its stop.
 * @throws as `clockView`
 */
export function explainClock(state: ClockState, calendar: CompiledCalendar, until: Instant): Ledger {
  return explainTime(ledgerInputOf(state, calendar, until));
}

function ledgerInputOf(state: ClockState, calendar: CompiledCalendar, until: Instant): LedgerInput {
  return { ...dueInputOf(state, calendar), until: Math.min(checkInstant(until, 'until'), state.stoppedAt ?? until) };
}

/** What `deriveDue` needs of a clock; for what-if put another limit, calendar or pauses in. */
export function dueInputOf(state: ClockState, calendar: CompiledCalendar): DueInput & { readonly pauses: readonly Pause[] } {
  if (calendar.calendarId !== state.calendarId) {
    throw new WorkingTimeError(
      'CALENDAR_MISMATCH',
      'calendarId',
      `clock ${state.clockId} runs by calendar ${state.calendarId}, not by ${calendar.calendarId}`,
    );
  }
  const { startedAt, limit, addedWorkingDays } = state;
  return { start: startedAt, limit, pauses: pausesUntilStop(state), calendar, addedWorkingDays };
}

/** A pause recorded after a stop that was entered late is none. */
function pausesUntilStop({ pauses, stoppedAt }: ClockState): readonly Pause[] {
  if (stoppedAt === null) return pauses;
  return pauses
    .filter(({ from }) => from < stoppedAt)
    .map((pause) => ({ ...pause, to: pause.to === null ? stoppedAt : Math.min(pause.to, stoppedAt) }));
}

function statusOf(state: ClockState): ClockStatus {
  if (state.sealed) return 'SEALED';
  if (state.stoppedAt !== null) return 'STOPPED';
  return openPauseOf(state) && isHeldByPauses(state.limit) ? 'PAUSED' : 'RUNNING';
}

function duesOf(state: ClockState, calendar: CompiledCalendar, at: Instant): Due & { ifResumed: Due } {
  const input = dueInputOf(state, calendar);
  return { ...deriveDue(input), ifResumed: dueIfResumedAt(input, at) };
}

function usedWorkingDays(state: ClockState, calendar: CompiledCalendar, until: Instant): number {
  if (until <= state.startedAt) return 0;
  return unpausedCloses(calendar, calendar.dayOf(state.startedAt), until, pausesActing(state, until));
}

/** Pauses that hold this clock, as they stand at `until`: none for a window. */
function pausesActing(state: ClockState, until: Instant): readonly Span[] {
  return isHeldByPauses(state.limit) ? pausedSpans(pausesUntilStop(state), state.startedAt, until) : [];
}

/** Working days after a day that have closed by an instant, less the whole days that pauses took from them. */
function unpausedCloses(calendar: CompiledCalendar, after: EpochDay, until: Instant, paused: readonly Span[]): number {
  const closed = calendar.closesUpTo(until) - calendar.workingDaysBefore(after + 1);
  if (closed <= 0) return 0;
  return closed - pausedWorkingDays(calendar, after + 1, calendar.workingDayAfter(after, closed), paused);
}

function remainingUntil(due: Instant, state: ClockState, calendar: CompiledCalendar, now: Instant): Remaining {
  if (now <= due) {
    const workingDays = calendar.closesUpTo(due) - calendar.closesUpTo(now);
    return { officeMinutes: calendar.officeTime(now, due) / MINUTE_MS, workingDays };
  }
  // Being late does not go on growing while the clock is paused.
  const paused = pausesActing(state, now);
  const lateMs = unpausedOfficeTime(calendar, due, now, paused);
  // `0 -` instead of a sign: no negative zero.
  return {
    officeMinutes: 0 - lateMs / MINUTE_MS,
    workingDays: 0 - unpausedCloses(calendar, dueDayOf(calendar, due), now, paused),
  };
}
