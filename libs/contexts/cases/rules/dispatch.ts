import { illegal, invalid, member } from '@huicai/kernel';
import { officeDay } from '../../calendar/facts.js';
import { leadDepartment } from '../../channels/facts.js';
import { policyAt, startClock, windowCloses } from '../clocks.js';
import { rule } from './rule.js';

export const dispatch = rule({
  command: 'DispatchCase',
  from: ['ACCEPTED'],
  roles: ['window', 'supervisor'],
  needs: ['time', 'channels', 'category'],
  decide: (data, state, facts) => {
    const route = leadDepartment(facts.channels, state.itemCode, officeDay(facts.now));
    const departmentId = data.departmentId ?? route?.leadDepartmentId;
    if (departmentId === undefined) throw invalid('item-not-routed', 'departmentId', { code: state.itemCode });
    [departmentId, ...data.coDepartmentIds].forEach((id, i) => {
      if (member(facts.channels.departments, id) === undefined)
        throw invalid('department-not-found', i === 0 ? 'departmentId' : `coDepartmentIds[${i - 1}]`, { id });
    });
    data.coDepartmentIds.forEach((id, i) => {
      if (data.coDepartmentIds.indexOf(id) < i) throw invalid('co-department-repeated', `coDepartmentIds[${i}]`, { id });
    });
    if (data.coDepartmentIds.includes(departmentId))
      throw invalid('lead-among-co-departments', 'coDepartmentIds', { id: departmentId });
    const clocks = (['signFor', 'firstContact', 'handling'] as const).map((kind) => startClock(kind, state, facts));
    return [
      {
        type: 'CaseDispatched',
        data: { departmentId, coDepartmentIds: data.coDepartmentIds, routingVersion: facts.channels.routingVersion, clocks },
      },
    ];
  },
});

export const signFor = rule({
  command: 'SignForCase',
  from: ['DISPATCHED'],
  roles: ['department'],
  decide: (_, state) => [{ type: 'CaseSignedFor', data: { departmentId: state.departmentId! } }],
});

/** Back to the dispatcher, inside the return window (退单). */
export const returnCase = rule({
  command: 'ReturnCase',
  from: ['DISPATCHED', 'SIGNED_FOR'],
  roles: ['department'],
  needs: ['time', 'channels'],
  when: (state) => state.pausedSince === null,
  decide: (data, state, facts) => {
    if (data.proposedDepartmentId !== null && member(facts.channels.departments, data.proposedDepartmentId) === undefined)
      throw invalid('department-not-found', 'proposedDepartmentId', { id: data.proposedDepartmentId });
    const closes = windowCloses(state.dispatchedAt!, policyAt(facts).returnWindow.workingDays, facts);
    if (facts.now > closes) throw illegal('return-window-closed', { params: { closedAt: new Date(closes).toISOString() } });
    return [{ type: 'CaseReturned', data: { ...data, departmentId: state.departmentId! } }];
  },
});
