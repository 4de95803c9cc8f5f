import { forbidden, invalid } from '@huicai/kernel';
import { rule } from './rule.js';

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

export const rate = rule({
  command: 'RateCase',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['talent'],
  when: (state) => state.rating === null,
  decide: (data) => [{ type: 'CaseRated', data }],
});
