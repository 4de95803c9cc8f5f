import type { TalentCategory } from '../talents/contract.js';
import type { RoutingPriority, RoutingRule } from './contract.js';
import { type ChannelFacts, leadDepartment, routingInForce } from './network.js';

/** What routing looks at; null is not known, and matches only rules that do not ask. */
export interface RoutedMatter {
  readonly channelId: string;
  readonly itemCode: string;
  readonly area: string | null;
  readonly category: TalentCategory | null;
}

const ASKED = ['itemCode', 'area', 'category'] as const;
type Asked = (typeof ASKED)[number];

/** Where a matter goes, and why. */
export interface Routed {
  /** A rule of the channel; else the item's own lead department; else nothing says. */
  readonly source: 'CHANNEL_RULE' | 'ITEM_ROUTE' | 'NONE';
  readonly departmentId: string | null;
  readonly priority: RoutingPriority;
  readonly fastTrack: boolean;
  /** The channel's rules that were asked; null where it had none in force. */
  readonly version: number | null;
  /** Index of the rule that decided. */
  readonly rule: number | null;
  /** Every rule before the one that decided, with what kept it from matching. */
  readonly passedOver: readonly { readonly rule: number; readonly mismatches: readonly Asked[] }[];
}

/** Where a matter of a channel goes on a day (派单): the first rule that is about it decides. @param day YYYY-MM-DD, office time */
export function routeOf(facts: ChannelFacts, matter: RoutedMatter, day: string): Routed {
  const inForce = routingInForce(facts, matter.channelId, day);
  const rules = inForce?.rules ?? [];
  const found = rules.findIndex((rule) => mismatchesOf(rule, matter).length === 0);
  const decided = rules[found];
  const passedOver = (decided ? rules.slice(0, found) : rules).map((rule, index) => ({
    rule: index,
    mismatches: mismatchesOf(rule, matter),
  }));
  const version = inForce?.version ?? null;
  if (decided) {
    const { departmentId, priority, fastTrack } = decided;
    return { source: 'CHANNEL_RULE', departmentId, priority, fastTrack, version, rule: found, passedOver };
  }
  const departmentId = leadDepartment(facts, matter.itemCode, day)?.leadDepartmentId ?? null;
  const source = departmentId === null ? 'NONE' : 'ITEM_ROUTE';
  return { source, departmentId, priority: 'NORMAL', fastTrack: false, version, rule: null, passedOver };
}

const mismatchesOf = (rule: RoutingRule, matter: RoutedMatter): Asked[] =>
  ASKED.filter((name) => rule[name] !== undefined && rule[name] !== matter[name]);

/** Whether every matter a later rule is about is taken by an earlier one. */
export const covers = (earlier: RoutingRule, later: RoutingRule): boolean =>
  ASKED.every((name) => earlier[name] === undefined || earlier[name] === later[name]);
