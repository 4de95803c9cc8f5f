import { illegal, invalid, member } from '@huicai/kernel';
import { officeDay } from '../../calendar/facts.js';
import { type ChannelFacts, type Routed, routeOf } from '../../channels/facts.js';
import { policyAt, windowCloses } from '../clocks.js';
import type { RoutingProposal } from '../contract.js';
import { departmentClocks } from './opinion.js';
import { provided, rule } from './rule.js';

export const dispatch = rule({
  command: 'DispatchCase',
  from: ['ACCEPTED'],
  roles: ['window', 'supervisor'],
  needs: ['time', 'channels', 'category'],
  decide: (data, state, facts) => {
    const { channelId, itemCode, area } = state;
    const routed = routeOf(facts.channels, { channelId, itemCode, area, category: facts.category }, officeDay(facts.now));
    const departmentId = data.departmentId ?? routed.departmentId;
    if (departmentId === null) throw invalid('item-not-routed', 'departmentId', { code: state.itemCode });
    checkDepartments(departmentId, data.coDepartmentIds, facts.channels);
    const clocks = departmentClocks(state, facts);
    return [
      {
        type: 'CaseDispatched',
        data: {
          departmentId,
          coDepartmentIds: data.coDepartmentIds,
          routingVersion: facts.channels.routingVersion,
          ...proposalOf(channelId, routed),
          clocks,
        },
      },
    ];
  },
});

/** @throws Refusal `department-not-found`, `co-department-repeated`, `lead-among-co-departments` */
export function checkDepartments(lead: string, coDepartmentIds: readonly string[], { departments }: ChannelFacts): void {
  [lead, ...coDepartmentIds].forEach((id, i) => {
    if (member(departments, id) === undefined)
      throw invalid('department-not-found', i === 0 ? 'departmentId' : `coDepartmentIds[${i - 1}]`, { id });
  });
  coDepartmentIds.forEach((id, i) => {
    if (coDepartmentIds.indexOf(id) < i) throw invalid('co-department-repeated', `coDepartmentIds[${i}]`, { id });
  });
  if (coDepartmentIds.includes(lead)) throw invalid('lead-among-co-departments', 'coDepartmentIds', { id: lead });
}

/** What the channel's rules said, whether or not the dispatcher followed it. */
function proposalOf(
  channelId: string,
  { departmentId, priority, fastTrack, version, rule: index }: Routed,
): { readonly routing?: RoutingProposal } {
  if (departmentId === null || version === null || index === null) return {};
  return { routing: { channelId, version, rule: index, departmentId, priority, fastTrack } };
}

export const signFor = rule({
  command: 'SignForCase',
  from: ['DISPATCHED'],
  roles: ['department'],
  decide: (_, state) => [{ type: 'CaseSignedFor', data: { departmentId: state.departmentId! } }],
});

/** Back to the dispatcher, inside the return window or, late, before its hard stop (退单, domain.md section 2.3). */
export const returnCase = rule({
  command: 'ReturnCase',
  from: ['DISPATCHED', 'SIGNED_FOR'],
  roles: ['department'],
  needs: ['time', 'channels'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: (data, state, facts) => {
    if (data.proposedDepartmentId !== null && member(facts.channels.departments, data.proposedDepartmentId) === undefined)
      throw invalid('department-not-found', 'proposedDepartmentId', { id: data.proposedDepartmentId });
    const { workingDays, hardStopWorkingDays = workingDays } = policyAt(facts).returnWindow;
    const after = (days: number) => windowCloses(state.dispatchedAt!, days, facts);
    const closes = after(hardStopWorkingDays);
    if (facts.now > closes) throw illegal('return-window-closed', { params: { closedAt: new Date(closes).toISOString() } });
    const late = facts.now > after(workingDays) ? ({ late: true } as const) : {};
    return [{ type: 'CaseReturned', data: { ...data, departmentId: state.departmentId!, ...late } }];
  },
});
