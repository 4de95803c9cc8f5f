import { refusalOf } from '../../kernel/spec-dsl.js';
import { at, command, local, STRICT_POLICY, sealed, stories, timeUnder, who } from './case.fixture.js';

const strict = { time: timeUnder(STRICT_POLICY) };
const thirdParty = command('PauseClock', { reasonCode: 'THIRD_PARTY', reason: sealed('why'), maxWorkingDays: 2 });
const asked = stories.contacted.step(thirdParty, who.specialist, '2026-10-08T10:00', strict);

describe('a pause somebody has to agree to', () => {
  it('stops nothing before, and counts from the moment it is agreed to', () => {
    expect(asked.past.at(-1)!.event).toEqual({ type: 'PauseRequested', data: thirdParty.data });
    expect([asked.facts.pausedSince, asked.facts.pauseAsked]).toMatchObject([null, { reasonCode: 'THIRD_PARTY' }]);
    const paused = asked.step('ApprovePause', who.supervisor, '2026-10-09T10:00', strict);
    expect(paused.past.at(-1)!.event).toEqual({
      type: 'ClockPaused',
      data: {
        reasonCode: 'THIRD_PARTY',
        reason: sealed('why'),
        clockIds: ['total/1/1', 'handling/1/1'],
        endsAt: new Date(at('2026-10-12T17:00')).toISOString(),
        approvedBy: 'user-supervisor',
        requestedAt: new Date(at('2026-10-08T10:00')).toISOString(),
      },
    });
    expect([local(paused.facts.pausedSince), paused.facts.pauseAsked]).toEqual(['2026-10-09T10:00', null]);
  });

  it('is agreed to by the department as well where a specialist asked, but by nobody of those who asked', () => {
    expect(asked.step('ApprovePause', who.department, '2026-10-09T10:00', strict).facts.pausedSince).not.toBeNull();
    const own = stories.taken.step(thirdParty, who.department, '2026-10-08T10:00', strict);
    expect(refusalOf(() => own.step('ApprovePause', who.department, '2026-10-09T10:00', strict)).code).toBe(
      'asker-may-not-approve',
    );
    expect(refusalOf(() => own.step('RefusePause', who.department, '2026-10-09T10:00', strict)).code).toBe(
      'asker-may-not-approve',
    );
  });

  it('is asked for once at a time, can be refused, and falls away when the case leaves the desk', () => {
    expect(refusalOf(() => asked.step(thirdParty, who.specialist, '2026-10-08T11:00', strict)).code).toBe('pause-asked-already');
    expect(asked.step('RefusePause', who.supervisor, '2026-10-08T11:00').facts.pauseAsked).toBeNull();
    expect(asked.step('SubmitResult', who.department, '2026-10-08T11:00').facts.pauseAsked).toBeNull();
  });

  it('needs nobody for other reasons', () => {
    const other = command('PauseClock', { reasonCode: 'AWAITING_MATERIALS' });
    expect(stories.taken.step(other, who.specialist, '2026-10-08T10:00', strict).facts.pausedSince).not.toBeNull();
  });
});

describe('a result the department has to agree to', () => {
  const proposed = stories.contacted.step('SubmitResult', who.specialist, '2026-10-12T10:00', strict);

  it('stops nothing before it is agreed to, and says by whom', () => {
    expect([proposed.facts.status, proposed.facts.submittedAt, proposed.facts.proposal?.outcome]).toEqual([
      'SIGNED_FOR',
      null,
      'SOLVED',
    ]);
    const agreed = proposed.step('ApproveResult', who.department, '2026-10-12T11:00');
    expect(agreed.past.at(-1)!.event).toMatchObject({
      type: 'ResultSubmitted',
      data: { outcome: 'SOLVED', approvedBy: 'user-department' },
    });
    expect([local(agreed.facts.submittedAt), agreed.facts.proposal]).toEqual(['2026-10-12T11:00', null]);
    expect(agreed.facts.handlers).toEqual(['user-specialist', 'user-department']);
  });

  it('goes back to the specialist', () => {
    expect(proposed.step('SendBackProposal', who.department, '2026-10-12T11:00').facts.proposal).toBeNull();
  });

  it('is the department’s own at once', () => {
    expect(stories.contacted.step('SubmitResult', who.department, '2026-10-12T10:00', strict).facts.status).toBe('SUBMITTED');
  });
});

describe('acceptance with materials to come (容缺受理)', () => {
  const deferred = { materials: sealed('materials'), until: '2026-10-12' };
  const accepted = stories.registered.step(command('AcceptCase', { deferred }), who.window, '2026-09-30T10:00');
  const handled = accepted
    .step('DispatchCase', who.window, '2026-09-30T10:10')
    .step('SignForCase', who.department, '2026-09-30T10:20');

  it('starts the promise, and keeps what is missing and until when', () => {
    expect(accepted.due('total/1/1')).toBe(stories.accepted.due('total/1/1'));
    expect(accepted.facts.deferred).toEqual({ until: '2026-10-12', at: at('2026-09-30T10:00'), receivedAt: null });
  });

  it('is not answered as solved before they have come', () => {
    const solve = () => handled.step('SubmitResult', who.department, '2026-10-09T10:00');
    expect(refusalOf(solve)).toMatchObject({
      code: 'deferred-materials-outstanding',
      details: { params: { until: '2026-10-12' } },
    });
    const other = command('SubmitResult', { outcome: 'UNSOLVABLE' });
    expect(handled.step(other, who.department, '2026-10-09T10:00').facts.status).toBe('SUBMITTED');
  });

  it.each([
    ['2026-10-12T16:00', false],
    ['2026-10-13T09:00', true],
  ])('takes them on %s, late: %s', (when, late) => {
    const story = handled.step('ReceiveDeferredMaterials', who.window, when);
    expect(story.past.at(-1)!.event).toEqual({ type: 'DeferredMaterialsReceived', data: { received: null, late } });
    expect(story.step('SubmitResult', who.department, '2026-10-13T10:00').facts.status).toBe('SUBMITTED');
  });

  it('names a day that is still to come', () => {
    const today = command('AcceptCase', { deferred: { ...deferred, until: '2026-09-30' } });
    expect(refusalOf(() => stories.registered.step(today, who.window, '2026-09-30T10:00'))).toMatchObject({
      code: 'until-not-later',
      details: { field: 'deferred.until' },
    });
  });
});
