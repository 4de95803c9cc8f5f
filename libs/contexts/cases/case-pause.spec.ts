import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, PLAIN_POLICY, sealed, stories, stranger, TIME, timeUnder, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';
import { dueOf, thresholdsOf, viewOf } from './clocks.js';

const { given } = specOf(caseDecider);
const reasoned = { reasonCode: 'AWAITING_THIRD_PARTY', reason: sealed('why') };

describe('pausing the clocks', () => {
  it('holds every clock that runs, with the reason', () => {
    const state = given(stories.contacted.past)
      .when(command('PauseClock', reasoned), told(who.specialist, '2026-10-08T10:00'))
      .then([{ type: 'ClockPaused', data: { ...reasoned, clockIds: ['total/1/1', 'handling/1/1'] } }]);
    expect(state).toMatchObject({
      status: 'SIGNED_FOR',
      pausedSince: at('2026-10-08T10:00'),
      pauseReasonCode: 'AWAITING_THIRD_PARTY',
      pausedClockIds: ['total/1/1', 'handling/1/1'],
    });
  });

  it('shows no due while paused, and the due if resumed now', () => {
    const total = stories.paused.clock('total/1/1');
    expect(dueOf(total, TIME)).toBeNull();
    expect(thresholdsOf(total, TIME)).toEqual({ yellowAt: null, redAt: null, severeAt: null });
    expect(viewOf(total, TIME, at('2026-10-10T15:00'))).toMatchObject({
      status: 'PAUSED',
      dueIfResumedNow: at('2026-10-15T17:00'),
    });
  });

  it('moves the due by the whole working days inside it', () => {
    // 8 October 10:00 to Saturday 10 October 15:00: 6/7 + 1 + 5/7 working days, so two.
    const story = stories.paused.step('ResumeClock', who.specialist, '2026-10-10T15:00');
    expect(story.facts).toMatchObject({ pausedSince: null, pauseReasonCode: null, pausedClockIds: [] });
    expect(story.due('total/1/1')).toBe('2026-10-15T17:00');
    expect(story.due('handling/1/1')).toBe('2026-10-15T17:00');
  });

  it('moves the due not at all for less than a working day', () => {
    const story = stories.paused.step('ResumeClock', who.department, '2026-10-08T16:59');
    expect(story.due('total/1/1')).toBe('2026-10-13T17:00');
  });

  it('adds minutes to a clock that counts minutes', () => {
    const story = stories.taken
      .step('PauseClock', who.specialist, '2026-09-30T11:00')
      .step('ResumeClock', who.specialist, '2026-09-30T14:00');
    expect(story.facts.clocks.map((clock) => clock.pauses.length)).toEqual([1, 0, 1, 1]);
    // First contact: 2 hours from 10:10; the pause took 11:00–12:00 and 13:00–14:00.
    expect(story.due('firstContact/1/1')).toBe('2026-09-30T15:10');
  });

  it('lets a contact made while paused stand', () => {
    const story = stories.taken
      .step('PauseClock', who.specialist, '2026-09-30T11:00')
      .step('ContactRequester', who.specialist, '2026-09-30T11:30')
      .step('ResumeClock', who.specialist, '2026-09-30T14:00');
    expect(story.clock('firstContact/1/1')).toMatchObject({ stoppedAt: at('2026-09-30T11:30') });
  });

  it('is refused twice over, before signing, and to others', () => {
    given(stories.paused.past)
      .when(command('PauseClock'), told(who.specialist, '2026-10-08T11:00'))
      .thenRefused('illegal-step', {
        extra: {
          status: 'SIGNED_FOR',
          possible: expect.arrayContaining([
            'ContactRequester',
            'ResumeClock',
            'ReplyInPause',
            'RequestExtension',
            'WithdrawCase',
            'RemindCase',
            'TagCase',
            'AddNote',
            'SendMessage',
            'SuperviseCase',
          ]),
        },
      });
    given(stories.dispatched.past)
      .when(command('PauseClock'), told(who.department, '2026-09-30T10:20'))
      .thenRefused('illegal-step');
    given(stories.contacted.past)
      .when(command('PauseClock'), told(stranger.colleague, '2026-10-08T10:00'))
      .thenRefused('not-yours');
    given(stories.contacted.past)
      .when(command('PauseClock'), told(who.supervisor, '2026-10-08T10:00'))
      .thenRefused('role-not-allowed');
  });

  it('must end before a result is submitted', () => {
    given(stories.paused.past)
      .when(command('SubmitResult'), told(who.specialist, '2026-10-08T11:00'))
      .thenRefused('illegal-step');
  });

  it('is refused to end when there is none', () => {
    given(stories.contacted.past)
      .when(command('ResumeClock'), told(who.specialist, '2026-10-08T11:00'))
      .thenRefused('illegal-step');
  });

  it('leaves no pause of one cycle in the next department’s clocks', () => {
    const story = stories.signedFor
      .step('PauseClock', who.department, '2026-09-30T11:00')
      .step('ResumeClock', who.department, '2026-10-08T09:00')
      .step('ReturnCase', who.department, '2026-10-08T10:00')
      .step('DispatchCase', who.window, '2026-10-08T11:00');
    expect(story.clock('handling/1/2').pauses).toEqual([]);
  });
});

