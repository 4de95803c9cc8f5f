import { invalid } from '@huicai/kernel';
import { checkDepartments } from './dispatch.js';
import { departmentClocks } from './opinion.js';
import { provided, rule } from './rule.js';

/**
 * Another department leads from now on (改派, domain.md section 2.1): its clocks start anew, those of the one before stop, and the
 * promise to the talent goes on as it was.
 */
export const reassign = rule({
  command: 'ReassignCase',
  from: ['DISPATCHED', 'SIGNED_FOR'],
  roles: ['window', 'supervisor'],
  needs: ['time', 'channels', 'category'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: ({ departmentId, coDepartmentIds, ...reasoned }, state, facts) => {
    checkDepartments(departmentId, coDepartmentIds, facts.channels);
    if (departmentId === state.departmentId) throw invalid('department-leads-already', 'departmentId', { id: departmentId });
    const clocks = departmentClocks(state, facts);
    const fromDepartmentId = state.departmentId!;
    return [{ type: 'CaseReassigned', data: { ...reasoned, fromDepartmentId, departmentId, coDepartmentIds, clocks } }];
  },
});

/** The dispatcher does not take it back: it lies where it lay, and its clocks go on. The time in between does not count. */
export const refuseReturn = rule({
  command: 'RefuseReturn',
  from: ['ACCEPTED'],
  roles: ['window', 'supervisor'],
  when: provided('a department has given it back', (state) => state.returned !== null),
  decide: (data, { returned }) => {
    const { departmentId, coDepartmentIds, specialistId } = returned!;
    return [{ type: 'ReturnRefused', data: { ...data, departmentId, coDepartmentIds, specialistId } }];
  },
});
