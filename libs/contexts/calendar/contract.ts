import type { CalendarVersion, Interval, LightPolicy, Limit } from '@huicai/working-time';
import type { TalentCategory } from '../talents/contract.js';

/** A calendar version as it stands in an event: weekdays as a list, because integer keys have no stable order in JSON. */
export interface CalendarVersionData extends Omit<CalendarVersion, 'weekly'> {
  readonly weekly: readonly { readonly weekday: 1 | 2 | 3 | 4 | 5 | 6 | 7; readonly intervals: readonly Interval[] }[];
}

/**
 * What clocks that run already have of a newer version: `keep` nothing; `retroactive` all of it, as if it had been known when they
 * started; `prospective`, of a calendar its days from a day on, of a policy its limits where they are not over before that day.
 */
export type ChangeMode = 'keep' | 'prospective' | 'retroactive';

/** A newer version of a calendar or of a policy put on clocks that run. */
export interface TimeChange {
  readonly changeId: string;
  readonly mode: ChangeMode;
  /** The version. */
  readonly to: number;
  /** First day that counts as the version says, YYYY-MM-DD of the office; only for `prospective`. */
  readonly fromDay: string | null;
  readonly reason: string;
}

export interface Undoing {
  readonly changeId: string;
  readonly reason: string;
}

export type TimeChangeApproval = TimeChange & { readonly approvedBy: string };
export type TimeChangeUndoing = Undoing & { readonly approvedBy: string };

export type CalendarCommand =
  | { readonly type: 'PublishCalendarVersion'; readonly data: { readonly calendar: CalendarVersionData } }
  | { readonly type: 'ApplyCalendarChange'; readonly data: TimeChange }
  | { readonly type: 'UndoCalendarChange'; readonly data: Undoing };
export type CalendarEvent =
  | { readonly type: 'CalendarVersionPublished'; readonly data: { readonly calendar: CalendarVersionData } }
  | { readonly type: 'CalendarChangeApplied'; readonly data: TimeChangeApproval }
  | { readonly type: 'CalendarChangeUndone'; readonly data: TimeChangeUndoing };

/** ENQUIRY 咨询, NORMAL 一般, COMPLEX 复杂或跨部门. */
export type Urgency = 'ENQUIRY' | 'NORMAL' | 'COMPLEX';

/**
 * Clocks of a case. The requester sees `total`; the others judge a department, but for `callback` (回访), which is the office's own.
 * `opinion` judges the lead department from each dispatch on (办理意见), and any other department whose opinion is asked (会办意见);
 * `rectification` the one whose handling got a bad review, until it has put that right (整改).
 */
export type ClockKind = 'total' | 'signFor' | 'firstContact' | 'opinion' | 'handling' | 'callback' | 'rectification';

/** What a policy sets a limit to. */
export type LimitKind = ClockKind;

/** A limit as a policy sets it: one of a case, or the close of a season that comes every year. */
export type PolicyLimit = Exclude<Limit, { readonly kind: 'calendarWindow' }> | SeasonLimit;

/** Due at the next close from the start of the clock on, never rolled; such as the season of school enrolment (子女入学). */
export interface SeasonLimit {
  readonly kind: 'calendarWindow';
  /** Month, day and time of the office, `MM-DDThh:mm`. */
  readonly closes: string;
}

/** Rules as the first versions had them: one limit for `total` and `handling`. */
export interface HandlingRule {
  /** Applies to every item when left out. */
  readonly itemCode?: string;
  readonly urgency?: Urgency;
  readonly limit: Exclude<PolicyLimit, SeasonLimit>;
}

/** Limits of one rule. `total` is that of `handling` where it is left out, the others are then those of the version. */
export type RuleLimits = { readonly handling: PolicyLimit } & { readonly [K in Exclude<LimitKind, 'handling'>]?: PolicyLimit };

/** Whom a rule is about, by item × urgency × category of the talent; what is left out is any. */
export interface PolicyRule {
  readonly itemCode?: string;
  readonly urgency?: Urgency;
  readonly category?: TalentCategory;
  readonly limits: RuleLimits;
  /** What the law allows (法定时限); the promise (承诺时限) is never longer. */
  readonly statutory?: PolicyLimit;
}

export interface PolicyVersion {
  readonly policyId: string;
  readonly version: number;
  /** First day of the office it is in force, YYYY-MM-DD. */
  readonly effectiveFrom: string;
  readonly calendarId: string;
  readonly signFor: PolicyLimit;
  readonly firstContact: PolicyLimit;
  /** Where left out, nothing is promised; the first versions do not have these three. */
  readonly opinion?: PolicyLimit;
  readonly callback?: PolicyLimit;
  readonly rectification?: PolicyLimit;
  /** First match wins. A version has either `rules` or, like the first ones, `handling`. */
  readonly rules?: readonly PolicyRule[];
  readonly handling?: readonly HandlingRule[];
  readonly extension: { readonly times: number; readonly maxWorkingDays: number; readonly totalMaxWorkingDays: number };
  /** Up to when a department may return a case; later, up to the hard stop where there is one, it still can, and is told to be late. */
  readonly returnWindow: { readonly workingDays: number; readonly hardStopWorkingDays?: number };
  /** How long a closed case can be rated; the first versions do not say, and mean five. */
  readonly ratingWindow?: { readonly workingDays: number };
  /** Reasons for which a pause counts only once somebody else has agreed to it. */
  readonly pauseApproval?: readonly string[];
  /** Matters whose result a specialist submits only with the consent of the department. */
  readonly resultApproval?: readonly Urgency[];
  readonly lights: LightPolicy;
  /** Share under which a rate is named for attention, 0 to 1. */
  readonly attentionLine: number;
}

export interface PolicyPublication {
  readonly policy: PolicyVersion;
  /** Why it was changed; the version an office starts with has none. */
  readonly reason?: string;
}

export type PolicyCommand =
  | { readonly type: 'PublishPolicyVersion'; readonly data: PolicyPublication }
  | { readonly type: 'ApplyPolicyChange'; readonly data: TimeChange }
  | { readonly type: 'UndoPolicyChange'; readonly data: Undoing };
export type PolicyEvent =
  | { readonly type: 'PolicyVersionPublished'; readonly data: PolicyPublication }
  | { readonly type: 'PolicyChangeApplied'; readonly data: TimeChangeApproval }
  | { readonly type: 'PolicyChangeUndone'; readonly data: TimeChangeUndoing };
