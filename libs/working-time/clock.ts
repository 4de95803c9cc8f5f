import type { CompiledCalendar } from './compiled-calendar.js';
import { deriveDue } from './due.js';
import { WorkingTimeError, type WorkingTimeErrorCode } from './errors.js';
import { checkInstant, type Instant } from './instant.js';
import { checkLimit, type Limit } from './limit.js';
import type { Pause } from './pauses.js';

/** A pause of a clock, with the events that began and ended it. */
export interface ClockPause extends Pause {
  readonly endedBy?: string;
}

/** A granted extension. */
export interface ClockExtension {
  readonly workingDays: number;
  readonly grantedAt: Instant;
  readonly cause?: string;
}

/** What was said on the day a clock started; recorded in the event that starts it and never changed afterwards. */
export interface ClockPromise {
  /** `<kind>/<cycle>/<n>`. */
  readonly clockId: string;
  readonly kind: string;
  /** 1, 2 …: which opening of the case it belongs to. */
  readonly cycle: number;
  /** 1, 2 …: which start of that kind within the cycle. */
  readonly n: number;
  readonly limit: Limit;
  readonly calendarId: string;
  readonly calendarVersion: number;
  readonly policyVersion: string | number;
  readonly startedAt: Instant;
  /** Due as derived that day; null without a limit. The current due is always derived. */
  readonly promisedDue: Instant | null;
  /** The promise rested on a year whose holidays were not published. */
  readonly provisional: boolean;
}

/** A clock: a budget and its ledger. Plain JSON; changed only by the transitions below. Whether it is overdue is never stored. */
export interface ClockState extends ClockPromise {
  readonly startedBy?: string;
  /** In the order recorded; they may overlap. At most one, the last, has not ended. */
  readonly pauses: readonly ClockPause[];
  readonly extensions: readonly ClockExtension[];
  /** Sum of `extensions`. */
  readonly addedWorkingDays: number;
  readonly stoppedAt: Instant | null;
  readonly stoppedBy?: string;
  /** The due that was missed, while its breach stands. */
  readonly breachedAt: Instant | null;
  /** Breaches recorded and withdrawn again; part of the identity of the next one. */
  readonly withdrawnBreaches: number;
  /** A later cycle has begun: nothing but the judgement of its breach changes any more. */
  readonly sealed: boolean;
}

/** When something happened to a clock, and the id of the event that says so. */
export interface Mark {
  readonly at: Instant;
  readonly cause?: string;
}

/** Id of the nth start of a kind of clock in a cycle. */
export const clockIdOf = (kind: string, cycle: number, n: number): string => `${kind}/${cycle}/${n}`;

/**
 * Makes the promise of a clock that starts at `startedAt`: what its start event records.
 * @throws WorkingTimeError INVALID_CLOCK, INVALID_LIMIT, INVALID_INSTANT, OUTSIDE_COVERED_YEARS
 */
export function promiseClock(
  what: Pick<ClockPromise, 'kind' | 'cycle' | 'n' | 'limit' | 'policyVersion' | 'startedAt'>,
  calendar: CompiledCalendar,
): ClockPromise {
  const { kind, cycle, n, limit, policyVersion, startedAt } = what;
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(kind))
    throw new WorkingTimeError('INVALID_CLOCK', 'kind', `${JSON.stringify(kind)} is no kind of clock`);
  for (const [field, count] of Object.entries({ cycle, n })) {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new WorkingTimeError('INVALID_CLOCK', field, `${count} does not count from 1`);
  }
  const { due, provisional } = deriveDue({ start: startedAt, limit: checkLimit(limit), calendar });
  return {
    clockId: clockIdOf(kind, cycle, n),
    kind,
    cycle,
    n,
    limit,
    calendarId: calendar.calendarId,
    calendarVersion: calendar.version,
    policyVersion,
    startedAt,
    promisedDue: due,
    provisional,
  };
}

/** What a clock has in the beginning, besides its promise. */
export const freshClock = {
  pauses: [],
  extensions: [],
  addedWorkingDays: 0,
  stoppedAt: null,
  breachedAt: null,
  withdrawnBreaches: 0,
  sealed: false,
} satisfies Partial<ClockState>;

