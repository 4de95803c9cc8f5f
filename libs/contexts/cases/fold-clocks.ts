import { type ClockState, continueClock, parseInstant, startClock, stopClock } from '@huicai/working-time';
import { currentClock } from './clocks.js';
import type { ClockStarted } from './contract.js';
import type { CaseFacts } from './state.js';

/** An instant, epoch milliseconds, and the event that brought it. */
export interface Mark {
  readonly at: number;
  readonly cause: string;
}

export function started(state: CaseFacts, promises: readonly ClockStarted[], { at, cause }: Mark): ClockState[] {
  const { itemCode, urgency } = state;
  const fresh = promises.map((promise) => {
    const { clockId, kind, limit, calendarId, calendarVersion, policyVersion, provisional, category = null } = promise;
    const [, cycle, n] = clockId.split('/');
    const promisedDue = promise.promisedDue === null ? null : parseInstant(promise.promisedDue);
    const clock = startClock(
      {
        clockId,
        kind,
        cycle: Number(cycle),
        n: Number(n),
        limit,
        calendarId,
        calendarVersion,
        policyVersion,
        startedAt: at,
        promisedDue,
        provisional,
      },
      cause,
    );
    return { ...clock, matter: { itemCode, urgency, category } };
  });
  return [...state.clocks, ...fresh];
}

/** Stops the clocks of these kinds that still run or are paused. */
export function stopped(state: CaseFacts, kinds: readonly string[], mark: Mark): ClockState[] {
  return state.clocks.map((c) => (c.stoppedAt === null && kinds.includes(c.kind) ? stopClock(c, mark) : c));
}

/**
 * The department's clock goes on with the review time as a pause. The requester's goes on as if it had never stopped: nothing
 * has been answered yet.
 */
export function sentBack(state: CaseFacts, mark: Mark): ClockState[] {
  const handling = currentClock(state, 'handling');
  const total = currentClock(state, 'total');
  return state.clocks.map((c) => {
    if (c === handling) return continueClock(c, mark);
    if (c !== total) return c;
    const { stoppedBy: _, ...rest } = c;
    return { ...rest, stoppedAt: null };
  });
}

export function changeClock(
  state: CaseFacts,
  clockId: string,
  change: (clock: ClockState) => ClockState,
): Pick<CaseFacts, 'clocks'> {
  return { clocks: state.clocks.map((c) => (c.clockId === clockId ? change(c) : c)) };
}

/** Stops those of the department, and of those it has asked. */
export const leftByDepartment = (state: CaseFacts, mark: Mark): ClockState[] =>
  stopped(state, ['signFor', 'firstContact', 'opinion', 'handling'], mark);

/** Stops those of the department and of the promise: nothing is done about the matter any more. */
export const ended = (state: CaseFacts, mark: Mark): ClockState[] =>
  stopped(state, ['total', 'signFor', 'firstContact', 'opinion', 'handling'], mark);
