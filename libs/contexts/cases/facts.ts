import type { TimeReference } from '../calendar/facts.js';
import { dueOf, runningClocks, thresholdsOf } from './clocks.js';
import type { CaseFacts } from './state.js';

export { type Candidate, LOAD_WEIGHTS } from './assignment.js';
export { caseDocument } from './case-document.js';
export { currentClock, dueOf, viewOf } from './clocks.js';
export { factsAfter } from './facts-after.js';
export { foldCase } from './fold.js';
export { isBadlyRated, isDissatisfied } from './satisfaction.js';
export { audienceOf, type CasePlace, isSeen, movedBy, type Sight, sightOf } from './sight.js';
export {
  CASE_STATUSES,
  type Callback,
  type CaseFacts,
  type CaseStatus,
  type CycleFacts,
  type Rectification,
  type SealedCycle,
  type Supervision,
} from './state.js';
export { isToldTo, unacceptedResults } from './told.js';

/** When a case is due and how its light turns, over all clocks that run now. Epoch milliseconds; null where nothing runs. */
export interface CaseTiming {
  /** The soonest due of the clocks that run, and which clock that is. */
  readonly dueAt: number | null;
  readonly dueClock: string | null;
  /** The first of the running clocks to turn decides the case's light. */
  readonly yellowAt: number | null;
  readonly redAt: number | null;
  readonly severeAt: number | null;
}

export function caseTiming(state: CaseFacts, time: TimeReference): CaseTiming {
  const running = runningClocks(state.clocks).map((clock) => ({
    clock,
    due: dueOf(clock, time),
    light: thresholdsOf(clock, time),
  }));
  const soonest = running.reduce<(typeof running)[number] | undefined>(
    (best, one) => (one.due !== null && (best?.due == null || one.due < best.due) ? one : best),
    undefined,
  );
  const first = (instants: (number | null)[]) => {
    const known = instants.filter((at): at is number => at !== null);
    return known.length === 0 ? null : Math.min(...known);
  };
  return {
    dueAt: soonest?.due ?? null,
    dueClock: soonest?.clock.clockId ?? null,
    yellowAt: first(running.map(({ light }) => light.yellowAt)),
    redAt: first(running.map(({ light }) => light.redAt)),
    severeAt: first(running.map(({ light }) => light.severeAt)),
  };
}
