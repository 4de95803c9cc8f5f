import type { ChannelKind, ChannelsEvent } from './contract.js';

export interface Route {
  readonly leadDepartmentId: string;
  readonly effectiveFrom: string;
  readonly routingVersion: number;
}

export interface ChannelFacts {
  readonly departments: Readonly<Record<string, string>>;
  readonly channels: Readonly<Record<string, { readonly kind: ChannelKind; readonly name: string }>>;
  /** By item code, in the order they were decided. */
  readonly routes: Readonly<Record<string, readonly Route[]>>;
  readonly routingVersion: number;
}

export const noChannels: ChannelFacts = { departments: {}, channels: {}, routes: {}, routingVersion: 0 };

export function foldChannels(facts: ChannelFacts, event: ChannelsEvent): ChannelFacts {
  switch (event.type) {
    case 'DepartmentRegistered':
      return { ...facts, departments: { ...facts.departments, [event.data.departmentId]: event.data.name } };
    case 'ChannelOpened':
      return {
        ...facts,
        channels: { ...facts.channels, [event.data.channelId]: { kind: event.data.kind, name: event.data.name } },
      };
    case 'ItemRouted': {
      const { itemCode, leadDepartmentId, effectiveFrom, routingVersion } = event.data;
      // Codes are two digits, so they are prefixed to keep the record's order its own.
      const routes = [...(facts.routes[`i${itemCode}`] ?? []), { leadDepartmentId, effectiveFrom, routingVersion }];
      return { ...facts, routes: { ...facts.routes, [`i${itemCode}`]: routes }, routingVersion };
    }
  }
}

/** The department that leads an item on a day; the latest decision in force wins. @param day YYYY-MM-DD, office time */
export function leadDepartment(facts: ChannelFacts, itemCode: string, day: string): Route | undefined {
  return facts.routes[`i${itemCode}`]?.filter((route) => route.effectiveFrom <= day).at(-1);
}
