import { flow } from '@huicai/projections';
import type { ChannelsEvent } from './contract.js';
import { serviceNetwork } from './views/service-network.view.js';

export const channelsFlow = flow<ChannelsEvent>('channels', {
  DepartmentRegistered: { views: [serviceNetwork] },
  ChannelOpened: { views: [serviceNetwork] },
  ChannelHoursSet: { views: [serviceNetwork] },
  RoutingRulesPublished: { views: [serviceNetwork] },
  ReturnAfterSet: { views: [serviceNetwork] },
  ItemRouted: { views: [serviceNetwork] },
});
