import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, PLAIN_POLICY, sealed, stories, stranger, timeUnder, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';
import { caseTiming } from './facts.js';

const { given } = specOf(caseDecider);

describe('calling back', () => {
  const when = '2026-10-12T14:00';
  const ask = (data: object, by = who.window) =>
    given(stories.resultAccepted.past).when(command('RecordCallback', data as never), told(by, when));

  it('records what the requester said', () => {
    const data = { reachability: 'VALID', resolved: false, satisfaction: 1, remark: sealed('remark') } as const;
    const state = ask(data).then([{ type: 'CallbackRecorded', data }]);
    expect(state?.callbacks).toEqual([{ at: at(when), reachability: 'VALID', resolved: false, satisfaction: 1 }]);
    expect(state?.status).toBe('RESULT_ACCEPTED');
  });

  it('records that nobody was reached, and may try again', () => {
    const unreached = { reachability: 'UNREACHABLE', resolved: null, satisfaction: null, remark: null } as const;
    ask(unreached).then([{ type: 'CallbackRecorded', data: unreached }]);
    const story = stories.resultAccepted
      .step(command('RecordCallback', unreached), who.window, when)
      .step('RecordCallback', who.supervisor, '2026-10-12T15:00');
    expect(story.facts.callbacks.map((callback) => callback.reachability)).toEqual(['UNREACHABLE', 'VALID']);
  });

  it.each([
    [{ reachability: 'VALID', resolved: null, satisfaction: 3 }, 'callback-incomplete', 'resolved'],
    [{ reachability: 'VALID', resolved: true, satisfaction: null }, 'callback-incomplete', 'satisfaction'],
    [{ reachability: 'UNREACHABLE', resolved: false, satisfaction: null }, 'callback-without-answer', 'resolved'],
    [{ reachability: 'UNREACHABLE', resolved: null, satisfaction: 5 }, 'callback-without-answer', 'satisfaction'],
  ])('refuses %j with %s', (data, code, field) => {
    ask(data).thenRefused(code, { field });
  });

  it('is refused to whoever handled the case, under whatever role', () => {
    const handlerAsWindow = { ...who.window, actor: { id: who.specialist.actor.id, role: 'window' as const } };
    ask({}, handlerAsWindow).thenRefused('handler-may-not-call-back');
  });

  it('is refused to earlier handlers too: of a returned dispatch, of the cycle before', () => {
    const handlerAsWindow = { ...who.window, actor: { id: who.specialist.actor.id, role: 'window' as const } };
    const onceMore = stories.reopened
      .step('DispatchCase', who.window, '2026-10-13T10:10')
      .step('SignForCase', who.department, '2026-10-13T10:20')
      .step('SubmitResult', who.department, '2026-10-13T10:30')
      .step('AcceptResult', who.window, '2026-10-13T10:40');
    given(onceMore.past)
      .when(command('RecordCallback'), told(handlerAsWindow, '2026-10-13T11:00'))
      .thenRefused('handler-may-not-call-back');
  });

  it('is for window and supervisor, after the result is accepted', () => {
    ask({}, who.department).thenRefused('role-not-allowed');
    given(stories.submitted.past)
      .when(command('RecordCallback'), told(who.window, '2026-10-12T10:30'))
      .thenRefused('illegal-step');
  });
});

describe('rating a case', () => {
  it('is done once by the talent, before or after it is closed', () => {
    const data = { satisfaction: 2, comment: sealed('comment') } as const;
    for (const story of [stories.resultAccepted, stories.closed]) {
      const state = given(story.past)
        .when(command('RateCase', data), told(who.talent, '2026-10-12T16:00'))
        .then([{ type: 'CaseRated', data }]);
      expect(state).toMatchObject({ rating: 2, status: story.facts.status });
    }
    given(stories.rated.past)
      .when(command('RateCase'), told(who.talent, '2026-10-12T17:00'))
      .thenRefused('illegal-step', {
        extra: {
          status: 'CLOSED',
          possible: expect.arrayContaining(['ReopenCase', 'AddNote', 'SendMessage', 'ArchiveCase', 'SuperviseCase']),
        },
      });
  });

  it('is refused to another talent and to everybody else', () => {
    given(stories.closed.past).when(command('RateCase'), told(stranger.talent, '2026-10-12T16:00')).thenRefused('not-yours');
    given(stories.closed.past).when(command('RateCase'), told(who.window, '2026-10-12T16:00')).thenRefused('role-not-allowed');
  });
});

