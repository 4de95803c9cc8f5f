import type { TalentCategory } from '../talents/contract.js';
import type { WeeklyHours } from '../weekly-hours.js';

export type ChannelKind = 'WINDOW' | 'HOTLINE' | 'ONLINE' | 'VISIT' | 'EMPLOYER';

export type RoutingPriority = 'NORMAL' | 'HIGH' | 'URGENT';

/** Where matters of a kind go, by item × area × category of the talent; what is left out is any. */
export interface RoutingRule {
  readonly itemCode?: string;
  readonly area?: string;
  readonly category?: TalentCategory;
  /** Leads the matter (主办). */
  readonly departmentId: string;
  readonly priority: RoutingPriority;
  /** The matter goes by the green channel (绿色通道). */
  readonly fastTrack: boolean;
}

interface RoutingRules {
  readonly channelId: string;
  /** Calendar day of the office, YYYY-MM-DD. */
  readonly effectiveFrom: string;
  /** The first that is about a matter decides. */
  readonly rules: readonly RoutingRule[];
  readonly reason: string;
}

interface ChannelHours {
  readonly channelId: string;
  /** null: as the office. */
  readonly weekly: WeeklyHours | null;
  /** Calendar day of the office, YYYY-MM-DD. */
  readonly effectiveFrom: string;
}

interface ReturnAfter {
  readonly departmentId: string;
  /** Minutes of office time; null: never. */
  readonly workingMinutes: number | null;
  /** Calendar day of the office, YYYY-MM-DD. */
  readonly effectiveFrom: string;
}

export type ChannelsCommand =
  | { readonly type: 'SetChannelHours'; readonly data: ChannelHours }
  | { readonly type: 'PublishRoutingRules'; readonly data: RoutingRules }
  | { readonly type: 'SetReturnAfter'; readonly data: ReturnAfter }
  | { readonly type: 'RegisterDepartment'; readonly data: { readonly departmentId: string; readonly name: string } }
  | {
      readonly type: 'OpenChannel';
      readonly data: { readonly channelId: string; readonly kind: ChannelKind; readonly name: string };
    }
  | {
      readonly type: 'RouteItem';
      readonly data: { readonly itemCode: string; readonly leadDepartmentId: string; readonly effectiveFrom: string };
    };

export type ChannelsEvent =
  | { readonly type: 'ChannelHoursSet'; readonly data: ChannelHours }
  /** `version` counts the channel's own rules from 1. */
  | { readonly type: 'RoutingRulesPublished'; readonly data: RoutingRules & { readonly version: number } }
  /** Cases whose specialist does not act in this time go back to the queue. */
  | { readonly type: 'ReturnAfterSet'; readonly data: ReturnAfter }
  | { readonly type: 'DepartmentRegistered'; readonly data: { readonly departmentId: string; readonly name: string } }
  | {
      readonly type: 'ChannelOpened';
      readonly data: { readonly channelId: string; readonly kind: ChannelKind; readonly name: string };
    }
  | {
      readonly type: 'ItemRouted';
      /** `effectiveFrom` is a calendar day of the office, YYYY-MM-DD; `routingVersion` counts routing changes from 1. */
      readonly data: {
        readonly itemCode: string;
        readonly leadDepartmentId: string;
        readonly effectiveFrom: string;
        readonly routingVersion: number;
      };
    };
