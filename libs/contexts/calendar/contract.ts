import type { CalendarVersion, Interval, LightPolicy, Limit } from '@huicai/working-time';

/** A calendar version as it stands in an event: weekdays as a list, because integer keys have no stable order in JSON. */
export interface CalendarVersionData extends Omit<CalendarVersion, 'weekly'> {
  readonly weekly: readonly { readonly weekday: 1 | 2 | 3 | 4 | 5 | 6 | 7; readonly intervals: readonly Interval[] }[];
}

export type CalendarCommand = {
  readonly type: 'PublishCalendarVersion';
  readonly data: { readonly calendar: CalendarVersionData };
};
export type CalendarEvent = {
  readonly type: 'CalendarVersionPublished';
  readonly data: { readonly calendar: CalendarVersionData };
};

/** ENQUIRY 咨询, NORMAL 一般, COMPLEX 复杂或跨部门. */
export type Urgency = 'ENQUIRY' | 'NORMAL' | 'COMPLEX';

/** Clocks that run on every case. The requester sees `total`; the others judge the handling department. */
export type ClockKind = 'total' | 'signFor' | 'firstContact' | 'handling';

export interface HandlingRule {
  /** Applies to every item when left out. */
  readonly itemCode?: string;
  readonly urgency?: Urgency;
  readonly limit: Limit;
}

export interface PolicyVersion {
  readonly policyId: string;
  readonly version: number;
  /** First day of the office it is in force, YYYY-MM-DD. */
  readonly effectiveFrom: string;
  readonly calendarId: string;
  readonly signFor: Limit;
  readonly firstContact: Limit;
  /** Limit of `total` and of each `handling` clock: first match wins. */
  readonly handling: readonly HandlingRule[];
  readonly extension: { readonly times: number; readonly maxWorkingDays: number; readonly totalMaxWorkingDays: number };
  readonly returnWindow: { readonly workingDays: number };
  readonly lights: LightPolicy;
  /** Share under which a rate is named for attention, 0 to 1. */
  readonly attentionLine: number;
}

export type PolicyCommand = { readonly type: 'PublishPolicyVersion'; readonly data: { readonly policy: PolicyVersion } };
export type PolicyEvent = { readonly type: 'PolicyVersionPublished'; readonly data: { readonly policy: PolicyVersion } };