describe('an extension', () => {
  const asked = { ...reasoned, workingDays: 5 };

  it('is asked with a reason and stops nothing while it is pending', () => {
    const state = given(stories.contacted.past)
      .when(command('RequestExtension', asked), told(who.specialist, '2026-10-09T10:00'))
      .then([{ type: 'ExtensionRequested', data: asked }]);
    expect(state?.extensionAsked).toMatchObject({ workingDays: 5, at: at('2026-10-09T10:00') });
    expect(stories.extensionAsked.due('handling/1/1')).toBe('2026-10-13T17:00');
  });

  it('granted, adds working days to the promise and to the department’s clock', () => {
    const state = given(stories.extensionAsked.past)
      .when(command('GrantExtension'), told(who.supervisor, '2026-10-12T10:00'))
      .then([{ type: 'ExtensionGranted', data: { workingDays: 5, clockIds: ['total/1/1', 'handling/1/1'] } }]);
    expect(state).toMatchObject({ extensionAsked: null, extensionsGranted: 1 });
    const story = stories.extensionAsked.step('GrantExtension', who.supervisor, '2026-10-12T10:00');
    expect([story.due('total/1/1'), story.due('handling/1/1')]).toEqual(['2026-10-20T17:00', '2026-10-20T17:00']);
  });

  it('refused, changes no due and may be asked again', () => {
    const story = stories.extensionAsked.step('RefuseExtension', who.supervisor, '2026-10-09T11:00');
    expect(story.facts).toMatchObject({ extensionAsked: null, extensionsGranted: 0 });
    expect(story.due('total/1/1')).toBe('2026-10-13T17:00');
    expect(story.step('RequestExtension', who.specialist, '2026-10-09T12:00').facts.extensionAsked).not.toBeNull();
  });

  it('is asked one at a time, and granted once in a cycle', () => {
    given(stories.extensionAsked.past)
      .when(command('RequestExtension'), told(who.specialist, '2026-10-09T11:00'))
      .thenRefused('illegal-step');
    const granted = stories.extensionAsked.step('GrantExtension', who.supervisor, '2026-10-09T11:00');
    given(granted.past)
      .when(command('RequestExtension'), told(who.specialist, '2026-10-09T12:00'))
      .thenRefused('extension-used-up', { params: { times: 1 } });
  });

  it('can be asked again after the case was opened again', () => {
    const story = stories.extensionAsked
      .step('GrantExtension', who.supervisor, '2026-10-09T11:00')
      .step('SubmitResult', who.specialist, '2026-10-09T12:00')
      .step('AcceptResult', who.window, '2026-10-09T13:00')
      .step('ReopenCase', who.supervisor, '2026-10-09T14:00')
      .step('DispatchCase', who.window, '2026-10-09T14:10')
      .step('SignForCase', who.department, '2026-10-09T14:20')
      .step('RequestExtension', who.department, '2026-10-09T14:30')
      .step('GrantExtension', who.supervisor, '2026-10-09T14:40');
    expect(story.facts.clocks.filter((clock) => clock.addedWorkingDays > 0).map((clock) => clock.clockId)).toEqual([
      'total/1/1',
      'handling/1/1',
      'total/2/1',
      'handling/2/1',
    ]);
  });

  it('may be as long as the policy allows, no longer', () => {
    expect(
      stories.contacted.step(command('RequestExtension', { workingDays: 10 }), who.specialist, '2026-10-09T10:00').facts
        .extensionAsked?.workingDays,
    ).toBe(10);
    given(stories.contacted.past)
      .when(command('RequestExtension', { workingDays: 11 }), told(who.specialist, '2026-10-09T10:00'))
      .thenRefused('extension-too-long', { field: 'workingDays', params: { max: 10 } });
  });

  it.each([0, -1, 1.5, Number.NaN])('of %d working days is no extension', (workingDays) => {
    given(stories.contacted.past)
      .when(command('RequestExtension', { workingDays }), told(who.specialist, '2026-10-09T10:00'))
      .thenRefused('extension-too-short', { field: 'workingDays', params: { min: 1 } });
  });

  it('keeps the whole within the most that may be granted', () => {
    const wide = timeUnder({ ...PLAIN_POLICY, extension: { times: 1, maxWorkingDays: 26, totalMaxWorkingDays: 30 } });
    given(stories.contacted.past)
      .when(command('RequestExtension', { workingDays: 26 }), told(who.specialist, '2026-10-09T10:00', { time: wide }))
      .thenRefused('extension-over-total', { field: 'workingDays', params: { max: 30 } });
    given(stories.contacted.past)
      .when(command('RequestExtension', { ...asked, workingDays: 25 }), told(who.specialist, '2026-10-09T10:00', { time: wide }))
      .then([{ type: 'ExtensionRequested', data: { ...asked, workingDays: 25 } }]);
  });

  it('counts what was granted before towards the whole', () => {
    const twice = {
      time: timeUnder({ ...PLAIN_POLICY, extension: { times: 2, maxWorkingDays: 20, totalMaxWorkingDays: 30 } }),
    };
    const once = stories.contacted
      .step(command('RequestExtension', { workingDays: 20 }), who.specialist, '2026-10-09T10:00', twice)
      .step('GrantExtension', who.supervisor, '2026-10-09T11:00', twice);
    given(once.past)
      .when(command('RequestExtension', { ...asked, workingDays: 5 }), told(who.specialist, '2026-10-09T12:00', twice))
      .then([{ type: 'ExtensionRequested', data: { ...asked, workingDays: 5 } }]);
    given(once.past)
      .when(command('RequestExtension', { workingDays: 6 }), told(who.specialist, '2026-10-09T12:00', twice))
      .thenRefused('extension-over-total', { field: 'workingDays', params: { max: 30 } });
  });

  it('is asked before due: at the due itself it still is, a millisecond later it is not', () => {
    const due = at('2026-10-13T17:00');
    expect(stories.contacted.step('RequestExtension', who.specialist, due).facts.extensionAsked).not.toBeNull();
    given(stories.contacted.past)
      .when(command('RequestExtension'), told(who.specialist, due + 1))
      .thenRefused('extension-after-due', { params: { due: new Date(due).toISOString() } });
  });

  it('granted after the due withdraws the breaches recorded meanwhile', () => {
    const due = at('2026-10-13T17:00');
    const breach = (clockId: string) => command('RecordBreach', { clockId, due: new Date(due).toISOString() });
    const late = stories.extensionAsked.step(breach('total/1/1'), who.system, due).step(breach('handling/1/1'), who.system, due);
    expect(late.facts.standingBreaches).toEqual(['total/1/1', 'handling/1/1']);
    const state = given(late.past)
      .when(command('GrantExtension'), told(who.supervisor, '2026-10-14T10:00'))
      .then([
        { type: 'ExtensionGranted', data: { workingDays: 5, clockIds: ['total/1/1', 'handling/1/1'] } },
        { type: 'BreachWithdrawn', data: { clockId: 'total/1/1' } },
        { type: 'BreachWithdrawn', data: { clockId: 'handling/1/1' } },
      ]);
    expect(state?.standingBreaches).toEqual([]);
    expect(state?.clocks.map((clock) => clock.withdrawnBreaches)).toEqual([1, 0, 0, 1]);
  });

  it('is no grace for a promise that was late before it was asked for, whichever department asks', () => {
    const again = stories.contacted
      .step(
        command('RecordBreach', { clockId: 'total/1/1', due: new Date(at('2026-10-13T17:00')).toISOString() }),
        who.system,
        at('2026-10-13T17:00'),
      )
      .step(command('ReassignCase', { departmentId: 'jtj' }), who.window, '2026-10-14T09:00')
      .step('SignForCase', stranger.department, '2026-10-14T09:10')
      .step('RequestExtension', stranger.department, '2026-10-14T09:20');
    const state = given(again.past)
      .when(command('GrantExtension'), told(who.supervisor, '2026-10-14T10:00'))
      .then([{ type: 'ExtensionGranted', data: { workingDays: 5, clockIds: ['handling/1/2'] } }]);
    expect(state?.standingBreaches).toEqual(['total/1/1']);
  });

  it('has nothing to extend on a clock that promises nothing', () => {
    const open = { time: timeUnder({ ...PLAIN_POLICY, handling: [] }) };
    const story = stories.registered
      .step('AcceptCase', who.window, '2026-09-30T10:00', open)
      .step('DispatchCase', who.window, '2026-09-30T10:10', open)
      .step('SignForCase', who.department, '2026-09-30T10:30', open);
    expect(story.due('total/1/1', open.time)).toBeNull();
    given(story.past)
      .when(command('RequestExtension'), told(who.department, '2026-10-09T10:00', open))
      .thenRefused('extension-without-limit');
  });

  it('is decided by a supervisor, and only when asked', () => {
    given(stories.extensionAsked.past)
      .when(command('GrantExtension'), told(who.department, '2026-10-09T11:00'))
      .thenRefused('role-not-allowed');
    for (const decision of ['GrantExtension', 'RefuseExtension'] as const)
      given(stories.contacted.past).when(command(decision), told(who.supervisor, '2026-10-09T11:00')).thenRefused('illegal-step');
  });

  it('falls away when the case is returned or the result submitted', () => {
    const early = stories.signedFor.step('RequestExtension', who.department, '2026-09-30T11:00');
    expect(early.step('ReturnCase', who.department, '2026-09-30T11:10').facts.extensionAsked).toBeNull();
    expect(early.step('SubmitResult', who.department, '2026-09-30T11:10').facts.extensionAsked).toBeNull();
  });
});

