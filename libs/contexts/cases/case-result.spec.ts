import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, sealed, stories, stranger, TIME, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';
import { viewOf } from './clocks.js';

const { given } = specOf(caseDecider);
const reasoned = { reasonCode: 'INCOMPLETE', reason: sealed('why') };

describe('submitting a result', () => {
  it.each(['SOLVED', 'ANSWERED', 'REFERRED', 'UNSOLVABLE'] as const)('as %s stops every clock', (outcome) => {
    const data = { outcome, reply: sealed('reply') };
    const state = given(stories.taken.past)
      .when(command('SubmitResult', data), told(who.specialist, '2026-10-12T10:00'))
      .then([{ type: 'ResultSubmitted', data }]);
    expect(state).toMatchObject({ status: 'SUBMITTED', outcome, submittedAt: at('2026-10-12T10:00') });
    expect(state?.clocks.map((clock) => clock.stoppedAt)).toEqual([
      at('2026-10-12T10:00'),
      at('2026-09-30T10:30'),
      at('2026-10-12T10:00'),
      at('2026-10-12T10:00'),
    ]);
  });

  it('makes whoever submits a handler', () => {
    const story = stories.contacted.step('SubmitResult', who.department, '2026-10-12T10:00');
    expect(story.facts.handlers).toEqual(['user-specialist', 'user-department']);
  });

  it('is for those who handle the case', () => {
    given(stories.contacted.past)
      .when(command('SubmitResult'), told(stranger.colleague, '2026-10-12T10:00'))
      .thenRefused('not-yours');
    given(stories.contacted.past)
      .when(command('SubmitResult'), told(who.window, '2026-10-12T10:00'))
      .thenRefused('role-not-allowed');
    given(stories.dispatched.past)
      .when(command('SubmitResult'), told(who.department, '2026-09-30T10:20'))
      .thenRefused('illegal-step');
  });
});

describe('reviewing a result', () => {
  it('accepts it', () => {
    const state = given(stories.submitted.past)
      .when(command('AcceptResult'), told(who.window, '2026-10-12T11:00'))
      .then([{ type: 'ResultAccepted', data: {} }]);
    expect(state).toMatchObject({ status: 'RESULT_ACCEPTED', submittedAt: at('2026-10-12T10:00') });
  });

  it('sends it back: the department’s clock goes on less the review, the talent’s as if it had never stopped', () => {
    const state = given(stories.submitted.past)
      .when(command('SendBackResult', reasoned), told(who.window, '2026-10-13T10:00'))
      .then([{ type: 'ResultSentBack', data: reasoned }]);
    expect(state).toMatchObject({ status: 'SIGNED_FOR', submittedAt: null, outcome: null, specialistId: 'specialist-1' });
    const story = stories.submitted.step('SendBackResult', who.window, '2026-10-13T10:00');
    expect(story.clock('handling/1/1')).toMatchObject({
      stoppedAt: null,
      pauses: [{ from: at('2026-10-12T10:00'), to: at('2026-10-13T10:00') }],
    });
    expect(story.clock('total/1/1')).toMatchObject({ stoppedAt: null, pauses: [] });
    // 12 October 10:00 to 13 October 10:00 is 6/7 + 1/7: one whole working day.
    expect([story.due('handling/1/1'), story.due('total/1/1')]).toEqual(['2026-10-14T17:00', '2026-10-13T17:00']);
    expect(viewOf(story.clock('total/1/1'), TIME, at('2026-10-14T09:00'))).toMatchObject({ status: 'RUNNING', overdue: true });
    expect(viewOf(story.clock('handling/1/1'), TIME, at('2026-10-14T09:00'))).toMatchObject({
      status: 'RUNNING',
      overdue: false,
    });
  });

  it('leaves the first contact and the signing as they were', () => {
    const story = stories.submitted.step('SendBackResult', who.window, '2026-10-13T10:00');
    expect(story.clock('signFor/1/1').stoppedAt).toBe(at('2026-09-30T10:30'));
    expect(story.clock('firstContact/1/1').stoppedAt).toBe(at('2026-09-30T11:00'));
  });

  it('can send it back more than once, each review a pause of its own', () => {
    const story = stories.submitted
      .step('SendBackResult', who.window, '2026-10-12T11:00')
      .step('SubmitResult', who.specialist, '2026-10-12T14:00')
      .step('SendBackResult', who.window, '2026-10-13T10:00');
    expect(story.clock('handling/1/1').pauses).toHaveLength(2);
    expect(story.clock('total/1/1').pauses).toEqual([]);
  });

  it('judges the promise to the talent by the last submission', () => {
    const story = stories.submitted
      .step('SendBackResult', who.window, '2026-10-13T10:00')
      .step('SubmitResult', who.specialist, '2026-10-14T16:00');
    const now = at('2026-10-14T16:00');
    expect(viewOf(story.clock('total/1/1'), TIME, now)).toMatchObject({ status: 'STOPPED', onTime: false });
    expect(viewOf(story.clock('handling/1/1'), TIME, now)).toMatchObject({ status: 'STOPPED', onTime: true });
  });

  it('is for the window, while a result is there', () => {
    for (const step of ['AcceptResult', 'SendBackResult'] as const) {
      given(stories.submitted.past).when(command(step), told(who.supervisor, '2026-10-12T11:00')).thenRefused('role-not-allowed');
      given(stories.contacted.past)
        .when(command(step), told(who.window, '2026-10-12T11:00'))
        .thenRefused('illegal-step', { params: { status: 'SIGNED_FOR' } });
    }
  });
});

