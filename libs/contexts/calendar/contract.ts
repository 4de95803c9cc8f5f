import type { CalendarVersion, Interval, LightPolicy, Limit } from '@huicai/working-time';
import type { TalentCategory } from '../talents/contract.js';

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

/** What a policy sets a limit to: the clocks of a case, the department's opinion, the callback (回访), and putting right a bad review. */
export type LimitKind = ClockKind | 'opinion' | 'callback' | 'rectification';

/** Rules as the first versions had them: one limit for `total` and `handling`. */
export interface HandlingRule {
  /** Applies to every item when left out. */
  readonly itemCode?: string;
  readonly urgency?: Urgency;
  readonly limit: Limit;
}

/** Limits of one rule. `total` is that of `handling` where it is left out, the others are then those of the version. */
export type RuleLimits = { readonly handling: Limit } & { readonly [K in Exclude<LimitKind, 'handling'>]?: Limit };

/** Whom a rule is about, by item × urgency × category of the talent; what is left out is any. */
export interface PolicyRule {
  readonly itemCode?: string;
  readonly urgency?: Urgency;
  readonly category?: TalentCategory;
  readonly limits: RuleLimits;
  /** What the law allows (法定时限); the promise (承诺时限) is never longer. */
  readonly statutory?: Limit;
}

export interface PolicyVersion {
  readonly policyId: string;
  readonly version: number;
  /** First day of the office it is in force, YYYY-MM-DD. */
  readonly effectiveFrom: string;
  readonly calendarId: string;
  readonly signFor: Limit;
  readonly firstContact: Limit;
  /** Where left out, nothing is promised; the first versions do not have these three. */
  readonly opinion?: Limit;
  readonly callback?: Limit;
  readonly rectification?: Limit;
  /** First match wins. A version has either `rules` or, like the first ones, `handling`. */
  readonly rules?: readonly PolicyRule[];
  readonly handling?: readonly HandlingRule[];
  readonly extension: { readonly times: number; readonly maxWorkingDays: number; readonly totalMaxWorkingDays: number };
  readonly returnWindow: { readonly workingDays: number };
  readonly lights: LightPolicy;
  /** Share under which a rate is named for attention, 0 to 1. */
  readonly attentionLine: number;
}

export interface PolicyPublication {
  readonly policy: PolicyVersion;
  /** Why it was changed; the version an office starts with has none. */
  readonly reason?: string;
}

export type PolicyCommand = { readonly type: 'PublishPolicyVersion'; readonly data: PolicyPublication };
export type PolicyEvent = { readonly type: 'PolicyVersionPublished'; readonly data: PolicyPublication };