describe('a pause that ends by itself', () => {
  const ended = (data: object, when = '2026-10-08T10:00') =>
    stories.contacted.step(command('PauseClock', data), who.specialist, when).facts.pauseEndsAt;
  const iso = (instant: number) => new Date(instant).toISOString();
  const end = (endsAt: number) => command('EndPause', { endsAt: iso(endsAt) });

  it('does so as a day begins, at the close of its last working day, or at the earlier of the two', () => {
    expect(ended({ resumeOn: '2026-10-12' })).toBe(at('2026-10-12T00:00'));
    // Saturday 10 October is a working day.
    expect(ended({ maxWorkingDays: 2 })).toBe(at('2026-10-10T17:00'));
    expect(ended({ resumeOn: '2026-10-12', maxWorkingDays: 2 })).toBe(at('2026-10-10T17:00'));
    expect(ended({ resumeOn: '2026-10-09', maxWorkingDays: 2 })).toBe(at('2026-10-09T00:00'));
    expect(ended({})).toBeNull();
  });

  it.each(['2026-10-08', '2026-10-01'])('is refused from %s on, which has begun', (resumeOn) => {
    given(stories.contacted.past)
      .when(command('PauseClock', { resumeOn }), told(who.specialist, '2026-10-08T10:00'))
      .thenRefused('resume-not-later', { field: 'resumeOn', params: { today: '2026-10-08' } });
  });

  const limited = stories.contacted.step(command('PauseClock', { maxWorkingDays: 2 }), who.specialist, '2026-10-08T10:00');
  const LAST = at('2026-10-10T17:00');

  it('goes on at that instant, as if somebody had resumed it then', () => {
    given(limited.past)
      .when(end(LAST), told(who.system, LAST))
      .then([{ type: 'ClockResumed', data: { clockIds: ['total/1/1', 'handling/1/1'] } }]);
    const [byItself, byHand] = [limited.step(end(LAST), who.system, LAST), limited.step('ResumeClock', who.specialist, LAST)];
    expect(byItself.due('total/1/1')).toBe(byHand.due('total/1/1'));
    expect(byItself.facts).toMatchObject({ pausedSince: null, pauseEndsAt: null, pausedClockIds: [] });
  });

  it('is left alone before then, when it has ended, when it is another one, and when nothing was said', () => {
    const resumed = limited.step('ResumeClock', who.specialist, '2026-10-09T10:00');
    const again = resumed.step(command('PauseClock', { maxWorkingDays: 5 }), who.specialist, '2026-10-09T11:00');
    given(limited.past)
      .when(end(LAST), told(who.system, LAST - 1))
      .then([]);
    for (const story of [resumed, again, stories.paused, limited.step('WithdrawCase', who.talent, '2026-10-09T10:00')])
      given(story.past).when(end(LAST), told(who.system, LAST)).then([]);
  });

  it('is the system’s to end', () => {
    given(limited.past).when(end(LAST), told(who.specialist, LAST)).thenRefused('role-not-allowed');
  });
});

