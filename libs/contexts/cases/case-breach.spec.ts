import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, type Story, stories, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);

const DUE = at('2026-10-13T17:00');
const iso = (instant: number) => new Date(instant).toISOString();
const breach = (clockId: string, due = DUE) => command('RecordBreach', { clockId, due: iso(due) });
/** A timer's event happens, in business time, at the due. */
const note = (story: Story, clockId: string, due = DUE) => given(story.past).when(breach(clockId, due), told(who.system, due));

describe('recording a breach', () => {
  it('of the department’s clock names the department', () => {
    const state = note(stories.contacted, 'handling/1/1').then([
      { type: 'BreachRecorded', data: { clockId: 'handling/1/1', due: iso(DUE), departmentId: 'ybj' } },
    ]);
    expect(state?.standingBreaches).toEqual(['handling/1/1']);
    expect(state?.clocks.at(-1)).toMatchObject({ clockId: 'handling/1/1', breachedAt: DUE, stoppedAt: null });
  });

  it('of the promise to the talent names none: the office answers for it', () => {
    note(stories.contacted, 'total/1/1').then([
      { type: 'BreachRecorded', data: { clockId: 'total/1/1', due: iso(DUE), departmentId: null } },
    ]);
  });

  it('happens once while it stands', () => {
    const story = stories.contacted.step(breach('total/1/1'), who.system, DUE);
    note(story, 'total/1/1').then([]);
  });

  it('of a clock that was stopped late is recorded all the same', () => {
    const late = stories.contacted.step('SubmitResult', who.specialist, DUE + 1);
    note(late, 'total/1/1').then([{ type: 'BreachRecorded', data: { clockId: 'total/1/1', due: iso(DUE), departmentId: null } }]);
    note(late, 'handling/1/1').then([
      { type: 'BreachRecorded', data: { clockId: 'handling/1/1', due: iso(DUE), departmentId: 'ybj' } },
    ]);
  });

  it('is not for a stop at the very instant of the due', () => {
    const onTime = stories.contacted.step('SubmitResult', who.specialist, DUE);
    note(onTime, 'total/1/1').then([]);
    note(onTime, 'handling/1/1').then([]);
  });

  it('follows late signing', () => {
    // Dispatched at 10:10, two office hours later is 13:10.
    const due = at('2026-09-30T13:10');
    note(stories.dispatched, 'signFor/1/1', due).then([
      { type: 'BreachRecorded', data: { clockId: 'signFor/1/1', due: iso(due), departmentId: 'ybj' } },
    ]);
    note(stories.signedFor, 'signFor/1/1', due).then([]);
  });

  it.each([
    ['a clock that was paused meanwhile', stories.paused, 'total/1/1', DUE],
    [
      'a due that an extension has moved',
      stories.extensionAsked.step('GrantExtension', who.supervisor, '2026-10-12T10:00'),
      'total/1/1',
      DUE,
    ],
    ['a due that a pause has moved', stories.paused.step('ResumeClock', who.specialist, '2026-10-10T15:00'), 'handling/1/1', DUE],
    ['a due that was never its own', stories.contacted, 'total/1/1', DUE - 1],
    ['a clock the case does not have', stories.contacted, 'total/2/1', DUE],
    ['a clock of a withdrawn case', stories.withdrawn, 'total/1/1', DUE],
    ['a clock that was stopped in time', stories.closed, 'handling/1/1', DUE],
    [
      'the review of a result that was sent back',
      stories.submitted.step('SendBackResult', who.window, '2026-10-13T10:00'),
      'handling/1/1',
      DUE,
    ],
  ])('writes nothing for %s', (_, story, clockId, due) => {
    note(story, clockId, due).then([]);
  });

  it('writes nothing for text that is no instant', () => {
    given(stories.contacted.past)
      .when(command('RecordBreach', { clockId: 'total/1/1', due: 'soon' }), told(who.system, DUE))
      .then([]);
  });

  it('is recorded at the new due after an extension that was not kept either', () => {
    const extended = at('2026-10-20T17:00');
    const story = stories.extensionAsked
      .step(breach('total/1/1'), who.system, DUE)
      .step('GrantExtension', who.supervisor, '2026-10-14T10:00')
      .step(breach('total/1/1', extended), who.system, extended);
    expect(story.clock('total/1/1')).toMatchObject({ breachedAt: extended, withdrawnBreaches: 1 });
  });

  it('of a promise whose answer came in time but was sent back too late is recorded after all', () => {
    note(stories.submitted, 'total/1/1').then([]);
    const story = stories.submitted.step('SendBackResult', who.window, DUE + 1);
    note(story, 'total/1/1').then([
      { type: 'BreachRecorded', data: { clockId: 'total/1/1', due: iso(DUE), departmentId: null } },
    ]);
  });

  it('is not recorded before the due has come', () => {
    given(stories.contacted.past)
      .when(breach('total/1/1'), told(who.system, DUE - 1))
      .then([]);
  });

  it('of a cycle that was sealed still names the department it judged', () => {
    const story = stories.contacted
      .step('SubmitResult', who.specialist, '2026-10-14T10:00')
      .step('AcceptResult', who.window, '2026-10-14T10:10')
      .step('ReopenCase', who.window, '2026-10-14T10:20');
    const state = note(story, 'handling/1/1').then([
      { type: 'BreachRecorded', data: { clockId: 'handling/1/1', due: iso(DUE), departmentId: 'ybj' } },
    ]);
    expect(state?.clocks.find((clock) => clock.clockId === 'handling/1/1')).toMatchObject({ sealed: true, breachedAt: DUE });
  });

  it('of a dispatch that was returned still names the department it judged', () => {
    const due = at('2026-09-30T13:10');
    const returned = stories.dispatched.step('ReturnCase', who.department, '2026-09-30T14:00');
    const elsewhere = returned.step(command('DispatchCase', { departmentId: 'rsj' }), who.window, '2026-09-30T14:10');
    for (const story of [returned, elsewhere])
      note(story, 'signFor/1/1', due).then([
        { type: 'BreachRecorded', data: { clockId: 'signFor/1/1', due: iso(due), departmentId: 'ybj' } },
      ]);
  });

  it('is the system’s alone', () => {
    for (const by of [who.supervisor, who.admin, who.window])
      given(stories.contacted.past)
        .when(breach('total/1/1'), told(by, DUE + 1))
        .thenRefused('role-not-allowed');
  });

  it('is never offered to people as a step', () => {
    given(stories.contacted.past)
      .when(command('AcceptCase'), told(who.window, DUE))
      .thenRefused('illegal-step', { extra: { possible: expect.not.arrayContaining(['RecordBreach']) } });
  });
});
