import { cnLanshanHistory } from '@huicai/working-time';
import type { PolicyRule, PolicyVersion } from '../calendar/contract.js';
import { calendarToPromiseBy, knownVersion, type TimeReference, versionKnownAt } from '../calendar/facts.js';
import { at, command, PLAIN_POLICY, stories, timeUnder, told, who } from './case.fixture.js';
import { caseRules, needsOf } from './case.js';

const days = (n: number) => ({ kind: 'workingDays', days: n }) as const;
const { handling: _, ...numbers } = PLAIN_POLICY;
const rules: readonly PolicyRule[] = [
  {
    itemCode: '03',
    category: 'P1',
    limits: { handling: days(2), total: days(3), signFor: { kind: 'workingTime', minutes: 30 }, firstContact: { kind: 'none' } },
  },
  { limits: { handling: days(5) } },
];
const second: PolicyVersion = { ...numbers, version: 2, effectiveFrom: '2026-10-09', rules };
const time = timeUnder(PLAIN_POLICY, second);

describe('the limits of a case', () => {
  const opened = stories.empty.step('RegisterCase', who.window, '2026-10-09T09:00');
  const clocks = (category: 'P1' | 'P2', itemCode = '03') =>
    (itemCode === '03' ? opened : stories.empty.step(command('RegisterCase', { itemCode }), who.window, '2026-10-09T09:00'))
      .step('AcceptCase', who.window, '2026-10-09T10:00', { category, time })
      .step('DispatchCase', who.window, '2026-10-09T10:10', { category, time })
      .facts.clocks.map(({ clockId, limit, policyVersion }) => [clockId, limit, policyVersion]);
  const ordinary = [
    ['total/1/1', days(5), 2],
    ['signFor/1/1', PLAIN_POLICY.signFor, 2],
    ['firstContact/1/1', PLAIN_POLICY.firstContact, 2],
    ['handling/1/1', days(5), 2],
  ];

  it('are those of its item, urgency and the category of its talent, for each kind of clock', () => {
    expect(clocks('P1')).toEqual([
      ['total/1/1', days(3), 2],
      ['signFor/1/1', { kind: 'workingTime', minutes: 30 }, 2],
      ['firstContact/1/1', { kind: 'none' }, 2],
      ['handling/1/1', days(2), 2],
    ]);
    expect(clocks('P2')).toEqual(ordinary);
    expect(clocks('P1', '04')).toEqual(ordinary);
  });

  it('are decided clock by clock, under the policy of that day and the category of that day', () => {
    const story = stories.empty
      .step('RegisterCase', who.window, '2026-09-30T09:00')
      .step('AcceptCase', who.window, '2026-09-30T10:00', { category: 'P2', time })
      .step('DispatchCase', who.window, '2026-10-09T10:00', { category: 'P1', time })
      .step('WithdrawCase', who.window, '2026-10-09T10:30', { time });
    expect(story.facts.clocks.map(({ clockId, limit, policyVersion }) => [clockId, limit, policyVersion])).toEqual([
      ['total/1/1', days(5), 1],
      ['signFor/1/1', { kind: 'workingTime', minutes: 30 }, 2],
      ['firstContact/1/1', { kind: 'none' }, 2],
      ['handling/1/1', days(2), 2],
    ]);
  });

  it('are decided again when it is opened again', () => {
    const story = stories.rated.step('ReopenCase', who.supervisor, '2026-10-13T10:00', { category: 'P1', time });
    expect(story.clock('total/2/1')).toMatchObject({ limit: days(3), policyVersion: 2 });
    expect(story.clock('total/1/1')).toMatchObject({ limit: days(5), policyVersion: 1 });
  });

  it('ask for the category wherever they are decided', () => {
    const asking = caseRules.map((row) => row.command).filter((step) => needsOf(step).includes('category'));
    expect(asking).toEqual([
      'AcceptCase',
      'DispatchCase',
      'AcceptResult',
      'OpenRectification',
      'ReopenCase',
      'AnswerDirectly',
      'ReassignCase',
      'RequestOpinion',
    ]);
  });
});

