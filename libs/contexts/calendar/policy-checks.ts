import { invalid } from '@huicai/kernel';
import { checkLightPolicy, checkLimit } from '@huicai/working-time';
import { refusing } from './calendar.js';
import type { LimitKind, PolicyLimit, PolicyRule, PolicyVersion } from './contract.js';
import { isSeasonClose, LIMIT_KINDS, limitUnder, rulesOf } from './policy-limits.js';

/** Longer promises would leave the years a calendar covers, and the steps that start clocks would fail for everyone. */
export const MOST_LIMIT_DAYS = 366;
/** A year and a half of office hours. */
export const MOST_LIMIT_MINUTES = 150_000;
export const MOST_RULES = 500;

export const POLICY_LIMIT_KINDS = ['workingTime', 'workingDays', 'naturalDays', 'calendarWindow', 'none'] as const;

const refuse = (field: string, code: string) => invalid('policy-invalid', `policy.${field}`, { code });

/** @throws Refusal `policy-invalid`, `season-invalid`, `out-of-range` naming the limit at fault */
export function checkLimits(data: PolicyVersion): void {
  for (const kind of ['signFor', 'firstContact'] as const) checkOne(data[kind], kind);
  for (const kind of ['opinion', 'callback', 'rectification'] as const) if (data[kind]) checkOne(data[kind], kind);
  const [list, other] = data.rules ? ['rules', data.handling] : ['handling', data.rules];
  if (other) throw refuse('handling', 'RULES_SAID_TWICE');
  const rules = rulesOf(data);
  if (rules.length > MOST_RULES) throw invalid('list-too-long', `policy.${list}`, { max: MOST_RULES });
  rules.forEach((rule, i) => {
    const at = (kind: LimitKind) => (data.rules ? `rules[${i}].limits.${kind}` : `handling[${i}].limit`);
    checkOne(rule.limits.handling, at('handling'));
    for (const kind of LIMIT_KINDS) if (rule.limits[kind]) checkOne(rule.limits[kind], at(kind));
    if (rule.statutory) checkOne(rule.statutory, `rules[${i}].statutory`);
  });
}

function checkOne(limit: PolicyLimit, field: string): void {
  if (limit.kind === 'calendarWindow') {
    if (!isSeasonClose(limit.closes)) throw invalid('season-invalid', `policy.${field}.closes`);
    return;
  }
  refusing(() => checkLimit(limit, field), refuse);
  if (limit.kind === 'none') return;
  const [unit, amount, max] =
    limit.kind === 'workingTime'
      ? (['minutes', limit.minutes, MOST_LIMIT_MINUTES] as const)
      : (['days', limit.days, MOST_LIMIT_DAYS] as const);
  if (amount > max) throw invalid('out-of-range', `policy.${field}.${unit}`, { min: 1, max });
}

/** Extensions, return window, lights and the line for attention. @throws Refusal `policy-invalid`, `policy-extension-total` */
export function checkNumbers(data: PolicyVersion): void {
  const { extension, returnWindow, attentionLine } = data;
  refusing(
    () => checkLightPolicy(data.lights),
    (field, code) => refuse(`lights.${field}`, code),
  );
  const whole = (value: number, least: number, field: string) => {
    if (!Number.isSafeInteger(value) || value < least) throw refuse(field, 'NOT_A_WHOLE_NUMBER');
    if (value > MOST_LIMIT_DAYS) throw invalid('out-of-range', `policy.${field}`, { min: least, max: MOST_LIMIT_DAYS });
  };
  whole(extension.times, 0, 'extension.times');
  whole(extension.maxWorkingDays, 0, 'extension.maxWorkingDays');
  whole(extension.totalMaxWorkingDays, 0, 'extension.totalMaxWorkingDays');
  const { workingDays, hardStopWorkingDays } = returnWindow;
  whole(workingDays, 1, 'returnWindow.workingDays');
  if (hardStopWorkingDays !== undefined) {
    whole(hardStopWorkingDays, 1, 'returnWindow.hardStopWorkingDays');
    if (hardStopWorkingDays < workingDays) throw refuse('returnWindow.hardStopWorkingDays', 'BEFORE_THE_WINDOW');
  }
  if (data.ratingWindow) whole(data.ratingWindow.workingDays, 1, 'ratingWindow.workingDays');
  if (!(attentionLine >= 0 && attentionLine <= 1)) throw refuse('attentionLine', 'NOT_A_SHARE');
  checkTotal(data);
}

/** What may be granted at all reaches over one grant, and over the longest limit it is granted on. */
function checkTotal(data: PolicyVersion): void {
  const { times, maxWorkingDays, totalMaxWorkingDays } = data.extension;
  if (times === 0) return;
  if (maxWorkingDays === 0) throw invalid('out-of-range', 'policy.extension.maxWorkingDays', { min: 1, max: MOST_LIMIT_DAYS });
  const days = rulesOf(data).map(({ limits: { handling } }) => (handling.kind === 'workingDays' ? handling.days : 0));
  const least = Math.max(maxWorkingDays, ...days);
  if (totalMaxWorkingDays < least) throw invalid('policy-extension-total', 'policy.extension.totalMaxWorkingDays', { least });
}

/** The promise is never longer than the law (承诺时限 ≤ 法定时限, domain.md section 2.2). @throws Refusal `policy-over-statutory`, `policy-statutory-not-comparable` */
export function checkStatutory(data: PolicyVersion): void {
  rulesOf(data).forEach((rule, i) => {
    if (rule.statutory) for (const kind of ['total', 'handling'] as const) checkWithin(rule, rule.statutory, kind, data, i);
  });
}

function checkWithin(rule: PolicyRule, statutory: PolicyLimit, kind: LimitKind, data: PolicyVersion, i: number): void {
  const promised = limitUnder(rule, kind, data);
  // What the rule leaves out is what it says of handling.
  const field = `policy.rules[${i}].limits.${rule.limits[kind] ? kind : 'handling'}`;
  const [most, said] = [amountOf(statutory), amountOf(promised)];
  if (most === null) throw invalid('policy-statutory-not-comparable', `policy.rules[${i}].statutory.kind`);
  if (promised.kind === 'calendarWindow') throw invalid('policy-statutory-not-comparable', `${field}.kind`);
  // To promise nothing is to promise longer than any law.
  if (said === null) throw invalid('policy-over-statutory', field, { most });
  if (promised.kind !== statutory.kind) throw invalid('policy-statutory-not-comparable', `${field}.kind`);
  if (said > most) throw invalid('policy-over-statutory', field, { most });
}

/** Minutes or days, by its kind; null without a limit, and for a season. */
function amountOf(limit: PolicyLimit): number | null {
  if (limit.kind === 'workingTime') return limit.minutes;
  return limit.kind === 'workingDays' || limit.kind === 'naturalDays' ? limit.days : null;
}
