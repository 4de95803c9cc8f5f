export type ChannelKind = 'WINDOW' | 'HOTLINE' | 'ONLINE' | 'VISIT';

export type ChannelsCommand =
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
