import { member } from '@huicai/kernel';

import type { WeeklyHours } from '../weekly-hours.js';
import type { ChannelKind, ChannelsEvent, RoutingRule } from './contract.js';

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
  /** By channel, in the order they were decided. */
  readonly hours: Readonly<Record<string, readonly HoursVersion[]>>;
  /** By channel; index 0 holds version 1. */
  readonly routing: Readonly<Record<string, readonly RoutingVersion[]>>;
  /** By department, in the order they were decided. */
  readonly returnAfter: Readonly<Record<string, readonly ReturnAfterVersion[]>>;
}

export interface HoursVersion {
  readonly weekly: WeeklyHours | null;
  readonly effectiveFrom: string;
}

export interface RoutingVersion {
  readonly version: number;
  readonly effectiveFrom: string;
  readonly rules: readonly RoutingRule[];
  readonly reason: string;
}

export interface ReturnAfterVersion {
  readonly workingMinutes: number | null;
  readonly effectiveFrom: string;
}

export const noChannels: ChannelFacts = {
  departments: {},
  channels: {},
  routes: {},
  routingVersion: 0,
  hours: {},
  routing: {},
  returnAfter: {},
};

export function foldChannels(facts: ChannelFacts, event: ChannelsEvent): ChannelFacts {
  switch (event.type) {
    case 'DepartmentRegistered':
      return { ...facts, departments: { ...facts.departments, [event.data.departmentId]: event.data.name } };
    case 'ChannelOpened':
      return {
        ...facts,
        channels: { ...facts.channels, [event.data.channelId]: { kind: event.data.kind, name: event.data.name } },
      };
    case 'ChannelHoursSet': {
      const { channelId, weekly, effectiveFrom } = event.data;
      const decided = [...(member(facts.hours, channelId) ?? []), { weekly, effectiveFrom }];
      return { ...facts, hours: { ...facts.hours, [channelId]: decided } };
    }
    case 'RoutingRulesPublished': {
      const { channelId, ...version } = event.data;
      const versions = [...(member(facts.routing, channelId) ?? []), version];
      return { ...facts, routing: { ...facts.routing, [channelId]: versions } };
    }
    case 'ReturnAfterSet': {
      const { departmentId, workingMinutes, effectiveFrom } = event.data;
      const decided = [...(member(facts.returnAfter, departmentId) ?? []), { workingMinutes, effectiveFrom }];
      return { ...facts, returnAfter: { ...facts.returnAfter, [departmentId]: decided } };
    }
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

/**
 * Minutes of office time in which whoever gets a case of a department must act, lest it go back to the queue; null where nothing was
 * set. The latest decision in force wins. @param day YYYY-MM-DD, office time
 */
export function returnAfter(facts: ChannelFacts, departmentId: string, day: string): number | null {
  return (
    member(facts.returnAfter, departmentId)
      ?.filter(({ effectiveFrom }) => effectiveFrom <= day)
      .at(-1)?.workingMinutes ?? null
  );
}

/** Hours of a channel on a day; null where none were set, or as the office. The latest decision in force wins. @param day YYYY-MM-DD, office time */
export function channelHours(facts: ChannelFacts, channelId: string, day: string): WeeklyHours | null {
  return (
    member(facts.hours, channelId)
      ?.filter(({ effectiveFrom }) => effectiveFrom <= day)
      .at(-1)?.weekly ?? null
  );
}

/**
 * The routing rules of a channel in force on a day: the latest to have taken effect, of two on one day the one published last.
 * @param day YYYY-MM-DD, office time
 */
export function routingInForce(facts: ChannelFacts, channelId: string, day: string): RoutingVersion | undefined {
  const begun = member(facts.routing, channelId)?.filter(({ effectiveFrom }) => effectiveFrom <= day) ?? [];
  return begun.reduce<RoutingVersion | undefined>(
    (latest, version) => (latest && version.effectiveFrom < latest.effectiveFrom ? latest : version),
    undefined,
  );
}