describe('the calendar of a promise', () => {
  /** One version for each notice, known since it was announced: that of 2026 since 4 November 2025. */
  const history: TimeReference = {
    calendar: { versions: cnLanshanHistory().map((version) => knownVersion(version, 0)) },
    policy: { versions: [PLAIN_POLICY] },
  };
  const known = (when: string) => calendarToPromiseBy(history.calendar, at(when)).version;
  const accepted = (when: string) =>
    stories.empty.step('RegisterCase', who.window, when).step('AcceptCase', who.window, when, { time: history });

  it('is the version known at that moment, though a later one is recorded', () => {
    const [before, after] = [accepted('2025-10-31T10:00'), accepted('2025-12-24T10:00')];
    expect([known('2025-10-31T10:00'), known('2025-12-24T10:00')]).toEqual([9, 10]);
    expect(before.clock('total/1/1')).toMatchObject({ calendarVersion: 9 });
    expect(after.clock('total/1/1')).toMatchObject({ calendarVersion: 10, provisional: false });
  });

  it('promises by what was known, though a holiday was prolonged while it ran', () => {
    // An office that began in 2019, with the same list and the same limits.
    const list = Object.values(told(who.window, 0).catalogue.versions).map((one) => ({ ...one, effectiveFrom: '2019-01-01' }));
    const catalogue = { tagLists: [], versions: Object.fromEntries(list.map((one) => [one.version, one])) };
    const early = { ...history, policy: { versions: [{ ...PLAIN_POLICY, effectiveFrom: '2019-01-01' }] } };
    const registering = command('RegisterCase', { urgency: 'COMPLEX' });
    const complex = stories.empty.step(registering, who.window, '2020-01-20T10:00', { catalogue });
    const before = complex.step('AcceptCase', who.window, '2020-01-23T10:00', { time: early });
    const after = complex.step('AcceptCase', who.window, '2020-01-28T10:00', { time: early });
    // The holiday was prolonged on 27 January 2020; what had been promised before stays as it was said.
    const versions = [before, after].map((story) => story.clock('total/1/1').calendarVersion);
    expect(versions).toEqual([3, 4]);
    expect(before.due('total/1/1', early)).toBe('2020-02-19T17:00');
    expect(after.due('total/1/1', early)).toBe('2020-02-21T17:00');
  });

  it('is the oldest version where none was known yet', () => {
    const first = history.calendar.versions[0]!;
    const when = '2024-01-02T10:00';
    const later = { ...history, calendar: { versions: [{ ...first, ...history.calendar.versions[8]!, version: 1 }] } };
    const unknown = {
      ...later,
      calendar: { versions: later.calendar.versions.map((v) => ({ ...v, knownSince: at('2025-01-01T00:00') })) },
    };
    expect(versionKnownAt(unknown.calendar, at(when))).toBeUndefined();
    const story = stories.empty.step('RegisterCase', who.window, when).step('AcceptCase', who.window, when, { time: unknown });
    expect(story.clock('total/1/1')).toMatchObject({ calendarVersion: 1 });
  });

  it('decides when the window to return a case closes', () => {
    const dispatched = accepted('2025-12-31T10:00').step('DispatchCase', who.window, '2025-12-31T10:10', { time: history });
    // Friday 2 January 2026 was made a day off and Sunday 4 January a working day by the notice of November.
    expect(dispatched.step('ReturnCase', who.department, '2026-01-04T17:00', { time: history }).facts.returns).toBe(1);
    const silent = { ...history, calendar: { versions: history.calendar.versions.slice(0, 9) } };
    const late = {
      ...history,
      calendar: {
        versions: history.calendar.versions.map((v, i) => (i === 9 ? { ...v, knownSince: at('2026-01-05T00:00') } : v)),
      },
    };
    for (const other of [silent, late])
      expect(() => dispatched.step('ReturnCase', who.department, '2026-01-04T17:00', { time: other })).toThrow(
        'return-window-closed',
      );
  });
});
