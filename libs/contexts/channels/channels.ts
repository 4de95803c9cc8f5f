import { type BaseFacts, type Decider, illegal, invalid, member, notFound } from '@huicai/kernel';
import { checkDay, officeDay } from '../calendar/facts.js';
import { type CatalogueFacts, catalogueInForce, itemOf } from '../catalogue/facts.js';
import { checkWeeklyHours } from '../weekly-hours.js';
import type { ChannelsCommand, ChannelsEvent } from './contract.js';
import { type ChannelFacts, foldChannels, noChannels } from './facts.js';
import { covers } from './routing.js';

export interface ChannelRuleFacts extends BaseFacts {
  /** For rules that name items. */
  readonly catalogue: CatalogueFacts;
}

export const MOST_ROUTING_RULES = 500;
/** Two weeks of office time. */
export const MOST_RETURN_MINUTES = 4_800;

/** Departments, the channels a matter may come in by (通道), and which department leads which item. */
export const channels: Decider<ChannelsCommand, ChannelsEvent, ChannelFacts, ChannelRuleFacts> = {
  aggregate: 'channels',
  initialState: () => noChannels,
  evolve: foldChannels,
  decide: (command, state, facts) => {
    switch (command.type) {
      case 'RegisterDepartment':
        if (member(state.departments, command.data.departmentId) !== undefined)
          throw illegal('department-exists', { field: 'departmentId', params: { id: command.data.departmentId } });
        return [{ type: 'DepartmentRegistered', data: command.data }];
      case 'OpenChannel':
        if (member(state.channels, command.data.channelId))
          throw illegal('channel-exists', { field: 'channelId', params: { id: command.data.channelId } });
        return [{ type: 'ChannelOpened', data: command.data }];
      case 'SetChannelHours': {
        const { channelId, weekly, effectiveFrom } = command.data;
        checkChannel(state, channelId);
        if (weekly) checkWeeklyHours(weekly, 'weekly');
        checkDay(effectiveFrom, 'effectiveFrom');
        return [{ type: 'ChannelHoursSet', data: command.data }];
      }
      case 'PublishRoutingRules': {
        const { channelId } = command.data;
        checkChannel(state, channelId);
        checkRules(command.data, state, facts);
        const version = (member(state.routing, channelId)?.length ?? 0) + 1;
        return [{ type: 'RoutingRulesPublished', data: { ...command.data, version } }];
      }
      case 'SetReturnAfter': {
        const { departmentId, workingMinutes, effectiveFrom } = command.data;
        if (member(state.departments, departmentId) === undefined)
          throw invalid('department-not-found', 'departmentId', { id: departmentId });
        if (
          workingMinutes !== null &&
          !(Number.isSafeInteger(workingMinutes) && workingMinutes >= 1 && workingMinutes <= MOST_RETURN_MINUTES)
        )
          throw invalid('out-of-range', 'workingMinutes', { min: 1, max: MOST_RETURN_MINUTES });
        checkDay(effectiveFrom, 'effectiveFrom');
        return [{ type: 'ReturnAfterSet', data: command.data }];
      }
      case 'RouteItem':
        if (member(state.departments, command.data.leadDepartmentId) === undefined)
          throw invalid('department-not-found', 'leadDepartmentId', { id: command.data.leadDepartmentId });
        checkDay(command.data.effectiveFrom, 'effectiveFrom');
        return [{ type: 'ItemRouted', data: { ...command.data, routingVersion: state.routingVersion + 1 } }];
    }
  },
};

function checkChannel(state: ChannelFacts, channelId: string): void {
  if (!member(state.channels, channelId)) throw notFound('channel-not-found', { params: { id: channelId } });
}

type Published = Extract<ChannelsCommand, { type: 'PublishRoutingRules' }>['data'];

function checkRules({ rules, effectiveFrom }: Published, state: ChannelFacts, { now, catalogue }: ChannelRuleFacts): void {
  checkDay(effectiveFrom, 'effectiveFrom');
  if (effectiveFrom < officeDay(now)) throw invalid('routing-effective-in-the-past', 'effectiveFrom');
  if (rules.length > MOST_ROUTING_RULES) throw invalid('list-too-long', 'rules', { max: MOST_ROUTING_RULES });
  const items = catalogueInForce(catalogue, effectiveFrom);
  rules.forEach((rule, i) => {
    const { itemCode, departmentId } = rule;
    if (itemCode !== undefined && !(items && itemOf(items, itemCode)))
      throw invalid('item-not-offered', `rules[${i}].itemCode`, { code: itemCode });
    if (member(state.departments, departmentId) === undefined)
      throw invalid('department-not-found', `rules[${i}].departmentId`, { id: departmentId });
    const wider = rules.slice(0, i).findIndex((earlier) => covers(earlier, rule));
    if (wider >= 0) throw invalid('routing-rule-unreachable', `rules[${i}]`, { earlier: wider });
  });
}
