import type { Limit } from '@huicai/working-time';
import type { TalentCategory } from '../talents/contract.js';
import type { LimitKind, PolicyRule, PolicyVersion, Urgency } from './contract.js';

/** What a policy asks of a case. */
export interface Matter {
  readonly itemCode: string;
  readonly urgency: Urgency;
  readonly category: TalentCategory;
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

const NO_LIMIT: Limit = { kind: 'none' };

/** The rules of a version in today's form, in their order. */
export function rulesOf({ rules, handling = [] }: Pick<PolicyVersion, 'rules' | 'handling'>): readonly PolicyRule[] {
  return rules ?? handling.map(({ limit, ...whom }) => ({ ...whom, limits: { handling: limit } }));
}

/** Whether a rule is about a case. */
export function isAbout({ itemCode, urgency, category }: PolicyRule, matter: Matter): boolean {
  return (
    (itemCode ?? matter.itemCode) === matter.itemCode &&
    (urgency ?? matter.urgency) === matter.urgency &&
    (category ?? matter.category) === matter.category
  );
}

/** The first rule about a case and its place among the rules of the version, from 0. */
export function matchingRule(policy: PolicyVersion, matter: Matter): { rule: PolicyRule; index: number } | undefined {
  const rules = rulesOf(policy);
  const index = rules.findIndex((rule) => isAbout(rule, matter));
  return index < 0 ? undefined : { rule: rules[index]!, index };
}

/** The limit a rule sets: its own, for `total` then that of `handling`, for the others then the version's. */
export function limitUnder(rule: PolicyRule | undefined, kind: LimitKind, policy: PolicyVersion): Limit {
  const own = rule?.limits[kind];
  if (own) return own;
  if (kind === 'total' || kind === 'handling') return rule?.limits.handling ?? NO_LIMIT;
  return policy[kind] ?? NO_LIMIT;
}

/** The limit of one kind for a case: `none` where the version promises nothing. */
export function limitOf(policy: PolicyVersion, kind: LimitKind, matter: Matter): Limit {
  return limitUnder(matchingRule(policy, matter)?.rule, kind, policy);
}

/** The limits of every kind for a case. */
export function limitsOf(policy: PolicyVersion, matter: Matter): Readonly<Record<LimitKind, Limit>> {
  const rule = matchingRule(policy, matter)?.rule;
  return Object.fromEntries(LIMIT_KINDS.map((kind) => [kind, limitUnder(rule, kind, policy)])) as Record<LimitKind, Limit>;
}