/** Starts a clock from its recorded promise. */
export function startClock(promise: ClockPromise, cause?: string): ClockState {
  // Field by field, so that all clocks have one shape: whatever has many is copied much slower.
  const clock: ClockState = {
    clockId: promise.clockId,
    kind: promise.kind,
    cycle: promise.cycle,
    n: promise.n,
    limit: promise.limit,
    calendarId: promise.calendarId,
    calendarVersion: promise.calendarVersion,
    policyVersion: promise.policyVersion,
    startedAt: promise.startedAt,
    promisedDue: promise.promisedDue,
    provisional: promise.provisional,
    pauses: freshClock.pauses,
    extensions: freshClock.extensions,
    addedWorkingDays: 0,
    stoppedAt: null,
    breachedAt: null,
    withdrawnBreaches: 0,
    sealed: false,
  };
  return cause === undefined ? clock : { ...clock, startedBy: cause };
}

/*
 * Transitions. Each returns a new state, or the same object when what it asks for already holds (a repeated event changes
 * nothing). They follow the order of the stream; where two marks share an instant, stop beats pause beats resume beats start:
 * a pause or resume at the very instant of the stop is absorbed, and a pause at the instant another one ended goes on with it.
 */

/**
 * Pauses a running clock.
 * @throws WorkingTimeError ALREADY_PAUSED, CLOCK_STOPPED, CLOCK_SEALED, BEFORE_CLOCK_START, INVALID_INSTANT
 */
export function pauseClock(state: ClockState, { at, cause }: Mark): ClockState {
  checkMark(state, at);
  if (state.stoppedAt !== null) return absorbedByStop(state, at);
  const open = openPauseOf(state);
  if (open?.from === at && open.cause === cause) return state;
  if (open) throw refusal(state, 'ALREADY_PAUSED', 'at', 'is paused already');
  return { ...state, pauses: [...state.pauses, { from: at, to: null, ...(cause === undefined ? {} : { cause }) }] };
}

/**
 * Ends the pause of a clock. At the instant the pause began it leaves an empty one, which changes nothing.
 * @throws WorkingTimeError NOT_PAUSED, PAUSE_REVERSED, CLOCK_STOPPED, CLOCK_SEALED, BEFORE_CLOCK_START, INVALID_INSTANT
 */
export function resumeClock(state: ClockState, { at, cause }: Mark): ClockState {
  checkMark(state, at);
  if (state.stoppedAt !== null) return absorbedByStop(state, at);
  const open = openPauseOf(state);
  if (open) return { ...state, pauses: endOpenPause(state, open, at, cause) };
  const last = state.pauses.at(-1);
  if (last?.to === at && last.endedBy === cause) return state;
  throw refusal(state, 'NOT_PAUSED', 'at', 'is not paused');
}

/**
 * Adds granted working days to the budget. Allowed after the stop, since a grant asked for in time may come late; the same
 * `cause` counts once.
 * @throws WorkingTimeError INVALID_EXTENSION, NO_LIMIT, EXTENSION_CONFLICT (same cause, other days), CLOCK_SEALED,
 *   BEFORE_CLOCK_START, INVALID_INSTANT
 */
export function extendClock(state: ClockState, { workingDays, at, cause }: Mark & { readonly workingDays: number }): ClockState {
  checkMark(state, at);
  if (!Number.isSafeInteger(workingDays) || workingDays < 1) {
    throw new WorkingTimeError('INVALID_EXTENSION', 'workingDays', `${String(workingDays)} is not a whole number of 1 or more`);
  }
  if (state.limit.kind === 'none') throw refusal(state, 'NO_LIMIT', 'limit', 'has no limit to extend');
  const same = cause === undefined ? undefined : state.extensions.find((extension) => extension.cause === cause);
  if (same?.workingDays === workingDays) return state;
  if (same) throw refusal(state, 'EXTENSION_CONFLICT', 'workingDays', `was given ${same.workingDays} working days by ${cause}`);
  const extension: ClockExtension = { workingDays, grantedAt: at, ...(cause === undefined ? {} : { cause }) };
  return { ...state, extensions: [...state.extensions, extension], addedWorkingDays: state.addedWorkingDays + workingDays };
}

/**
 * Stops a clock; a pause that lasts ends with it.
 * @throws WorkingTimeError ALREADY_STOPPED (at another instant), CLOCK_SEALED, BEFORE_CLOCK_START, INVALID_INSTANT
 */
export function stopClock(state: ClockState, { at, cause }: Mark): ClockState {
  checkMark(state, at);
  if (state.stoppedAt === at) return state;
  if (state.stoppedAt !== null) throw refusal(state, 'ALREADY_STOPPED', 'at', 'is stopped already');
  const open = openPauseOf(state);
  // A stop entered late may lie before the pause: then nothing of the pause is left.
  const pauses = open ? endOpenPause(state, open, Math.max(at, open.from), cause) : state.pauses;
  return { ...state, pauses, stoppedAt: at, ...(cause === undefined ? {} : { stoppedBy: cause }) };
}

