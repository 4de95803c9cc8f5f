import { type BaseFacts, type Decider, illegal, invalid, member } from '@huicai/kernel';
import { checkDay } from '../calendar/facts.js';
import type { ChannelsCommand, ChannelsEvent } from './contract.js';
import { type ChannelFacts, foldChannels, noChannels } from './facts.js';

/** Departments, the channels a matter may come in by (通道), and which department leads which item. */
export const channels: Decider<ChannelsCommand, ChannelsEvent, ChannelFacts, BaseFacts> = {
  aggregate: 'channels',
  initialState: () => noChannels,
  evolve: foldChannels,
  decide: (command, state) => {
    switch (command.type) {
      case 'RegisterDepartment':
        if (member(state.departments, command.data.departmentId) !== undefined)
          throw illegal('department-exists', { field: 'departmentId', params: { id: command.data.departmentId } });
        return [{ type: 'DepartmentRegistered', data: command.data }];
      case 'OpenChannel':
        if (member(state.channels, command.data.channelId))
          throw illegal('channel-exists', { field: 'channelId', params: { id: command.data.channelId } });
        return [{ type: 'ChannelOpened', data: command.data }];
      case 'RouteItem':
        if (member(state.departments, command.data.leadDepartmentId) === undefined)
          throw invalid('department-not-found', 'leadDepartmentId', { id: command.data.leadDepartmentId });
        checkDay(command.data.effectiveFrom, 'effectiveFrom');
        return [{ type: 'ItemRouted', data: { ...command.data, routingVersion: state.routingVersion + 1 } }];
    }
  },
};
