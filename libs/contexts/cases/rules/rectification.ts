import { forbidden } from '@huicai/kernel';
import { startClock } from '../clocks.js';
import type { CaseEvent } from '../contract.js';
import { isBadlyRated, isDissatisfied } from '../satisfaction.js';
import { type CaseFacts, ONCE_ACCEPTED, type Rectification } from '../state.js';
import { checkAnswer } from './callback.js';
import { provided, rule } from './rule.js';

const current = ({ rectifications, cycle }: CaseFacts): Rectification | undefined =>
  rectifications.find((one) => one.cycle === cycle);

const isWaiting = (one: Rectification | undefined): boolean =>
  one !== undefined && one.submittedAt === null && one.ended === null;

/** Reported, and the requester has not said anything of it yet. */
const isUnheard = (one: Rectification | undefined): boolean =>
  one !== undefined && one.submittedAt !== null && one.ended === null && !one.callbacks.some((c) => c.reachability === 'VALID');

/** Whether something is still to be done about a bad review: put right, asked about, or an appeal decided. */
export const isReviewOpen = (state: CaseFacts): boolean =>
  (state.appeal !== null && state.appeal.decidedAt === null) ||
  isWaiting(current(state)) ||
  (isUnheard(current(state)) && current(state)!.callbacks.length === 0);

/**
 * A bad review (1 or 2 of five) is put right by the department that handled the cycle (整改, domain.md sections 2.3 and 2.6). Nothing
 * is written when that was opened already, the review does not count, or the case is handled again, which takes its place.
 */
export const openRectification = rule({
  command: 'OpenRectification',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  needs: ['time', 'category'],
  decide: ({ cycle }, state, facts) => {
    if (cycle !== state.cycle || state.status === 'ARCHIVED' || !isBadlyRated(state) || current(state)) return [];
    const clock = startClock('rectification', state, facts);
    const clocks = clock.limit.kind === 'none' ? [] : [clock];
    return [{ type: 'RectificationOpened', data: { cycle, departmentId: state.departmentId, clocks } }];
  },
});

/** By the department, or by the window for it, and where the window answered itself. An appeal that waits stops nothing. */
export const submitRectification = rule({
  command: 'SubmitRectification',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['department', 'specialist', 'window'],
  when: provided('a bad review waits to be put right', (state) => isWaiting(current(state))),
  decide: (data, { cycle }) => [{ type: 'RectificationSubmitted', data: { ...data, cycle } }],
});

/** Every bad review is called back (domain.md section 2.6), by somebody who did not handle the case, until the requester was reached. */
export const callBackRectification = rule({
  command: 'CallBackRectification',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['window', 'supervisor'],
  when: provided('what was put right has not been asked about', (state) => isUnheard(current(state))),
  decide: (data, state, { actor }) => {
    if (state.handlers.includes(actor.id)) throw forbidden('handler-may-not-call-back');
    checkAnswer(data);
    return [{ type: 'RectificationCalledBack', data: { ...data, cycle: state.cycle } }];
  },
});

/** Once, against a review that counts, as long as nothing was put right: whoever has reported on it has taken it as it is. */
export const appealRating = rule({
  command: 'AppealRating',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['department', 'specialist', 'window'],
  when: provided('a bad review stands that is neither appealed nor put right', (state) => {
    const submitted = current(state)?.submittedAt ?? null;
    return isBadlyRated(state) && state.appeal === null && submitted === null;
  }),
  decide: (data, { cycle }) => [{ type: 'RatingAppealed', data: { ...data, cycle } }],
});

const appealWaits = provided('an appeal waits', (state) => state.appeal !== null && state.appeal.decidedAt === null);

/** Takes with it what followed from the review alone: the rectification, its breach, and the supervision. */
export const upholdAppeal = rule({
  command: 'UpholdAppeal',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['supervisor'],
  when: appealWaits,
  decide: (data, state, { actor }) => {
    if (state.handlers.includes(actor.id)) throw forbidden('handler-may-not-judge-appeal');
    const { cycle } = state;
    const events: CaseEvent[] = [{ type: 'RatingAppealUpheld', data: { ...data, cycle } }];
    const clockId = current(state)?.clockId;
    if (clockId && state.standingBreaches.includes(clockId)) events.push({ type: 'BreachWithdrawn', data: { clockId } });
    if (state.callbacks.some(isDissatisfied)) return events;
    for (const one of state.supervisions)
      if (one.cycle === cycle && one.cause.endsWith('DISSATISFIED') && one.closedAt === null)
        events.push({ type: 'SupervisionClosed', data: { cycle, cause: one.cause, remark: null, withdrawn: true } });
    return events;
  },
});

export const dismissAppeal = rule({
  command: 'DismissAppeal',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['supervisor'],
  when: appealWaits,
  decide: (data, { cycle, handlers }, { actor }) => {
    if (handlers.includes(actor.id)) throw forbidden('handler-may-not-judge-appeal');
    return [{ type: 'RatingAppealDismissed', data: { ...data, cycle } }];
  },
});
