import { parseInstant } from '@huicai/working-time';
import { specOf } from '../../kernel/spec-dsl.js';
import { DRAFT_2024, ITEMS_2024 } from '../catalogue/draft-2024.js';
import { foldCatalogue, noCatalogue } from '../catalogue/facts.js';
import type { PolicyRule, PolicyVersion } from './contract.js';
import { DEFAULT_POLICY } from './default-policy.js';
import { policyInForce, policyVersion } from './facts.js';
import { policy } from './policy.js';

const catalogue = foldCatalogue(noCatalogue, {
  type: 'CatalogueVersionDrafted',
  data: { version: DRAFT_2024.version, items: ITEMS_2024 },
});
const now = parseInstant('2026-09-30T23:30:00+08:00');
const by = (role: 'admin' | 'system') => ({ now, actor: { id: `user-${role}`, role }, catalogue });
const admin = by('admin');

const reason = '缩短一类人才的时限';
const days = (n: number) => ({ kind: 'workingDays', days: n }) as const;
const minutes = (n: number) => ({ kind: 'workingTime', minutes: n }) as const;
const season = { kind: 'calendarWindow', closes: '08-31T17:00' } as const;
const anyone: PolicyRule = { limits: { handling: days(5) } };
const { handling: _, ...numbers } = DEFAULT_POLICY;
/** The version an office might publish after its first. */
const second = (changes: Partial<PolicyVersion> = {}): PolicyVersion => ({
  ...numbers,
  version: 2,
  effectiveFrom: '2026-10-01',
  opinion: days(1),
  callback: days(2),
  rectification: days(5),
  rules: [anyone],
  ...changes,
});

const { given } = specOf(policy);
const first = { type: 'PolicyVersionPublished', data: { policy: DEFAULT_POLICY } } as const;
const publish = (data: PolicyVersion) => ({ type: 'PublishPolicyVersion', data: { policy: data, reason } }) as const;
const published = (data: PolicyVersion) => ({ type: 'PolicyVersionPublished', data: { policy: data, reason } }) as const;

