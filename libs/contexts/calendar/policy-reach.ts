import { invalid } from '@huicai/kernel';
import type { PolicyVersion } from './contract.js';
import { CATEGORIES, isAbout, type Matter, rulesOf, URGENCIES } from './policy-limits.js';

/** Stands for all items no rule names. */
const ANY_OTHER_ITEM = '';

/**
 * Holds the rules against every case there can be: each rule decides some of them, and each of them is decided by some rule, for
 * what nobody promised must be said (`none`), not forgotten.
 * @throws Refusal `policy-rule-unreachable` naming the rule, `policy-case-uncovered` naming the case
 */
export function checkReach(data: PolicyVersion): void {
  const rules = rulesOf(data);
  const list = data.rules ? 'rules' : 'handling';
  const decides = new Set<number>();
  let uncovered: Matter | undefined;
  for (const matter of mattersOf(rules.map(({ itemCode }) => itemCode))) {
    const index = rules.findIndex((rule) => isAbout(rule, matter));
    if (index < 0) uncovered ??= matter;
    else decides.add(index);
  }
  const dead = rules.findIndex((_, i) => !decides.has(i));
  if (dead >= 0) throw invalid('policy-rule-unreachable', `policy.${list}[${dead}]`, { rule: dead + 1 });
  if (uncovered)
    throw invalid('policy-case-uncovered', `policy.${list}`, { urgency: uncovered.urgency, category: uncovered.category! });
}

function mattersOf(named: readonly (string | undefined)[]): Matter[] {
  const items = [...new Set([...named.filter((code) => code !== undefined), ANY_OTHER_ITEM])];
  return items.flatMap((itemCode) =>
    URGENCIES.flatMap((urgency) => CATEGORIES.map((category) => ({ itemCode, urgency, category }))),
  );
}
