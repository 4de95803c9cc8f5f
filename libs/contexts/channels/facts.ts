export {
  type ChannelFacts,
  channelHours,
  foldChannels,
  leadDepartment,
  noChannels,
  type Route,
  type RoutingVersion,
  returnAfter,
  routingInForce,
} from './network.js';
export { type Routed, type RoutedMatter, routeOf } from './routing.js';
