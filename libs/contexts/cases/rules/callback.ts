import { forbidden, illegal, invalid } from '@huicai/kernel';
import { ratingWindowOf } from '../../calendar/facts.js';
import { policyAt, windowCloses } from '../clocks.js';
import type { CallbackAnswer } from '../contract.js';
import { provided, rule } from './rule.js';

/** Asked by somebody who did not handle the case (domain.md section 2.1). */
export const recordCallback = rule({
  command: 'RecordCallback',
  from: ['RESULT_ACCEPTED'],
  roles: ['window', 'supervisor'],
  decide: (data, state, facts) => {
    if (state.handlers.includes(facts.actor.id)) throw forbidden('handler-may-not-call-back');
    checkAnswer(data);
    return [{ type: 'CallbackRecorded', data }];
  },
});

/** Somebody who was reached has answered, and nobody else. @throws Refusal `callback-incomplete`, `callback-without-answer` */
export function checkAnswer({ reachability, resolved, satisfaction }: CallbackAnswer): void {
  if (reachability === 'VALID' && (resolved === null || satisfaction === null))
    throw invalid('callback-incomplete', resolved === null ? 'resolved' : 'satisfaction');
  if (reachability === 'UNREACHABLE' && (resolved !== null || satisfaction !== null))
    throw invalid('callback-without-answer', resolved !== null ? 'resolved' : 'satisfaction');
}

/** Voluntary, once, within the rating window of the policy in force, and never by somebody who handled the case. */
export const rate = rule({
  command: 'RateCase',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['talent'],
  needs: ['time'],
  when: provided('it is not rated yet', (state) => state.rating === null),
  decide: (data, state, facts) => {
    if (state.handlers.includes(facts.actor.id)) throw forbidden('handler-may-not-rate');
    const closes = state.closedAt === null ? null : windowCloses(state.closedAt, ratingWindowOf(policyAt(facts)), facts);
    if (closes !== null && facts.now > closes)
      throw illegal('rating-window-closed', { params: { closedAt: new Date(closes).toISOString() } });
    return [{ type: 'CaseRated', data }];
  },
});
