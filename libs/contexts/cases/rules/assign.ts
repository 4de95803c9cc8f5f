import { illegal, invalid } from '@huicai/kernel';
import { officeDay } from '../../calendar/facts.js';
import { leaveOn } from '../../specialists/facts.js';
import { chooseSpecialist, hasRoom } from '../assignment.js';
import { returnDueOf } from './move.js';
import { type CaseRuleFacts, provided, rule } from './rule.js';

/** Somebody else than the specialist says who has the case, or lets the rules say it; written down is also who was passed over, and why. */
export const assign = rule({
  command: 'AssignCase',
  from: ['DISPATCHED', 'SIGNED_FOR'],
  roles: ['window', 'supervisor', 'department'],
  needs: ['specialists', 'time', 'channels'],
  when: provided('nobody has taken it', (state) => state.specialistId === null),
  decide: ({ mode, specialistId }, state, facts) => {
    if (mode === 'MANUAL' && specialistId === null) throw invalid('field-required', 'specialistId');
    if (mode !== 'MANUAL' && specialistId !== null) throw invalid('specialist-not-asked', 'specialistId');
    const { candidates } = facts;
    if (specialistId !== null && !candidates.some((one) => one.specialistId === specialistId))
      throw invalid('specialist-of-other-department', 'specialistId');
    const choice = chooseSpecialist({ mode, specialistId, itemCode: state.itemCode, area: state.area }, candidates, facts.now);
    if (choice.specialistId === null)
      throw illegal('no-specialist-available', {
        ...(specialistId === null ? {} : { field: 'specialistId' }),
        extra: { considered: choice.considered },
      });
    return [
      {
        type: 'CaseAssigned',
        data: {
          specialistId: choice.specialistId,
          departmentId: state.departmentId!,
          mode,
          considered: choice.considered,
          ...(specialistId === null || specialistId === choice.specialistId ? {} : { standsInFor: specialistId }),
          ...returnDueOf(state, facts),
        },
      },
    ];
  },
});

/** Nobody takes a case while on leave, or more of them than their capacity. @throws Refusal `specialist-absent`, `specialist-at-capacity` */
export function checkOwnRoom({ caller, candidates, now }: CaseRuleFacts): void {
  const own = candidates.find(({ specialistId }) => specialistId === caller.specialistId);
  if (!own) return;
  const leave = leaveOn(own.facts, officeDay(now));
  if (leave) throw illegal('specialist-absent', { params: { to: leave.to } });
  if (!hasRoom(own)) throw illegal('specialist-at-capacity', { params: { open: own.open, capacity: own.facts.capacity! } });
}
