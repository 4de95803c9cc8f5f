import { forbidden, illegal, invalid } from '@huicai/kernel';
import { windowCloses } from '../clocks.js';
import { provided, rule } from './rule.js';

/** Asked by somebody who did not handle the case (domain.md section 2.1). */
export const recordCallback = rule({
  command: 'RecordCallback',
  from: ['RESULT_ACCEPTED'],
  roles: ['window', 'supervisor'],
  decide: (data, state, facts) => {
    if (state.handlers.includes(facts.actor.id)) throw forbidden('handler-may-not-call-back');
    const answered = data.resolved !== null && data.satisfaction !== null;
    if (data.reachability === 'VALID' && !answered)
      throw invalid('callback-incomplete', data.resolved === null ? 'resolved' : 'satisfaction');
    if (data.reachability === 'UNREACHABLE' && (data.resolved !== null || data.satisfaction !== null))
      throw invalid('callback-without-answer', data.resolved !== null ? 'resolved' : 'satisfaction');
    return [{ type: 'CallbackRecorded', data }];
  },
});

/** Late ratings are taken for five working days (domain.md section 2.6). */
const RATING_WINDOW_DAYS = 5;

/** Voluntary, once, and never by somebody who handled the case. */
export const rate = rule({
  command: 'RateCase',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['talent'],
  needs: ['time'],
  when: provided('it is not rated yet', (state) => state.rating === null),
  decide: (data, state, facts) => {
    if (state.handlers.includes(facts.actor.id)) throw forbidden('handler-may-not-rate');
    const closes = state.closedAt === null ? null : windowCloses(state.closedAt, RATING_WINDOW_DAYS, facts);
    if (closes !== null && facts.now > closes)
      throw illegal('rating-window-closed', { params: { closedAt: new Date(closes).toISOString() } });
    return [{ type: 'CaseRated', data }];
  },
});
