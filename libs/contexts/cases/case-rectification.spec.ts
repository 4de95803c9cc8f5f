import { specOf } from '../../kernel/spec-dsl.js';
import type { PolicyVersion } from '../calendar/contract.js';
import {
  at,
  command,
  type Person,
  PLAIN_POLICY,
  type Story,
  sealed,
  stories,
  stranger,
  timeUnder,
  told,
  who,
} from './case.fixture.js';
import { caseDecider } from './case.js';
import { isBadlyRated, viewOf } from './facts.js';

const { given } = specOf(caseDecider);
const POLICY: PolicyVersion = { ...PLAIN_POLICY, rectification: { kind: 'workingDays', days: 5 } };
const limited = timeUnder(POLICY);
const more = { time: limited };
const reasoned = { reasonCode: 'OTHER', reason: sealed('reason') };

/** Closed on Monday 12 October 2026 at 15:00, badly rated at 16:00. */
const rated = stories.closed.step(command('RateCase', { satisfaction: 2 }), who.talent, '2026-10-12T16:00');
const opened = rated.step('OpenRectification', who.system, '2026-10-12T16:00', more);
const supervised = opened.step('RaiseSupervision', who.system, '2026-10-12T16:00');
const DUE = '2026-10-19T17:00';
const breach = command('RecordBreach', { clockId: 'rectification/1/1', due: new Date(at(DUE)).toISOString() });
const late = supervised.step(breach, who.system, DUE, more);
const reported = opened.step('SubmitRectification', who.specialist, '2026-10-16T10:00');
const open = (story: Story, cycle = 1) =>
  given(story.past).when(command('OpenRectification', { cycle }), told(who.system, '2026-10-12T16:00', more));

describe('putting right a bad review', () => {
  it('is opened for 1 and 2 of five, and judges who handled the cycle', () => {
    expect(opened.past.at(-1)?.event.data).toMatchObject({
      cycle: 1,
      departmentId: 'ybj',
      clocks: [{ clockId: 'rectification/1/1' }],
    });
    expect(opened.due('rectification/1/1', limited)).toBe(DUE);
    expect(opened.facts.clockDepartments['rectification/1/1']).toBe('ybj');
    for (const satisfaction of [3, 5] as const)
      open(stories.closed.step(command('RateCase', { satisfaction }), who.talent, '2026-10-12T16:00')).then([]);
  });

  it('is opened once, for the cycle that was rated, unless the case is handled again', () => {
    open(opened).then([]);
    open(rated, 2).then([]);
    open(rated.step('ReopenCase', who.supervisor, '2026-10-12T16:00')).then([]);
    open(rated.step('ArchiveCase', who.window, '2026-10-12T16:00')).then([]);
  });

  it('runs no clock where the policy limits nothing, and judges nobody where the window answered itself', () => {
    const unlimited = rated.step('OpenRectification', who.system, '2026-10-12T16:00');
    expect(unlimited.facts.rectifications).toMatchObject([{ clockId: null, departmentId: 'ybj' }]);
    const direct = stories.accepted
      .step('AnswerDirectly', who.window, '2026-09-30T10:20')
      .step(command('RateCase', { satisfaction: 1 }), who.talent, '2026-09-30T11:00')
      .step('OpenRectification', who.system, '2026-09-30T11:00', more)
      .step('SubmitRectification', who.window, '2026-09-30T14:00');
    expect(direct.facts.rectifications).toMatchObject([{ departmentId: null, measure: 'RECTIFIED' }]);
    expect(direct.clock('rectification/1/1').stoppedAt).toBe(at('2026-09-30T14:00'));
  });

  it('is reported on by the department, which stops the clock, and missed like any other', () => {
    const data = { measure: 'EXPLAINED', report: sealed('report') } as const;
    const state = given(opened.past)
      .when(command('SubmitRectification', data), told(who.department, DUE))
      .then([{ type: 'RectificationSubmitted', data: { ...data, cycle: 1 } }]);
    expect(state?.rectifications).toMatchObject([{ submittedAt: at(DUE), measure: 'EXPLAINED' }]);
    expect(state?.clocks.at(-1)?.stoppedAt).toBe(at(DUE));
    given(opened.past)
      .when(breach, told(who.system, DUE, more))
      .then([
        { type: 'BreachRecorded', data: { clockId: 'rectification/1/1', due: '2026-10-19T09:00:00.000Z', departmentId: 'ybj' } },
      ]);
    given(opened.past).when(command('SubmitRectification'), told(stranger.department, DUE)).thenRefused('not-yours');
    given(reported.past).when(command('SubmitRectification'), told(who.specialist, DUE)).thenRefused('illegal-step');
  });

  it('ends when the case is handled again', () => {
    const again = opened.step('ReopenCase', who.supervisor, '2026-10-13T10:00');
    expect(again.clock('rectification/1/1')).toMatchObject({ stoppedAt: at('2026-10-13T10:00'), sealed: true });
    expect(again.facts.rectifications).toMatchObject([{ ended: 'REOPENED' }]);
    expect(reported.step('ReopenCase', who.supervisor, '2026-10-16T11:00').facts.rectifications).toMatchObject([{ ended: null }]);
  });

  it('keeps the case out of the archive until the requester was asked about it', () => {
    const archive = (story: Story) => given(story.past).when(command('ArchiveCase'), told(who.window, '2026-10-20T10:00'));
    archive(opened).thenRefused('illegal-step');
    archive(reported).thenRefused('illegal-step');
    const tried = { reachability: 'UNREACHABLE', resolved: null, satisfaction: null } as const;
    archive(reported.step(command('CallBackRectification', tried), who.window, '2026-10-16T11:00')).then([
      { type: 'CaseArchived', data: {} },
    ]);
  });
});