describe('an answer of the requester inside a pause', () => {
  const reply = command('ReplyInPause', { reply: sealed('here it is') });
  const replied = stories.paused.step(reply, who.talent, '2026-10-09T09:00');

  it('is recorded and shown, and resumes nothing', () => {
    const state = given(stories.paused.past)
      .when(reply, told(who.talent, '2026-10-09T09:00'))
      .then([{ type: 'RequesterReplied', data: { reply: sealed('here it is') } }]);
    expect(state).toMatchObject({ pausedSince: at('2026-10-08T10:00'), repliedAt: at('2026-10-09T09:00') });
    expect(dueOf(replied.clock('total/1/1'), TIME)).toBeNull();
  });

  it('is told by the first of several, and forgotten with the pause', () => {
    const twice = replied.step(reply, who.window, '2026-10-09T15:00');
    expect(twice.facts.repliedAt).toBe(at('2026-10-09T09:00'));
    const resumed = twice.step('ResumeClock', who.specialist, '2026-10-10T09:00');
    expect(resumed.facts.repliedAt).toBeNull();
    expect(resumed.step('PauseClock', who.specialist, '2026-10-10T10:00').facts.repliedAt).toBeNull();
  });

  it('is also whatever message they send meanwhile', () => {
    const wrote = stories.paused.step('SendMessage', who.talent, '2026-10-09T09:00');
    expect(wrote.facts.repliedAt).toBe(at('2026-10-09T09:00'));
    expect(stories.paused.step('SendMessage', who.window, '2026-10-09T09:00').facts.repliedAt).toBeNull();
    expect(stories.contacted.step('SendMessage', who.talent, '2026-10-09T09:00').facts.repliedAt).toBeNull();
  });

  it('is the requester’s own, and there is none without a pause', () => {
    given(stories.paused.past).when(reply, told(stranger.talent, '2026-10-09T09:00')).thenRefused('not-yours');
    given(stories.contacted.past).when(reply, told(who.talent, '2026-10-09T09:00')).thenRefused('illegal-step');
  });
});
