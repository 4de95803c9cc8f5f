import { startClock } from '../clocks.js';
import type { CaseEvent } from '../contract.js';
import { rule } from './rule.js';

/** The window answers at once, without a department (直接答复, domain.md section 2.1). What was not accepted yet is, at the same instant. */
export const answerDirectly = rule({
  command: 'AnswerDirectly',
  from: ['REGISTERED', 'ACCEPTED'],
  roles: ['window'],
  needs: ['time', 'category'],
  decide: (data, state, facts) => {
    const answered: CaseEvent = { type: 'CaseAnsweredDirectly', data };
    if (state.status === 'ACCEPTED') return [answered];
    return [{ type: 'CaseAccepted', data: { clocks: [startClock('total', state, facts)] } }, answered];
  },
});
