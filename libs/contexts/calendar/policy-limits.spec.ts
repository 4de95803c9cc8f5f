import fc from 'fast-check';
import { refusalOf } from '../../kernel/spec-dsl.js';
import type { LimitKind, PolicyRule, PolicyVersion } from './contract.js';
import { DEFAULT_POLICY } from './default-policy.js';
import { limitOf, limitsOf, type Matter, matchingRule, rulesOf } from './facts.js';
import { CATEGORIES, isSeasonClose, LIMIT_KINDS, limitFrom, URGENCIES } from './policy-limits.js';
import { checkReach } from './policy-reach.js';

const days = (n: number) => ({ kind: 'workingDays', days: n }) as const;
const none = { kind: 'none' } as const;
const { handling: _, rectification: _r, ...numbers } = DEFAULT_POLICY;
const under = (rules: readonly PolicyRule[], changes: Partial<PolicyVersion> = {}): PolicyVersion => ({
  ...numbers,
  rules,
  ...changes,
});

const policy = under(
  [
    { itemCode: '04', urgency: 'COMPLEX', category: 'P1', limits: { handling: days(1) } },
    { itemCode: '04', category: 'P1', limits: { handling: days(2), total: days(4), signFor: none } },
    { category: 'P1', urgency: 'NORMAL', limits: { handling: days(3) } },
    { itemCode: '04', limits: { handling: days(8), callback: days(9) } },
    { urgency: 'ENQUIRY', limits: { handling: none } },
    { limits: { handling: days(5) } },
  ],
  { opinion: days(11), callback: days(12) },
);
const matter = (itemCode: string, urgency: Matter['urgency'], category: Matter['category']): Matter => ({
  itemCode,
  urgency,
  category,
});

describe('the first rule about a case', () => {
  it.each<[Matter, number, number | null, number | null]>([
    [matter('04', 'COMPLEX', 'P1'), 0, 1, 1],
    [matter('04', 'NORMAL', 'P1'), 1, 2, 4],
    [matter('04', 'ENQUIRY', 'P1'), 1, 2, 4],
    [matter('05', 'NORMAL', 'P1'), 2, 3, 3],
    [matter('04', 'NORMAL', 'P2'), 3, 8, 8],
    [matter('04', 'ENQUIRY', 'M'), 3, 8, 8],
    [matter('05', 'ENQUIRY', 'P1'), 4, null, null],
    [matter('05', 'COMPLEX', 'P1'), 5, 5, 5],
    [matter('05', 'NORMAL', 'M'), 5, 5, 5],
  ])('of %j is number %d: handling %s, total %s', (of, index, handling, total) => {
    expect(matchingRule(policy, of)?.index).toBe(index);
    const limit = (n: number | null) => (n === null ? none : days(n));
    expect([limitOf(policy, 'handling', of), limitOf(policy, 'total', of)]).toEqual([limit(handling), limit(total)]);
  });

  it.each<[LimitKind, Matter, unknown]>([
    ['signFor', matter('04', 'NORMAL', 'P1'), none],
    ['signFor', matter('04', 'NORMAL', 'P2'), DEFAULT_POLICY.signFor],
    ['firstContact', matter('04', 'NORMAL', 'P1'), DEFAULT_POLICY.firstContact],
    ['opinion', matter('04', 'NORMAL', 'P1'), days(11)],
    ['callback', matter('04', 'NORMAL', 'P2'), days(9)],
    ['callback', matter('05', 'NORMAL', 'P2'), days(12)],
    ['rectification', matter('05', 'NORMAL', 'P2'), none],
  ])('leaves %s of %j to the version where it is silent', (kind, of, limit) => {
    expect(limitOf(policy, kind, of)).toEqual(limit);
  });

  it('decides every kind at once', () => {
    expect(limitsOf(policy, matter('04', 'NORMAL', 'P1'))).toEqual({
      signFor: none,
      firstContact: DEFAULT_POLICY.firstContact,
      opinion: days(11),
      handling: days(2),
      total: days(4),
      callback: days(12),
      rectification: none,
    });
  });
});