describe('asking the requester about what was put right', () => {
  const when = '2026-10-16T14:00';
  const ask = (by: Person, data = {}, story = reported) =>
    given(story.past).when(command('CallBackRectification', data), told(by, when));

  it('is done by somebody who did not handle the case', () => {
    ask({ ...who.window, actor: { id: who.specialist.actor.id, role: 'window' } }).thenRefused('handler-may-not-call-back');
    ask(who.department).thenRefused('role-not-allowed');
    ask(who.window, {}, opened).thenRefused('illegal-step');
    ask(who.window, { satisfaction: null }).thenRefused('callback-incomplete', { field: 'satisfaction' });
    ask(who.supervisor).then([
      {
        type: 'RectificationCalledBack',
        data: { cycle: 1, reachability: 'VALID', resolved: true, satisfaction: 4, remark: null },
      },
    ]);
  });

  it('is tried until somebody was reached', () => {
    const tried = { reachability: 'UNREACHABLE', resolved: null, satisfaction: null } as const;
    const twice = reported
      .step(command('CallBackRectification', tried), who.window, when)
      .step('CallBackRectification', who.window, '2026-10-17T10:00');
    expect(twice.facts.rectifications[0]?.callbacks.map(({ reachability }) => reachability)).toEqual(['UNREACHABLE', 'VALID']);
    ask(who.window, {}, twice).thenRefused('illegal-step');
  });

  it('leads to supervision when it was in vain, once', () => {
    const vain = reported.step(command('CallBackRectification', { satisfaction: 1 }), who.window, when);
    const raise = (story: Story) =>
      given(story.past).when(command('RaiseSupervision', { cycle: 1, rectified: true }), told(who.system, when));
    const raised = { cause: 'STILL_DISSATISFIED', cycle: 1, departmentId: 'ybj' } as const;
    raise(vain).then([{ type: 'SupervisionRaised', data: raised }]);
    raise(vain.step(command('RaiseSupervision', { cycle: 1, rectified: true }), who.system, when)).then([]);
    raise(reported).then([]);
    raise(reported.step('CallBackRectification', who.window, when)).then([]);
  });
});

