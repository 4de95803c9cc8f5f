import { isDissatisfied } from '../satisfaction.js';
import { rule } from './rule.js';

/**
 * Puts a case under supervision for what the requester said of a cycle at the callback (domain.md section 2.1). Nothing is written
 * when that cycle stands under supervision already, or nobody said anything bad of it. The cycle may be sealed by now.
 */
export const raiseSupervision = rule({
  command: 'RaiseSupervision',
  from: ['ACCEPTED', 'DISPATCHED', 'SIGNED_FOR', 'SUBMITTED', 'RESULT_ACCEPTED', 'CLOSED', 'WITHDRAWN'],
  roles: ['system'],
  decide: ({ cycle }, state) => {
    const judged = cycle === state.cycle ? state : state.sealedCycles.find((sealed) => sealed.cycle === cycle);
    if (!judged?.callbacks.some(isDissatisfied) || state.supervisions.some((standing) => standing.cycle === cycle)) return [];
    const cause = cycle === 1 ? 'DISSATISFIED' : 'STILL_DISSATISFIED';
    return [{ type: 'SupervisionRaised', data: { cause, cycle, departmentId: judged.departmentId } }];
  },
});