describe('the close of a season', () => {
  const at = (local: string) => Date.parse(`${local}+08:00`);
  const enrolment = { kind: 'calendarWindow', closes: '08-31T17:00' } as const;
  const from = (local: string, closes = enrolment.closes as string) => limitFrom({ ...enrolment, closes }, at(local));

  it.each([
    ['2026-01-01T00:00', '2026-08-31T17:00'],
    ['2026-08-31T16:59', '2026-08-31T17:00'],
    ['2026-08-31T17:00', '2026-08-31T17:00'],
    ['2026-08-31T17:01', '2027-08-31T17:00'],
    ['2026-12-31T23:59', '2027-08-31T17:00'],
  ])('after %s is %s', (start, close) => {
    expect(from(start)).toEqual({ kind: 'calendarWindow', at: at(close) });
  });

  it('is of the office’s year', () => {
    expect(from('2027-01-01T00:30', '01-01T01:00')).toEqual({ kind: 'calendarWindow', at: at('2027-01-01T01:00') });
    expect(from('2026-12-31T23:30', '12-31T23:45')).toEqual({ kind: 'calendarWindow', at: at('2026-12-31T23:45') });
  });

  it('is a month, a day every year has, and a time', () => {
    for (const good of ['08-31T17:00', '01-01T00:00', '12-31T23:59', '02-28T09:00'])
      expect([good, isSeasonClose(good)]).toEqual([good, true]);
    for (const bad of [
      '02-29T17:00',
      '13-01T10:00',
      '04-31T10:00',
      '08-31',
      '08-31T24:00',
      '08-31T17:60',
      '2026-08-31T17:00',
      '8-31T17:00',
      '',
    ])
      expect([bad, isSeasonClose(bad)]).toEqual([bad, false]);
  });
});

describe('a version as the first ones were recorded', () => {
  const { opinion: _o, callback: _c, rectification: _r, ...EARLIEST } = DEFAULT_POLICY;

  it.each(URGENCIES)('gives %s the limit of that urgency, whatever the item and category', (urgency) => {
    const { limit } = DEFAULT_POLICY.handling.find((rule) => rule.urgency === urgency)!;
    for (const category of CATEGORIES)
      expect(limitsOf(EARLIEST, matter('04', urgency, category))).toEqual({
        signFor: DEFAULT_POLICY.signFor,
        firstContact: DEFAULT_POLICY.firstContact,
        handling: limit,
        total: limit,
        opinion: none,
        callback: none,
        rectification: none,
      });
  });

  it('promises nothing where no rule is about a case', () => {
    const enquiries: PolicyVersion = { ...numbers, handling: [{ urgency: 'ENQUIRY', limit: days(1) }] };
    expect(matchingRule(enquiries, matter('04', 'NORMAL', 'M'))).toBeUndefined();
    expect(limitOf(enquiries, 'handling', matter('04', 'NORMAL', 'M'))).toEqual(none);
    expect(limitOf(enquiries, 'signFor', matter('04', 'NORMAL', 'M'))).toEqual(DEFAULT_POLICY.signFor);
    expect(rulesOf(enquiries)).toEqual([{ urgency: 'ENQUIRY', limits: { handling: days(1) } }]);
  });
});

it('versions that are published decide every case, and need each of their rules', () => {
  const part = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
  const whom = fc.record({ itemCode: part(['04', '05']), urgency: part(URGENCIES), category: part(CATEGORIES.slice(0, 2)) });
  const given = ({ itemCode, urgency, category }: Omit<PolicyRule, 'limits'>) => ({
    ...(itemCode === undefined ? {} : { itemCode }),
    ...(urgency === undefined ? {} : { urgency }),
    ...(category === undefined ? {} : { category }),
  });
  const every = ['04', '05', '06'].flatMap((itemCode) =>
    URGENCIES.flatMap((urgency) => CATEGORIES.map((category) => matter(itemCode, urgency, category))),
  );
  const all = (rules: readonly PolicyRule[]) => JSON.stringify(every.map((of) => limitsOf(under(rules), of)));
  let taken = 0;
  fc.assert(
    fc.property(fc.array(whom, { maxLength: 5 }), fc.boolean(), (whoms, withLast) => {
      const each = [...whoms.map((one) => given(one as Omit<PolicyRule, 'limits'>)), ...(withLast ? [{}] : [])];
      // Limits that differ tell the rules apart.
      const rules = each.map((one, i) => ({ ...one, limits: { handling: days(i + 1) } }));
      const useless = rules.findIndex((_rule, i) => all(rules) === all(rules.filter((__, j) => j !== i)));
      const gap = every.some((of) => limitOf(under(rules), 'handling', of).kind === 'none');
      if (useless < 0 && !gap) {
        checkReach(under(rules));
        taken++;
      } else {
        const refusal = refusalOf(() => checkReach(under(rules)));
        expect(refusal.code).toBe(useless < 0 ? 'policy-case-uncovered' : 'policy-rule-unreachable');
        if (useless >= 0) expect(refusal.details.field).toBe(`policy.rules[${useless}]`);
      }
    }),
    { numRuns: 300 },
  );
  expect(taken).toBeGreaterThan(20);
  expect(LIMIT_KINDS).toHaveLength(7);
});