/**
 * As if the clock had stopped when it started: what it was started for has turned out not to be. A breach that stands is withdrawn
 * by itself.
 * @throws WorkingTimeError CLOCK_SEALED, BEFORE_CLOCK_START, INVALID_INSTANT
 */
export function voidClock(state: ClockState, { at, cause }: Mark): ClockState {
  checkMark(state, at);
  return { ...state, pauses: [], stoppedAt: state.startedAt, ...(cause === undefined ? {} : { stoppedBy: cause }) };
}

/**
 * Lets a stopped clock go on, as when a submitted result is sent back; the time since the stop counts as a pause.
 * @throws WorkingTimeError CLOCK_NOT_STOPPED, PAUSE_REVERSED, CLOCK_SEALED, BEFORE_CLOCK_START, INVALID_INSTANT
 */
export function continueClock(state: ClockState, { at, cause }: Mark): ClockState {
  checkMark(state, at);
  const { stoppedAt, stoppedBy, ...rest } = state;
  if (stoppedAt === null) throw refusal(state, 'CLOCK_NOT_STOPPED', 'at', 'is not stopped');
  if (at < stoppedAt) throw refusal(state, 'PAUSE_REVERSED', 'at', 'can not go on before it stopped');
  const review: ClockPause = {
    from: stoppedAt,
    to: at,
    ...(stoppedBy === undefined ? {} : { cause: stoppedBy }),
    ...(cause === undefined ? {} : { endedBy: cause }),
  };
  return { ...rest, pauses: [...state.pauses, review], stoppedAt: null };
}

/**
 * Seals a stopped clock because a later cycle begins.
 * @throws WorkingTimeError CLOCK_NOT_STOPPED
 */
export function sealClock(state: ClockState): ClockState {
  if (state.sealed) return state;
  if (state.stoppedAt === null) throw refusal(state, 'CLOCK_NOT_STOPPED', 'sealed', 'runs, only a stopped clock can be sealed');
  return { ...state, sealed: true };
}

/**
 * Records that the due `at` was missed. At most one breach stands at a time; sealed clocks are judged too.
 * @throws WorkingTimeError BREACH_STANDING (for another due), NO_LIMIT, BEFORE_CLOCK_START, INVALID_INSTANT
 */
export function recordBreach(state: ClockState, { at }: Mark): ClockState {
  checkInstant(at, 'at');
  if (state.limit.kind === 'none') throw refusal(state, 'NO_LIMIT', 'limit', 'has no limit to miss');
  if (state.breachedAt === at) return state;
  if (state.breachedAt !== null) throw refusal(state, 'BREACH_STANDING', 'at', 'has a standing breach, withdraw it first');
  return { ...state, breachedAt: at };
}

/**
 * Withdraws the standing breach, because an extension or a late fact has shown that the clock was on time or due otherwise.
 * @throws WorkingTimeError NO_STANDING_BREACH
 */
export function withdrawBreach(state: ClockState): ClockState {
  if (state.breachedAt === null) throw refusal(state, 'NO_STANDING_BREACH', 'breachedAt', 'has no standing breach');
  return { ...state, breachedAt: null, withdrawnBreaches: state.withdrawnBreaches + 1 };
}

/** The pause that has not ended, if any. */
export function openPauseOf(state: ClockState): ClockPause | undefined {
  const last = state.pauses.at(-1);
  return last?.to === null ? last : undefined;
}

function endOpenPause(state: ClockState, open: ClockPause, at: Instant, cause: string | undefined): ClockPause[] {
  if (at < open.from) throw refusal(state, 'PAUSE_REVERSED', 'at', 'can not be resumed before it was paused');
  return [...state.pauses.slice(0, -1), { ...open, to: at, ...(cause === undefined ? {} : { endedBy: cause }) }];
}

function absorbedByStop(state: ClockState, at: Instant): ClockState {
  if (at === state.stoppedAt) return state;
  throw refusal(state, 'CLOCK_STOPPED', 'at', 'is stopped');
}

function checkMark(state: ClockState, at: Instant): void {
  checkInstant(at, 'at');
  if (state.sealed) throw refusal(state, 'CLOCK_SEALED', 'sealed', 'is sealed');
  if (at < state.startedAt) throw refusal(state, 'BEFORE_CLOCK_START', 'at', 'had not started then');
}

function refusal(state: ClockState, code: WorkingTimeErrorCode, field: string, what: string): WorkingTimeError {
  return new WorkingTimeError(code, field, `clock ${state.clockId} ${what}`);
}