describe('a policy', () => {
  it('is published version by version, with the reason', () => {
    given([]).when({ type: 'PublishPolicyVersion', data: first.data }, by('system')).then([first]);
    const rules: PolicyRule[] = [
      {
        itemCode: '04',
        category: 'P1',
        limits: { handling: days(2), total: days(3), signFor: { kind: 'none' } },
        statutory: days(3),
      },
      anyone,
    ];
    given([first])
      .when(publish(second({ rules })), admin)
      .then([published(second({ rules }))]);
    given([first])
      .when(publish(second({ version: 3 })), admin)
      .thenRefused('version-not-next', { field: 'policy.version', params: { next: 2 } });
  });

  it('stays the same policy by the same calendar', () => {
    given([first])
      .when(publish(second({ policyId: 'other' })), admin)
      .thenRefused('other-policy', { field: 'policy.policyId' });
    given([first])
      .when(publish(second({ calendarId: 'counter' })), admin)
      .thenRefused('other-calendar', { field: 'policy.calendarId' });
  });

  it('takes effect today or later, for a reason; only the system loads what was always so', () => {
    given([first])
      .when(publish(second({ effectiveFrom: '2026-09-30' })), admin)
      .then([published(second({ effectiveFrom: '2026-09-30' }))]);
    given([first])
      .when(publish(second({ effectiveFrom: '2026-09-29' })), admin)
      .thenRefused('policy-effective-in-the-past', { field: 'policy.effectiveFrom', params: { today: '2026-09-30' } });
    given([]).when({ type: 'PublishPolicyVersion', data: first.data }, admin).thenRefused('policy-effective-in-the-past');
    for (const said of [undefined, '', ' \n'])
      given([first])
        .when(
          { type: 'PublishPolicyVersion', data: { policy: second(), ...(said === undefined ? {} : { reason: said }) } },
          admin,
        )
        .thenRefused('reason-needed', { field: 'reason' });
  });

  it('is in force from its day, until the day of another', () => {
    const winter = published(second({ version: 2, effectiveFrom: '2027-01-01' }));
    const soon = published(second({ version: 3, effectiveFrom: '2026-10-01' }));
    const corrected = published(second({ version: 4, effectiveFrom: '2026-10-01' }));
    const { state } = given([first, winter, soon, corrected]);
    const on = (day: string) => policyInForce(state, day)?.version;
    expect(on('2023-12-31')).toBeUndefined();
    expect(on('2026-09-30')).toBe(1);
    expect(on('2026-10-01')).toBe(4);
    // What was announced for the new year is not undone by what came between.
    expect(on('2027-01-01')).toBe(2);
    expect(policyVersion(state, 1)).toEqual(DEFAULT_POLICY);
    expect(() => policyVersion(state, 5)).toThrow('No version 5');
  });

  // Nothing that runs on a policy can refuse it any more: dispatching would fail for the whole office.
  it.each<[Partial<PolicyVersion>, string, string]>([
    [{ signFor: minutes(0) }, 'policy-invalid', 'policy.signFor.minutes'],
    [{ firstContact: minutes(1.5) }, 'policy-invalid', 'policy.firstContact.minutes'],
    [{ opinion: minutes(150_001) }, 'out-of-range', 'policy.opinion.minutes'],
    [{ callback: days(10_000) }, 'out-of-range', 'policy.callback.days'],
    [{ rectification: { kind: 'calendarWindow', closes: '02-29T17:00' } }, 'season-invalid', 'policy.rectification.closes'],
    [
      { rules: [{ limits: { handling: season }, statutory: days(3) }] },
      'policy-statutory-not-comparable',
      'policy.rules[0].limits.handling.kind',
    ],
    [{ rules: [{ limits: { handling: days(0) } }] }, 'policy-invalid', 'policy.rules[0].limits.handling.days'],
    [{ rules: [{ limits: { handling: { kind: 'soon' } as never } }] }, 'policy-invalid', 'policy.rules[0].limits.handling.kind'],
    [{ rules: [{ limits: { handling: days(1), total: days(367) } }] }, 'out-of-range', 'policy.rules[0].limits.total.days'],
    [{ rules: [{ ...anyone, statutory: days(0) }] }, 'policy-invalid', 'policy.rules[0].statutory.days'],
    [{ handling: [{ limit: days(5) }] }, 'policy-invalid', 'policy.handling'],
    [{ rules: Array.from({ length: 501 }, () => anyone) }, 'list-too-long', 'policy.rules'],
    [{ lights: { ...DEFAULT_POLICY.lights, yellowFraction: 2 } }, 'policy-invalid', 'policy.lights.yellowFraction'],
    [
      { lights: { ...DEFAULT_POLICY.lights, severeAfterWorkingDays: 0 } },
      'policy-invalid',
      'policy.lights.severeAfterWorkingDays',
    ],
    [{ returnWindow: { workingDays: 0 } }, 'policy-invalid', 'policy.returnWindow.workingDays'],
    [{ returnWindow: { workingDays: 367 } }, 'out-of-range', 'policy.returnWindow.workingDays'],
    [{ returnWindow: { workingDays: 2, hardStopWorkingDays: 1 } }, 'policy-invalid', 'policy.returnWindow.hardStopWorkingDays'],
    [{ extension: { ...DEFAULT_POLICY.extension, maxWorkingDays: -1 } }, 'policy-invalid', 'policy.extension.maxWorkingDays'],
    [{ extension: { ...DEFAULT_POLICY.extension, maxWorkingDays: 0 } }, 'out-of-range', 'policy.extension.maxWorkingDays'],
    [{ effectiveFrom: '2026-2-1' }, 'date-invalid', 'policy.effectiveFrom'],
    [{ attentionLine: 70 }, 'policy-invalid', 'policy.attentionLine'],
    [{ attentionLine: Number.NaN }, 'policy-invalid', 'policy.attentionLine'],
    [{ rules: [{ ...anyone, itemCode: '40' }, anyone] }, 'policy-item-unknown', 'policy.rules[0].itemCode'],
  ])('refuses %j as %s', (changes, code, field) => {
    given([first])
      .when(publish(second(changes)), admin)
      .thenRefused(code, { field });
  });

  it.each<[string, PolicyRule[], number, number]>([
    ['one extension', [anyone], 10, 10],
    ['the longest limit', [{ urgency: 'COMPLEX', limits: { handling: days(15) } }, anyone], 5, 15],
  ])('refuses to grant less than %s altogether', (_name, rules, maxWorkingDays, least) => {
    const granting = (totalMaxWorkingDays: number) =>
      second({ rules, extension: { times: 1, maxWorkingDays, totalMaxWorkingDays } });
    given([first])
      .when(publish(granting(least)), admin)
      .then([published(granting(least))]);
    given([first])
      .when(publish(granting(least - 1)), admin)
      .thenRefused('policy-extension-total', { field: 'policy.extension.totalMaxWorkingDays', params: { least } });
  });

  it('that grants no extension asks for no total', () => {
    const changes = { extension: { times: 0, maxWorkingDays: 0, totalMaxWorkingDays: 0 } };
    given([first])
      .when(publish(second(changes)), admin)
      .then([published(second(changes))]);
  });
});

