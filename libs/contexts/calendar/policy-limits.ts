import type { Instant, Limit } from '@huicai/working-time';
import type { TalentCategory } from '../talents/contract.js';
import type { LimitKind, PolicyLimit, PolicyRule, PolicyVersion, Urgency } from './contract.js';
import { officeDay, startOfOfficeDay } from './office-days.js';

/** What a policy asks of a case. */
export interface Matter {
  readonly itemCode: string;
  readonly urgency: Urgency;
  /** null where it is not known: then only rules for all categories are about it. */
  readonly category: TalentCategory | null;
}

const everyOne = <K extends string>(each: Readonly<Record<K, true>>): readonly K[] => Object.keys(each) as K[];

// As records, so that one that is added to the type and forgotten here does not compile.
export const URGENCIES = everyOne<Urgency>({ ENQUIRY: true, NORMAL: true, COMPLEX: true });
export const CATEGORIES = everyOne<TalentCategory>({ P1: true, P2: true, P3: true, P4: true, P5: true, M: true });
export const LIMIT_KINDS = everyOne<LimitKind>({
  signFor: true,
  firstContact: true,
  opinion: true,
  handling: true,
  total: true,
  callback: true,
  rectification: true,
});

const NO_LIMIT: PolicyLimit = { kind: 'none' };

/** Working days in which a closed case can be rated; five where the version does not say (domain.md section 2.6). */
export const ratingWindowOf = ({ ratingWindow }: Pick<PolicyVersion, 'ratingWindow'>): number => ratingWindow?.workingDays ?? 5;

/** The rules of a version in today's form, in their order. */
export function rulesOf({ rules, handling = [] }: Pick<PolicyVersion, 'rules' | 'handling'>): readonly PolicyRule[] {
  return rules ?? handling.map(({ limit, ...whom }) => ({ ...whom, limits: { handling: limit } }));
}

/** Whether a rule is about a case. */
export function isAbout({ itemCode, urgency, category }: PolicyRule, matter: Matter): boolean {
  return (
    (itemCode ?? matter.itemCode) === matter.itemCode &&
    (urgency ?? matter.urgency) === matter.urgency &&
    (category === undefined || category === matter.category)
  );
}

/** The first rule about a case and its place among the rules of the version, from 0. */
export function matchingRule(policy: PolicyVersion, matter: Matter): { rule: PolicyRule; index: number } | undefined {
  const rules = rulesOf(policy);
  const index = rules.findIndex((rule) => isAbout(rule, matter));
  return index < 0 ? undefined : { rule: rules[index]!, index };
}

/** The limit a rule sets: its own, for `total` then that of `handling`, for the others then the version's. */
export function limitUnder(rule: PolicyRule | undefined, kind: LimitKind, policy: PolicyVersion): PolicyLimit {
  const own = rule?.limits[kind];
  if (own) return own;
  if (kind === 'total' || kind === 'handling') return rule?.limits.handling ?? NO_LIMIT;
  return policy[kind] ?? NO_LIMIT;
}

/** The limit of one kind for a case: `none` where the version promises nothing. */
export function limitOf(policy: PolicyVersion, kind: LimitKind, matter: Matter): PolicyLimit {
  return limitUnder(matchingRule(policy, matter)?.rule, kind, policy);
}

/** The limits of every kind for a case. */
export function limitsOf(policy: PolicyVersion, matter: Matter): Readonly<Record<LimitKind, PolicyLimit>> {
  const rule = matchingRule(policy, matter)?.rule;
  return Object.fromEntries(LIMIT_KINDS.map((kind) => [kind, limitUnder(rule, kind, policy)])) as Record<LimitKind, PolicyLimit>;
}

const SEASON = /^(\d{2})-(\d{2})T(\d{2}):(\d{2})$/;

/** Whether a text is a month, a day every year has, and a time of it. */
export function isSeasonClose(text: string): boolean {
  const [, month, day, hour, minute] = SEASON.exec(text) ?? [];
  if (month === undefined) return false;
  const at = new Date(`2025-${month}-${day}T${hour}:${minute}:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(5, 16) === text;
}

/** The limit of a clock that starts at an instant: of a season, its next close. @param startedAt epoch milliseconds */
export function limitFrom(limit: PolicyLimit, startedAt: Instant): Limit {
  if (limit.kind !== 'calendarWindow') return limit;
  const [date, time] = limit.closes.split('T') as [string, string];
  const [hours, minutes] = time.split(':').map(Number) as [number, number];
  const closeOf = (year: number) => startOfOfficeDay(`${year}-${date}`) + (hours * 60 + minutes) * 60_000;
  const year = Number(officeDay(startedAt).slice(0, 4));
  return { kind: 'calendarWindow', at: [closeOf(year), closeOf(year + 1)].find((at) => at >= startedAt)! };
}

/** From when each kind of limit counts, and till when. */
export const COUNTING = {
  workingTime: { start: 'AT_ONCE_OR_NEXT_OPENING', end: 'WHEN_USED_UP' },
  workingDays: { start: 'DAY_AFTER', end: 'CLOSE_OF_LAST_DAY' },
  naturalDays: { start: 'DAY_AFTER', end: 'CLOSE_OF_LAST_DAY_OR_NEXT_WORKING_DAY' },
  calendarWindow: { start: 'AT_ONCE', end: 'AS_IT_STANDS' },
} as const;
