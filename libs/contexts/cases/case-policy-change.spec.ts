import type { PolicyEvent, PolicyRule, PolicyVersion } from '../calendar/contract.js';
import { changesKnownAt, foldPolicy, type PolicyFacts, policyChangesOf, type TimeReference } from '../calendar/facts.js';
import { at, command, PLAIN_POLICY, stories, TIME, timeUnder, who } from './case.fixture.js';
import { explanationOf } from './clock-explanation.pages.js';

const days = (n: number) => ({ kind: 'workingDays', days: n }) as const;
const { handling: _, ...numbers } = PLAIN_POLICY;
const version = (n: number, rules: readonly PolicyRule[]): PolicyVersion => ({
  ...numbers,
  version: n,
  effectiveFrom: '2026-10-09',
  lights: { ...numbers.lights, severeAfterWorkingDays: 2 },
  rules,
});
const SHORTER = version(2, [{ category: 'P1', limits: { handling: days(1) } }, { limits: { handling: days(2) } }]);
const LONGER = version(3, [{ limits: { handling: days(8) } }]);
const published = timeUnder(PLAIN_POLICY, SHORTER, LONGER);

const changed = (policy: PolicyFacts, when: string, change: object): PolicyFacts =>
  foldPolicy(
    policy,
    {
      type: 'PolicyChangeApplied',
      data: { changeId: 'change-1', fromDay: null, reason: '提速', approvedBy: 'x', ...change },
    } as PolicyEvent,
    { occurredAt: at(when) },
  );
const under = (change: object, when = '2026-10-13T10:00'): TimeReference => ({
  ...published,
  policy: changed(published.policy, when, change),
});

/** Five working days are promised on Saturday 10 October, which is worked to make up for a holiday: till Friday 16 October. */
const opened = (category: 'P1' | 'P2' = 'P2') =>
  stories.empty
    .step('RegisterCase', who.window, '2026-10-10T09:00')
    .step('AcceptCase', who.window, '2026-10-10T10:00', { category })
    .step('DispatchCase', who.window, '2026-10-10T10:10', { category });
const PROMISED = '2026-10-16T17:00';
const due = (time: TimeReference, story = opened()) => story.due('total/1/1', time);