describe('an appeal against a bad review', () => {
  const appealed = late.step('AppealRating', who.department, '2026-10-20T10:00');
  const uphold = (story: Story, by: Person = who.supervisor) =>
    given(story.past).when(command('UpholdAppeal', reasoned), told(by, '2026-10-20T15:00'));

  it('is made once, against a bad review alone, before anything is put right', () => {
    const appeal = (story: Story) => given(story.past).when(command('AppealRating', reasoned), told(who.department, DUE));
    appeal(opened).then([{ type: 'RatingAppealed', data: { ...reasoned, cycle: 1 } }]);
    for (const story of [stories.rated, stories.closed, reported]) appeal(story).thenRefused('illegal-step');
    given(appealed.past).when(command('AppealRating'), told(who.department, '2026-10-20T11:00')).thenRefused('illegal-step');
  });

  it('withdraws, once upheld, what followed from the review: rectification, breach, supervision', () => {
    const state = uphold(appealed).then([
      { type: 'RatingAppealUpheld', data: { ...reasoned, cycle: 1 } },
      { type: 'BreachWithdrawn', data: { clockId: 'rectification/1/1' } },
      { type: 'SupervisionClosed', data: { cycle: 1, cause: 'DISSATISFIED', remark: null, withdrawn: true } },
    ])!;
    expect(state).toMatchObject({ rating: 2, appeal: { upheld: true, decidedAt: at('2026-10-20T15:00') }, standingBreaches: [] });
    expect(isBadlyRated(state)).toBe(false);
    expect(state.rectifications).toMatchObject([{ ended: 'APPEAL_UPHELD' }]);
    const clock = state.clocks.at(-1)!;
    expect(viewOf(clock, limited, at('2026-10-21T10:00'))).toMatchObject({ status: 'STOPPED', overdue: false, onTime: true });
    const story = appealed.step('UpholdAppeal', who.supervisor, '2026-10-20T15:00');
    const later = (type: 'OpenRectification' | 'RaiseSupervision') =>
      given(story.past).when(command(type, { cycle: 1 }), told(who.system, '2026-10-20T15:01', more));
    later('OpenRectification').then([]);
    later('RaiseSupervision').then([]);
    given(story.past)
      .when(breach, told(who.system, '2026-10-21T10:00', more))
      .then([]);
    given(story.past)
      .when(command('ArchiveCase'), told(who.window, '2026-10-21T10:00'))
      .then([{ type: 'CaseArchived', data: {} }]);
  });

  it('leaves what the callback brought, and can be raised again by a later one', () => {
    const unhappy = stories.resultAccepted
      .step(command('RecordCallback', { resolved: false }), who.window, '2026-10-12T14:00')
      .step('RaiseSupervision', who.system, '2026-10-12T14:00')
      .step(command('RateCase', { satisfaction: 1 }), who.talent, '2026-10-12T16:00')
      .step('AppealRating', who.department, '2026-10-12T16:10');
    uphold(unhappy).then([{ type: 'RatingAppealUpheld', data: { ...reasoned, cycle: 1 } }]);
    const early = stories.resultAccepted
      .step(command('RateCase', { satisfaction: 1 }), who.talent, '2026-10-12T12:00')
      .step('RaiseSupervision', who.system, '2026-10-12T12:00')
      .step('AppealRating', who.department, '2026-10-12T13:00')
      .step('UpholdAppeal', who.supervisor, '2026-10-12T14:00')
      .step(command('RecordCallback', { resolved: false }), who.window, '2026-10-12T15:00')
      .step('RaiseSupervision', who.system, '2026-10-12T15:00');
    expect(early.facts.supervisions).toMatchObject([{ withdrawn: true }, { closedAt: null }]);
  });

  it('stops nothing while it waits; dismissed, all of it stands', () => {
    expect(opened.step('AppealRating', who.department, '2026-10-13T10:00').due('rectification/1/1', limited)).toBe(DUE);
    const dismissed = appealed.step('DismissAppeal', who.supervisor, '2026-10-20T15:00');
    expect(dismissed.facts).toMatchObject({ appeal: { upheld: false }, standingBreaches: ['rectification/1/1'] });
    expect(dismissed.step('SubmitRectification', who.department, '2026-10-20T16:00').facts.rectifications).toMatchObject([
      { measure: 'RECTIFIED' },
    ]);
    uphold(dismissed).thenRefused('illegal-step');
  });

  it('is decided by a supervisor who did not handle the case', () => {
    const handler = { ...who.supervisor, actor: { id: who.specialist.actor.id, role: 'supervisor' as const } };
    uphold(appealed, handler).thenRefused('handler-may-not-judge-appeal');
    uphold(appealed, who.window).thenRefused('role-not-allowed');
    given(appealed.past)
      .when(command('DismissAppeal'), told(handler, '2026-10-20T15:00'))
      .thenRefused('handler-may-not-judge-appeal');
  });
});

describe('the rating window', () => {
  const rate = (when: string, workingDays?: number) =>
    given(stories.closed.past).when(
      command('RateCase'),
      told(who.talent, when, {
        time: timeUnder(workingDays === undefined ? PLAIN_POLICY : { ...POLICY, ratingWindow: { workingDays } }),
      }),
    );

  it('is data of the policy, five working days where it does not say', () => {
    const taken = [{ type: 'CaseRated', data: { satisfaction: 5, comment: null } }] as const;
    rate('2026-10-19T17:00').then([...taken]);
    rate('2026-10-19T17:01').thenRefused('rating-window-closed');
    rate('2026-10-13T17:00', 1).then([...taken]);
    rate('2026-10-13T17:01', 1).thenRefused('rating-window-closed');
    rate('2026-10-26T17:00', 10).then([...taken]);
  });

  it('is closed to whoever handled the case', () => {
    given(stories.closed.past)
      .when(
        command('RateCase'),
        told({ ...who.talent, actor: { id: who.specialist.actor.id, role: 'talent' } }, '2026-10-12T16:00'),
      )
      .thenRefused('handler-may-not-rate');
  });
});