describe('closing a case', () => {
  it('follows a callback, reached or not, rated or not', () => {
    const unreached = { reachability: 'UNREACHABLE', resolved: null, satisfaction: null } as const;
    const tried = stories.resultAccepted.step(command('RecordCallback', unreached), who.window, '2026-10-12T14:00');
    for (const story of [stories.calledBack, tried]) {
      const state = given(story.past)
        .when(command('CloseCase'), told(who.window, '2026-10-12T15:00'))
        .then([{ type: 'CaseClosed', data: {} }]);
      expect(state).toMatchObject({ status: 'CLOSED', closedAt: at('2026-10-12T15:00') });
    }
  });

  it('is refused without one', () => {
    given(stories.resultAccepted.past)
      .when(command('CloseCase'), told(who.window, '2026-10-12T15:00'))
      .thenRefused('illegal-step', {
        extra: {
          status: 'RESULT_ACCEPTED',
          possible: expect.arrayContaining([
            'RecordCallback',
            'RateCase',
            'ReopenCase',
            'AddNote',
            'SendMessage',
            'SuperviseCase',
          ]),
        },
      });
  });
});

describe('the clock of the callback', () => {
  const limited = timeUnder({ ...PLAIN_POLICY, callback: { kind: 'workingDays', days: 2 } });
  const accepted = stories.submitted.step('AcceptResult', who.window, '2026-10-12T11:00', { time: limited });
  const called = (when: string, data = {}) => accepted.step(command('RecordCallback', data), who.window, when);
  const due = (story = accepted) => story.due('callback/1/1', limited);

  it('runs where the policy limits it, as the office’s own, and is what the case waits for', () => {
    expect(accepted.clock('callback/1/1')).toMatchObject({ startedAt: at('2026-10-12T11:00'), stoppedAt: null });
    expect(due()).toBe('2026-10-14T17:00');
    expect(accepted.facts.clockDepartments['callback/1/1']).toBeUndefined();
    expect(caseTiming(accepted.facts, limited)).toMatchObject({ dueAt: at('2026-10-14T17:00'), dueClock: 'callback/1/1' });
    expect(stories.resultAccepted.facts.clocks.map(({ kind }) => kind)).not.toContain('callback');
  });

  it('stops at the first attempt, reached or not', () => {
    const missed = { reachability: 'UNREACHABLE', resolved: null, satisfaction: null } as const;
    for (const story of [called('2026-10-14T17:00'), called('2026-10-14T17:00', missed)])
      expect(story.clock('callback/1/1').stoppedAt).toBe(at('2026-10-14T17:00'));
    const again = called('2026-10-13T10:00', missed).step('RecordCallback', who.window, '2026-10-20T10:00');
    expect(again.clock('callback/1/1').stoppedAt).toBe(at('2026-10-13T10:00'));
  });

  it('is missed like any other, and ends when the case is opened again', () => {
    const breach = command('RecordBreach', { clockId: 'callback/1/1', due: new Date(at('2026-10-14T17:00')).toISOString() });
    given(accepted.past)
      .when(breach, told(who.system, at('2026-10-14T17:00'), { time: limited }))
      .then([
        {
          type: 'BreachRecorded',
          data: { clockId: 'callback/1/1', due: '2026-10-14T09:00:00.000Z', departmentId: null },
        },
      ]);
    const reopened = accepted.step('ReopenCase', who.supervisor, '2026-10-13T10:00', { time: limited });
    expect(reopened.clock('callback/1/1')).toMatchObject({ stoppedAt: at('2026-10-13T10:00'), sealed: true });
  });
});