describe('newer limits for clocks that run', () => {
  it('count from the start, by the category the talent had then', () => {
    expect(due(TIME)).toBe(PROMISED);
    expect(due(published)).toBe(PROMISED);
    expect(due(under({ mode: 'retroactive', to: 2 }))).toBe('2026-10-13T17:00');
    expect(due(under({ mode: 'retroactive', to: 2 }), opened('P1'))).toBe('2026-10-12T17:00');
    expect(due(under({ mode: 'retroactive', to: 3 }))).toBe('2026-10-21T17:00');
    expect(due(under({ mode: 'keep', to: 3 }))).toBe(PROMISED);
  });

  it('make nothing late by themselves when they are for the future', () => {
    const prospective = (fromDay: string, when: string) => due(under({ mode: 'prospective', to: 2, fromDay }, when));
    expect(prospective('2026-10-13', '2026-10-12T10:00')).toBe('2026-10-13T17:00');
    // On Wednesday, Tuesday is over.
    expect(prospective('2026-10-14', '2026-10-12T10:00')).toBe(PROMISED);
    // On Tuesday evening too, though the day is the same.
    expect(prospective('2026-10-13', '2026-10-13T17:01')).toBe(PROMISED);
    expect(due(under({ mode: 'prospective', to: 3, fromDay: '2026-10-30' }, '2026-10-12T10:00'))).toBe(PROMISED);
    expect(due(under({ mode: 'prospective', to: 3, fromDay: '2026-10-20' }, '2026-10-12T10:00'))).toBe('2026-10-21T17:00');
  });

  it('stay as they were decided, whatever is paused or granted later', () => {
    const time = under({ mode: 'prospective', to: 2, fromDay: '2026-10-14' }, '2026-10-12T10:00');
    const paused = opened()
      .step('SignForCase', who.department, '2026-10-10T10:20')
      .step('PauseClock', who.department, '2026-10-10T11:00')
      .step('ResumeClock', who.department, '2026-10-12T09:00');
    expect(policyChangesOf(paused.clock('total/1/1'), time)).toEqual([]);
    expect(due(time, paused)).toBe(paused.due('total/1/1'));
  });

  it('are for no clock that had stopped, that started later, or that was promised nothing', () => {
    const withdrawn = (when: string) => opened().step('WithdrawCase', who.window, when);
    const time = under({ mode: 'retroactive', to: 3 });
    expect(due(time, withdrawn('2026-10-13T10:00'))).toBe(PROMISED);
    expect(due(time, withdrawn('2026-10-13T10:01'))).toBe('2026-10-21T17:00');
    expect(due(under({ mode: 'retroactive', to: 3 }, '2026-10-10T09:59'))).toBe(PROMISED);
    const open = timeUnder(
      { ...PLAIN_POLICY, handling: [{ limit: { kind: 'none' } }] },
      { ...SHORTER, effectiveFrom: '2026-10-12' },
    );
    const limitless = stories.empty
      .step('RegisterCase', who.window, '2026-10-10T09:00')
      .step('AcceptCase', who.window, '2026-10-10T10:00', { time: open });
    const time2 = { ...open, policy: changed(open.policy, '2026-10-13T10:00', { mode: 'retroactive', to: 2 }) };
    expect(due(time2, limitless)).toBeNull();
  });

  it('withdraw a breach that is none any more, and make one of what was in time', () => {
    const breach = (day: string) => command('RecordBreach', { clockId: 'total/1/1', due: new Date(at(day)).toISOString() });
    const late = opened().step(breach(PROMISED), who.system, at(PROMISED) + 60_000);
    expect(late.facts.standingBreaches).toEqual(['total/1/1']);
    const time = under({ mode: 'retroactive', to: 3 }, '2026-10-19T10:00');
    expect(late.step(breach(PROMISED), who.system, '2026-10-19T10:01', { time }).facts.standingBreaches).toEqual([]);
    const shorter = under({ mode: 'retroactive', to: 2 }, '2026-10-14T10:00');
    const early = opened().step(breach('2026-10-13T17:00'), who.system, '2026-10-14T10:01', { time: shorter });
    expect(early.facts.standingBreaches).toEqual(['total/1/1']);
  });

  it('are asked by who wants more time', () => {
    const story = opened().step('SignForCase', who.department, '2026-10-10T10:20');
    const ask = (time: TimeReference) =>
      story.step(command('RequestExtension', { workingDays: 2 }), who.department, '2026-10-19T10:00', { time });
    expect(ask(under({ mode: 'retroactive', to: 3 })).facts.extensionAsked).toMatchObject({ workingDays: 2 });
    expect(() => ask(published)).toThrow('extension-after-due');
  });

  it('are explained as they were known', () => {
    const clock = opened().clock('total/1/1');
    const retroactive = under({ mode: 'retroactive', to: 3 });
    const explain = (time: TimeReference, when: string) => explanationOf(clock, changesKnownAt(time, at(when)), at(when));
    expect(explain(retroactive, '2026-10-13T09:59')).toMatchObject({
      due: '2026-10-16T17:00:00+08:00',
      limit: days(5),
      policy: { version: 1, promisedUnder: 1, changes: [] },
    });
    const after = explain(retroactive, '2026-10-13T10:01');
    expect(after).toMatchObject({
      due: '2026-10-21T17:00:00+08:00',
      promisedDue: '2026-10-16T17:00:00+08:00',
      limit: days(8),
      policy: {
        version: 3,
        promisedUnder: 1,
        promisedLimit: days(5),
        changes: [{ changeId: 'change-1', to: 3, reason: '提速' }],
      },
    });
    const undone = {
      ...retroactive,
      policy: foldPolicy(
        retroactive.policy,
        { type: 'PolicyChangeUndone', data: { changeId: 'change-1', reason: '撤回', approvedBy: 'x' } },
        { occurredAt: at('2026-10-14T10:00') },
      ),
    };
    expect(due(undone)).toBe(PROMISED);
    expect(explain(undone, '2026-10-13T10:01').due).toBe(after.due);
    expect(explain(undone, '2026-10-14T10:01').due).toBe('2026-10-16T17:00:00+08:00');
  });
});
