import { illegal } from '@huicai/kernel';
import type { CaseEvent, SupervisionCause } from '../contract.js';
import { isBadlyRated, isDissatisfied } from '../satisfaction.js';
import { type CaseFacts, JUDGED, ONCE_ACCEPTED, type Supervision } from '../state.js';
import { provided, rule } from './rule.js';

/**
 * Puts a case under supervision for what the requester said of a cycle at the callback or in the rating, or afterwards of what was put
 * right, or because the promise was broken (domain.md section 2.1). Nothing is written when that cycle was put under supervision for that already, or when there is no
 * such cause. The cycle may be sealed by now.
 */
export const raiseSupervision = rule({
  command: 'RaiseSupervision',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  decide: ({ cycle, overdue = false, rectified = false }, state) => {
    const judged = cycle === state.cycle ? state : state.sealedCycles.find((sealed) => sealed.cycle === cycle);
    if (!judged || state.status === 'ARCHIVED') return [];
    if (rectified) return stillDissatisfied(state, cycle, judged.departmentId);
    const dissatisfied = judged.callbacks.some(isDissatisfied) || isBadlyRated(judged);
    if (overdue ? !state.standingBreaches.some((clockId) => clockId.startsWith(`total/${cycle}/`)) : !dissatisfied) return [];
    const cause: SupervisionCause = overdue ? 'OVERDUE' : cycle === 1 ? 'DISSATISFIED' : 'STILL_DISSATISFIED';
    if (state.supervisions.some((one) => one.cycle === cycle && one.cause === cause && !one.withdrawn)) return [];
    return [{ type: 'SupervisionRaised', data: { cause, cycle, departmentId: judged.departmentId } }];
  },
});

/** What was put right did not help; a supervision that was closed before that was said does not answer it. */
function stillDissatisfied(state: CaseFacts, cycle: number, departmentId: string | null): CaseEvent[] {
  const said = state.rectifications.find((one) => one.cycle === cycle)?.callbacks.find(isDissatisfied);
  const cause = 'STILL_DISSATISFIED';
  if (!said) return [];
  const known = state.supervisions.some(
    (one) => one.cycle === cycle && one.cause === cause && (one.closedAt === null || one.raisedAt >= said.at),
  );
  return known ? [] : [{ type: 'SupervisionRaised', data: { cause, cycle, departmentId } }];
}

/** A supervisor takes an eye on it, for a reason of their own (督办). */
export const supervise = rule({
  command: 'SuperviseCase',
  from: ['ACCEPTED', 'DISPATCHED', 'SIGNED_FOR', 'SUBMITTED', 'RESULT_ACCEPTED', 'CLOSED'],
  roles: ['supervisor'],
  when: provided(
    'no supervision ordered in this cycle stands',
    ({ supervisions, cycle }) =>
      !supervisions.some((one) => one.cycle === cycle && one.cause === 'ORDERED' && one.closedAt === null),
  ),
  decide: (data, { cycle, departmentId }) => [
    { type: 'SupervisionRaised', data: { cause: 'ORDERED', cycle, departmentId, ...data } },
  ],
});

const which = ({ cycle, cause }: Supervision) => ({ cycle, cause });
const unanswered = ({ supervisions }: CaseFacts) =>
  supervisions.find(({ closedAt, workedOffAt }) => closedAt === null && workedOffAt === null);
/** Those that were worked off come first. */
const toClose = ({ supervisions }: CaseFacts) => {
  const standing = supervisions.filter(({ closedAt }) => closedAt === null);
  return standing.find(({ workedOffAt }) => workedOffAt !== null) ?? standing[0];
};

/** Whoever is in charge says what was done about it; the oldest that waits is the one that is meant. */
export const workOff = rule({
  command: 'WorkOffSupervision',
  from: JUDGED,
  roles: ['department', 'specialist'],
  when: provided('a supervision stands that nobody has answered', (state) => unanswered(state) !== undefined),
  decide: (data, state) => [{ type: 'SupervisionWorkedOff', data: { ...data, ...which(unanswered(state)!) } }],
});

/** Closed by a supervisor who did not handle the case, one by one. */
export const closeSupervision = rule({
  command: 'CloseSupervision',
  from: JUDGED,
  roles: ['supervisor'],
  when: provided('a supervision stands', (state) => toClose(state) !== undefined),
  decide: (data, state, { actor }) => {
    if (state.handlers.includes(actor.id)) throw illegal('handler-may-not-close-supervision');
    return [{ type: 'SupervisionClosed', data: { ...data, ...which(toClose(state)!) } }];
  },
});