describe('opening a case again', () => {
  it('seals the first cycle as it was judged and promises anew', () => {
    const state = given(stories.rated.past)
      .when(command('ReopenCase', reasoned), told(who.supervisor, '2026-10-13T10:00'))
      .then([
        {
          type: 'CaseReopened',
          data: {
            ...reasoned,
            cycle: 2,
            clocks: [
              expect.objectContaining({
                clockId: 'total/2/1',
                limit: { kind: 'workingDays', days: 5 },
                promisedDue: new Date(at('2026-10-20T17:00')).toISOString(),
              }),
            ],
          },
        },
      ]);
    expect(state).toMatchObject({
      status: 'ACCEPTED',
      cycle: 2,
      acceptedAt: at('2026-10-13T10:00'),
      registeredAt: at('2026-09-30T09:30'),
      departmentId: null,
      specialistId: null,
      dispatchedAt: null,
      submittedAt: null,
      outcome: null,
      callbacks: [],
      rating: null,
      closedAt: null,
    });
    expect(state?.sealedCycles).toEqual([
      {
        cycle: 1,
        acceptedAt: at('2026-09-30T10:00'),
        appeal: null,
        departmentId: 'ybj',
        contactedAt: at('2026-09-30T11:00'),
        submittedAt: at('2026-10-12T10:00'),
        outcome: 'SOLVED',
        callbacks: [{ at: at('2026-10-12T14:00'), reachability: 'VALID', resolved: true, satisfaction: 4 }],
        rating: 5,
        closedAt: at('2026-10-12T15:00'),
      },
    ]);
    expect(state?.clocks.map((clock) => [clock.clockId, clock.sealed])).toEqual([
      ['total/1/1', true],
      ['signFor/1/1', true],
      ['firstContact/1/1', true],
      ['handling/1/1', true],
      ['total/2/1', false],
    ]);
  });

  it('counts the clocks of the new cycle from one', () => {
    const story = stories.reopened.step('DispatchCase', who.window, '2026-10-13T10:10');
    expect(story.facts.clocks.slice(5).map((clock) => clock.clockId)).toEqual([
      'signFor/2/1',
      'firstContact/2/1',
      'handling/2/1',
    ]);
  });

  it('can happen before closing, and again', () => {
    const story = stories.resultAccepted
      .step('ReopenCase', who.window, '2026-10-12T12:00')
      .step('DispatchCase', who.window, '2026-10-12T12:10')
      .step('SignForCase', who.department, '2026-10-12T13:00')
      .step('SubmitResult', who.department, '2026-10-12T14:00')
      .step('AcceptResult', who.window, '2026-10-12T15:00')
      .step('ReopenCase', who.window, '2026-10-12T16:00');
    expect(story.facts.cycle).toBe(3);
    expect(story.facts.sealedCycles.map(({ cycle, rating, closedAt }) => [cycle, rating, closedAt])).toEqual([
      [1, null, null],
      [2, null, null],
    ]);
  });

  it('is for window and supervisor, once there was an accepted result', () => {
    given(stories.closed.past).when(command('ReopenCase'), told(who.talent, '2026-10-13T10:00')).thenRefused('role-not-allowed');
    for (const story of [stories.submitted, stories.withdrawn, stories.declined])
      given(story.past).when(command('ReopenCase'), told(who.window, '2026-10-13T10:00')).thenRefused('illegal-step');
  });
});
