import {
  type ClockState,
  clockThresholds,
  clockView,
  deriveDue,
  dueInputOf,
  type LightThresholds,
  type Limit,
  openPauseOf,
  promiseClock,
} from '@huicai/working-time';
import type { PolicyVersion } from '../calendar/contract.js';
import { compiledVersion, officeDay, policyInForce, policyVersion, type TimeReference } from '../calendar/facts.js';
import type { ClockKind, ClockStarted, Urgency } from './contract.js';

interface Timed {
  readonly now: number;
  readonly time: TimeReference;
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

/** The promise of a clock that starts now, under the calendar and policy of today. */
export function startClock(kind: ClockKind, state: Promising, facts: Timed): ClockStarted {
  const policy = policyAt(facts);
  const calendar = compiledVersion(facts.time.calendar, facts.time.calendar.versions.length);
  const n = state.clocks.filter((clock) => clock.kind === kind && clock.cycle === state.cycle).length + 1;
  const what = {
    kind,
    cycle: state.cycle,
    n,
    limit: limitOf(kind, state, policy),
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
    provisional,
  };
}

function limitOf(kind: ClockKind, { itemCode, urgency }: Promising, policy: PolicyVersion): Limit {
  if (kind === 'signFor') return policy.signFor;
  if (kind === 'firstContact') return policy.firstContact;
  const found = policy.handling.find((rule) => (rule.itemCode ?? itemCode) === itemCode && (rule.urgency ?? urgency) === urgency);
  return found?.limit ?? { kind: 'none' };
}

/** The last instant of a window of working days that opened at `from`. Epoch milliseconds. */
export function windowCloses(from: number, workingDays: number, { time }: Timed): number {
  const calendar = compiledVersion(time.calendar, time.calendar.versions.length);
  return deriveDue({ start: from, limit: { kind: 'workingDays', days: workingDays }, calendar }).due!;
}

export const isRunning = (clock: ClockState): boolean => clock.stoppedAt === null && !openPauseOf(clock);

export const runningClocks = (clocks: readonly ClockState[]): ClockState[] => clocks.filter(isRunning);

/** The latest clock of a kind in the case's present cycle. */
export function currentClock(state: Pick<Promising, 'cycle' | 'clocks'>, kind: string): ClockState | undefined {
  return state.clocks.filter((clock) => clock.kind === kind && clock.cycle === state.cycle).at(-1);
}

/** The due as derived under the versions the clock started with; null without a limit and while paused. Epoch milliseconds. */
export function dueOf(clock: ClockState, time: TimeReference): number | null {
  return deriveDue(dueInputOf(clock, compiledVersion(time.calendar, clock.calendarVersion))).due;
}

export function thresholdsOf(clock: ClockState, time: TimeReference): LightThresholds {
  return clockThresholds(clock, compiledVersion(time.calendar, clock.calendarVersion), lightsOf(clock, time));
}

export function viewOf(clock: ClockState, time: TimeReference, now: number) {
  return clockView(clock, compiledVersion(time.calendar, clock.calendarVersion), lightsOf(clock, time), now);
}

const lightsOf = (clock: ClockState, time: TimeReference) => policyVersion(time.policy, Number(clock.policyVersion)).lights;
