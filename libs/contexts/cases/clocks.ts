import {
  type ClockState,
  clockThresholds,
  clockView,
  deriveDue,
  dueInputOf,
  type LightThresholds,
  openPauseOf,
  promiseClock,
} from '@huicai/working-time';
import type { PolicyVersion } from '../calendar/contract.js';
import {
  calendarOf,
  calendarToPromiseBy,
  clockUnder,
  limitFrom,
  limitOf,
  officeDay,
  type PromisedClock,
  policyInForce,
  policyVersion,
  type TimeReference,
} from '../calendar/facts.js';
import type { TalentCategory } from '../talents/contract.js';
import type { ClockKind, ClockStarted, Urgency } from './contract.js';

interface Timed {
  readonly now: number;
  readonly time: TimeReference;
}

interface Starting extends Timed {
  /** The talent's, today. */
  readonly category: TalentCategory;
}

interface Promising {
  readonly itemCode: string;
  readonly urgency: Urgency;
  readonly cycle: number;
  readonly clocks: readonly ClockState[];
}

/** The policy in force at the moment of a decision. @throws Error when none is, which the reference data rules out */
export function policyAt({ now, time }: Timed): PolicyVersion {
  const policy = policyInForce(time.policy, officeDay(now));
  if (!policy) throw new Error(`No policy is in force on ${officeDay(now)}`);
  return policy;
}

/** The promise of a clock that starts now, under the calendar known now and the policy in force today. */
export function startClock(kind: ClockKind, state: Promising, facts: Starting): ClockStarted {
  const policy = policyAt(facts);
  const calendar = calendarToPromiseBy(facts.time.calendar, facts.now);
  const n = state.clocks.filter((clock) => clock.kind === kind && clock.cycle === state.cycle).length + 1;
  const what = {
    kind,
    cycle: state.cycle,
    n,
    limit: limitFrom(
      limitOf(policy, kind, { itemCode: state.itemCode, urgency: state.urgency, category: facts.category }),
      facts.now,
    ),
    policyVersion: policy.version,
    startedAt: facts.now,
  };
  const { clockId, limit, calendarId, calendarVersion, promisedDue, provisional } = promiseClock(what, calendar);
  return {
    clockId,
    kind,
    limit,
    calendarId,
    calendarVersion,
    policyVersion: policy.version,
    promisedDue: promisedDue === null ? null : new Date(promisedDue).toISOString(),
    category: facts.category,
    provisional,
  };
}

/** The last instant of a window of working days that opened at `from`, by the calendar known now. Epoch milliseconds. */
export function windowCloses(from: number, workingDays: number, { now, time }: Timed): number {
  const calendar = calendarToPromiseBy(time.calendar, now);
  return deriveDue({ start: from, limit: { kind: 'workingDays', days: workingDays }, calendar }).due!;
}

export const isRunning = (clock: ClockState): boolean => clock.stoppedAt === null && !openPauseOf(clock);

export const runningClocks = (clocks: readonly ClockState[]): ClockState[] => clocks.filter(isRunning);

/** The latest clock of a kind in the case's present cycle. */
export function currentClock(state: Pick<Promising, 'cycle' | 'clocks'>, kind: string): ClockState | undefined {
  return state.clocks.filter((clock) => clock.kind === kind && clock.cycle === state.cycle).at(-1);
}

/**
 * The due as derived under the versions the clock started with and what changes have put in their place; null without a limit and
 * while paused. Epoch milliseconds.
 */
export function dueOf(clock: PromisedClock, time: TimeReference): number | null {
  return deriveDue(dueInputOf(clockUnder(clock, time), calendarOf(clock, time.calendar))).due;
}

export function thresholdsOf(promised: PromisedClock, time: TimeReference): LightThresholds {
  const clock = clockUnder(promised, time);
  return clockThresholds(clock, calendarOf(clock, time.calendar), lightsOf(clock, time));
}

export function viewOf(promised: PromisedClock, time: TimeReference, now: number) {
  const clock = clockUnder(promised, time);
  return clockView(clock, calendarOf(clock, time.calendar), lightsOf(clock, time), now);
}

const lightsOf = (clock: ClockState, time: TimeReference) => policyVersion(time.policy, Number(clock.policyVersion)).lights;