describe('the rules of a policy', () => {
  const rule = (whom: Partial<PolicyRule>): PolicyRule => ({ ...whom, limits: { handling: days(5) } });
  const everyUrgency = (['ENQUIRY', 'NORMAL', 'COMPLEX'] as const).map((urgency) => rule({ urgency }));

  it.each<[string, PolicyRule[], number]>([
    ['a rule twice', [rule({ itemCode: '04' }), rule({ itemCode: '04' }), anyone], 2],
    ['a rule after one for everybody', [anyone, rule({ category: 'P1' })], 2],
    ['a rule after a wider one', [rule({ itemCode: '04' }), rule({ itemCode: '04', category: 'P1' }), anyone], 2],
    ['a rule after others that are wider together', [...everyUrgency, rule({ category: 'M' })], 4],
    ['a last rule for nobody who is left', [...everyUrgency, anyone], 4],
  ])('refuse %s', (_name, rules, dead) => {
    given([first])
      .when(publish(second({ rules })), admin)
      .thenRefused('policy-rule-unreachable', { field: `policy.rules[${dead - 1}]`, params: { rule: dead } });
  });

  it.each<[string, PolicyRule[]]>([
    [
      'narrower before wider',
      [rule({ itemCode: '04', category: 'P1' }), rule({ itemCode: '04' }), rule({ category: 'P1' }), anyone],
    ],
    ['rules that overlap', [rule({ itemCode: '04' }), rule({ category: 'P1' }), rule({ urgency: 'COMPLEX' }), anyone]],
    ['every urgency and no rule for all', everyUrgency],
  ])('take %s', (_name, rules) => {
    given([first])
      .when(publish(second({ rules })), admin)
      .then([published(second({ rules }))]);
  });

  it.each<[string, PolicyRule[], object]>([
    ['nobody', [], { urgency: 'ENQUIRY', category: 'P1' }],
    ['two urgencies of three', everyUrgency.slice(0, 2), { urgency: 'COMPLEX', category: 'P1' }],
    ['one item', [rule({ itemCode: '04' })], { urgency: 'ENQUIRY', category: 'P1' }],
    ['one category', [rule({ category: 'P1' })], { urgency: 'ENQUIRY', category: 'P2' }],
  ])('refuse to speak of %s alone', (_name, rules, params) => {
    given([first])
      .when(publish(second({ rules })), admin)
      .thenRefused('policy-case-uncovered', { field: 'policy.rules', params: params as never });
  });

  it.each<[string, Pick<PolicyRule, 'limits' | 'statutory'>]>([
    ['as long', { limits: { handling: days(20) }, statutory: days(20) }],
    ['shorter', { limits: { handling: days(19), total: days(20) }, statutory: days(20) }],
    ['of minutes', { limits: { handling: minutes(60) }, statutory: minutes(120) }],
    ['of other limits than total and handling', { limits: { handling: days(5), callback: days(30) }, statutory: days(20) }],
  ])('promise %s under the law', (_name, limits) => {
    const rules = [{ itemCode: '04', ...limits }, anyone];
    given([first])
      .when(publish(second({ rules })), admin)
      .then([published(second({ rules }))]);
  });

  it.each<[string, Pick<PolicyRule, 'limits' | 'statutory'>, string, string]>([
    ['a longer limit', { limits: { handling: days(21) }, statutory: days(20) }, 'policy-over-statutory', 'limits.handling'],
    [
      'a longer total',
      { limits: { handling: days(5), total: days(21) }, statutory: days(20) },
      'policy-over-statutory',
      'limits.total',
    ],
    [
      'a longer handling',
      { limits: { handling: days(21), total: days(5) }, statutory: days(20) },
      'policy-over-statutory',
      'limits.handling',
    ],
    ['no limit', { limits: { handling: { kind: 'none' } }, statutory: days(20) }, 'policy-over-statutory', 'limits.handling'],
    [
      'another unit',
      { limits: { handling: minutes(60) }, statutory: days(20) },
      'policy-statutory-not-comparable',
      'limits.handling.kind',
    ],
    [
      'working days for natural days',
      { limits: { handling: days(5) }, statutory: { kind: 'naturalDays', days: 20 } },
      'policy-statutory-not-comparable',
      'limits.handling.kind',
    ],
    [
      'by no law',
      { limits: { handling: days(5) }, statutory: { kind: 'none' } },
      'policy-statutory-not-comparable',
      'statutory.kind',
    ],
  ])('refuse %s where the law sets one', (_name, limits, code, field) => {
    given([first])
      .when(publish(second({ rules: [{ itemCode: '04', ...limits }, anyone] })), admin)
      .thenRefused(code, { field: `policy.rules[0].${field}` });
  });
});
