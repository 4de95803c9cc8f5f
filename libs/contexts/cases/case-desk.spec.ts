import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, sealed, stories, stranger, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);
const { accepted, closed, contacted, dispatched, rated, registered, resultAccepted, signedFor, submitted, taken } = stories;
const reasoned = { reasonCode: 'OTHER', reason: sealed('reason') };

describe('answering at once', () => {
  it('closes what was accepted, counted as done by the window', () => {
    const { facts } = accepted.step('AnswerDirectly', who.window, '2026-09-30T10:05');
    expect(facts).toMatchObject({
      status: 'CLOSED',
      direct: true,
      outcome: 'ANSWERED',
      submittedAt: at('2026-09-30T10:05'),
      closedAt: at('2026-09-30T10:05'),
      departmentId: null,
      handlers: [who.window.actor.id],
    });
    expect(facts.clocks.map(({ kind, stoppedAt }) => [kind, stoppedAt])).toEqual([['total', at('2026-09-30T10:05')]]);
  });

  it('accepts at the same instant what was not', () => {
    const story = registered.step('AnswerDirectly', who.window, '2026-09-30T09:40');
    expect(story.past.map(({ event }) => event.type).slice(1)).toEqual(['CaseAccepted', 'CaseAnsweredDirectly']);
    expect(story.facts).toMatchObject({ status: 'CLOSED', acceptedAt: at('2026-09-30T09:40'), standingBreaches: [] });
  });

  it('is not for what lies with a department, and begins anew when it is opened again', () => {
    given(dispatched.past).when(command('AnswerDirectly'), told(who.window, '2026-09-30T10:30')).thenRefused('illegal-step');
    const again = accepted
      .step('AnswerDirectly', who.window, '2026-09-30T10:05')
      .step('ReopenCase', who.window, '2026-09-30T11:00');
    expect(again.facts).toMatchObject({ status: 'ACCEPTED', cycle: 2, direct: false });
  });
});

describe('a return that is refused', () => {
  const back = contacted.step('ReturnCase', who.department, '2026-09-30T11:30');
  const refused = back.step('RefuseReturn', who.window, '2026-10-09T10:00');

  it('lies where it lay, with whom it was, and the time in between does not count', () => {
    expect(refused.facts).toMatchObject({
      status: 'SIGNED_FOR',
      departmentId: 'ybj',
      specialistId: 'specialist-1',
      contactedAt: at('2026-09-30T11:00'),
      returned: null,
      returns: 1,
      returnedBy: ['ybj'],
    });
    expect(refused.due('handling/1/1')).not.toBe(contacted.due('handling/1/1'));
    expect(refused.clock('handling/1/1').stoppedAt).toBeNull();
    expect(refused.clock('signFor/1/1').stoppedAt).not.toBeNull();
    expect(refused.due('total/1/1')).toBe(contacted.due('total/1/1'));
  });

  it('waits to be signed for again where it was not', () => {
    const again = dispatched
      .step('ReturnCase', who.department, '2026-09-30T10:20')
      .step('RefuseReturn', who.supervisor, '2026-09-30T10:30');
    expect(again.facts).toMatchObject({ status: 'DISPATCHED', departmentId: 'ybj' });
    expect(again.step('SignForCase', who.department, '2026-09-30T10:40').facts.status).toBe('SIGNED_FOR');
  });

  it('is refused once, and not after it was dispatched elsewhere', () => {
    given(refused.past).when(command('RefuseReturn'), told(who.window, '2026-10-09T10:01')).thenRefused('illegal-step');
    const elsewhere = back.step(command('DispatchCase', { departmentId: 'rsj' }), who.window, '2026-09-30T11:40');
    expect(elsewhere.facts.returned).toBeNull();
    const twice = elsewhere.step(
      'ReturnCase',
      { ...who.department, caller: { ...who.department.caller, departmentId: 'rsj' } },
      '2026-09-30T11:50',
    );
    expect(twice.facts).toMatchObject({ returns: 2, returnedBy: ['ybj', 'rsj'] });
  });
});

describe('giving a case to another department', () => {
  const moved = contacted.step('ReassignCase', who.window, '2026-10-08T10:00');

  it('starts the clocks of the new lead, stops those of the old one, and leaves the promise as it was', () => {
    expect(moved.facts).toMatchObject({
      status: 'DISPATCHED',
      departmentId: 'rsj',
      specialistId: null,
      contactedAt: null,
      cycle: 1,
    });
    expect(moved.due('total/1/1')).toBe(contacted.due('total/1/1'));
    expect(moved.clock('handling/1/1').stoppedAt).toBe(at('2026-10-08T10:00'));
    const fresh = moved.facts.clocks.filter(({ startedAt }) => startedAt === at('2026-10-08T10:00'));
    expect(fresh.map(({ clockId }) => [clockId, moved.facts.clockDepartments[clockId]])).toEqual([
      ['signFor/1/2', 'rsj'],
      ['firstContact/1/2', 'rsj'],
      ['handling/1/2', 'rsj'],
    ]);
  });

  it('keeps what the channel’s rules said of its priority', () => {
    const routing = {
      channelId: 'window',
      version: 1,
      rule: 0,
      departmentId: 'ybj',
      priority: 'URGENT',
      fastTrack: true,
    } as const;
    const [asked] = moved.past.slice(-1);
    const urgent = caseDecider.evolve({ ...contacted.facts, routing }, asked!.event, {
      occurredAt: asked!.at!,
      actor: who.window.actor,
      eventId: 'event',
    });
    expect(urgent).toMatchObject({ departmentId: 'rsj', routing });
  });

  it.each<[string, object, string, string]>([
    ['the department that leads already', { departmentId: 'ybj' }, 'department-leads-already', 'departmentId'],
    ['a department there is not', { departmentId: 'xxx' }, 'department-not-found', 'departmentId'],
    ['a lead that helps itself', { coDepartmentIds: ['rsj'] }, 'lead-among-co-departments', 'coDepartmentIds'],
    ['a helper named twice', { coDepartmentIds: ['gaj', 'gaj'] }, 'co-department-repeated', 'coDepartmentIds[1]'],
  ])('refuses %s', (_name, more, code, field) => {
    given(contacted.past).when(command('ReassignCase', more), told(who.window, '2026-10-08T10:00')).thenRefused(code, { field });
  });
});

describe('missing materials', () => {
  const asked = contacted.step('RequestSupplement', who.specialist, '2026-10-08T10:00');

  it('are told at once, and the clocks wait until they come', () => {
    expect(asked.facts).toMatchObject({
      pausedSince: at('2026-10-08T10:00'),
      pauseReasonCode: 'AWAITING_MATERIALS',
      supplement: { until: '2026-10-20', at: at('2026-10-08T10:00') },
      supplementsAsked: 1,
    });
    expect(asked.due('handling/1/1')).toBeNull();
    const came = asked.step('ReceiveSupplement', who.window, '2026-10-12T10:00');
    expect(came.facts).toMatchObject({ pausedSince: null, supplement: null, pausedClockIds: [] });
    expect(came.clock('handling/1/1').pauses).toMatchObject([{ from: at('2026-10-08T10:00'), to: at('2026-10-12T10:00') }]);
  });

  it('that are told a second time are flagged, and need a reason', () => {
    const came = asked.step('ReceiveSupplement', who.specialist, '2026-10-12T10:00');
    const when = '2026-10-12T11:00';
    given(came.past)
      .when(command('RequestSupplement'), told(who.specialist, when))
      .thenRefused('second-notice-needs-reason', { field: 'reason' });
    const again = came.step(command('RequestSupplement', { reason: sealed('why') }), who.specialist, when);
    expect(again.past.at(-1)!.event).toMatchObject({ type: 'SupplementRequested', data: { repeated: true } });
    expect(asked.past.at(-1)!.event).toMatchObject({ data: { repeated: false } });
  });

  it.each(['2026-10-08', '2026-10-07'])('can not be asked for until %s', (until) => {
    given(contacted.past)
      .when(command('RequestSupplement', { until }), told(who.specialist, '2026-10-08T10:00'))
      .thenRefused('until-not-later', { field: 'until' });
  });

  const END = at('2026-10-21T00:00');
  const fire = (when: number, until = '2026-10-20', story = asked) =>
    story.step(command('CloseUnanswered', { until }), who.system, when);

  it('that never come close the case as their last day ends', () => {
    expect(fire(END - 1).facts.status).toBe('SIGNED_FOR');
    const over = fire(END);
    expect(over.facts).toMatchObject({ status: 'CLOSED', closedAt: END, pausedSince: null, supplement: null });
    expect(over.facts.clocks.filter(({ stoppedAt }) => stoppedAt === null)).toEqual([]);
    expect(fire(END + 1, '2026-10-20', over).past).toHaveLength(over.past.length);
  });

  it('do not close a case somebody has answered, that went on, or that has another notice', () => {
    expect(fire(END, '2026-10-19').facts.status).toBe('SIGNED_FOR');
    expect(fire(END, '2026-10-20', asked.step('ReplyInPause', who.talent, '2026-10-19T10:00')).facts.status).toBe('SIGNED_FOR');
    expect(fire(END, '2026-10-20', asked.step('ResumeClock', who.specialist, '2026-10-19T10:00')).facts.status).toBe(
      'SIGNED_FOR',
    );
  });
});

describe('reminding', () => {
  it('is counted, once a day for each person', () => {
    const once = signedFor.step('RemindCase', who.talent, '2026-09-30T11:00');
    given(once.past).when(command('RemindCase'), told(who.talent, '2026-09-30T23:59')).thenRefused('reminded-already');
    const more = once.step('RemindCase', who.window, '2026-09-30T11:01').step('RemindCase', who.talent, '2026-10-01T00:00');
    expect(more.facts.reminders.map(({ by }) => by)).toEqual([who.talent, who.window, who.talent].map(({ actor }) => actor.id));
    expect(more.facts.clocks).toEqual(once.facts.clocks);
    given(resultAccepted.past).when(command('RemindCase'), told(who.talent, '2026-10-12T11:01')).thenRefused('illegal-step');
  });
});

describe('words', () => {
  it('of a talent wait until somebody of the desk writes', () => {
    const wrote = signedFor
      .step('SendMessage', who.talent, '2026-09-30T11:00')
      .step('SendMessage', who.talent, '2026-09-30T11:30');
    expect(wrote.facts.talentWroteAt).toBe(at('2026-09-30T11:00'));
    expect(wrote.past.at(-1)!.event).toMatchObject({ data: { direction: 'FROM_TALENT' } });
    const noted = wrote.step('AddNote', who.specialist, '2026-09-30T11:40');
    expect(noted.facts.talentWroteAt).toBe(at('2026-09-30T11:00'));
    const answered = noted.step('SendMessage', who.specialist, '2026-09-30T11:50');
    expect(answered.past.at(-1)!.event).toMatchObject({ data: { direction: 'TO_TALENT' } });
    expect(answered.facts.talentWroteAt).toBeNull();
  });

  it('of the desk are not a talent’s to note, and are nobody’s of another department', () => {
    given(signedFor.past).when(command('AddNote'), told(who.talent, '2026-09-30T11:00')).thenRefused('role-not-allowed');
    given(signedFor.past).when(command('AddNote'), told(stranger.department, '2026-09-30T11:00')).thenRefused('not-yours');
    given(signedFor.past).when(command('SendMessage'), told(stranger.talent, '2026-09-30T11:00')).thenRefused('not-yours');
  });
});

describe('a late rating', () => {
  it('is taken until the close of the fifth working day after the case was closed', () => {
    // Closed on Monday 12 October.
    const last = at('2026-10-19T17:00');
    given(closed.past)
      .when(command('RateCase'), told(who.talent, last + 1))
      .thenRefused('rating-window-closed');
    expect(closed.step('RateCase', who.talent, last).facts.rating).toBe(5);
  });

  it('is nobody’s of their own handling', () => {
    const handled = { ...who.talent, actor: { ...who.talent.actor, id: who.specialist.actor.id } };
    given(closed.past).when(command('RateCase'), told(handled, '2026-10-12T16:00')).thenRefused('handler-may-not-rate');
  });
});

describe('supervision', () => {
  const ordered = submitted.step('SuperviseCase', who.supervisor, '2026-10-12T10:10');

  it('is ordered with a reason, worked off by whoever is in charge, and closed by the supervisor', () => {
    expect(ordered.past.at(-1)!.event).toEqual({
      type: 'SupervisionRaised',
      data: { cause: 'ORDERED', cycle: 1, departmentId: 'ybj', ...reasoned },
    });
    const worked = ordered.step('WorkOffSupervision', who.specialist, '2026-10-12T10:20');
    given(worked.past).when(command('WorkOffSupervision'), told(who.department, '2026-10-12T10:30')).thenRefused('illegal-step');
    const done = worked.step('CloseSupervision', who.supervisor, '2026-10-12T10:40');
    expect(done.facts.supervisions).toEqual([
      {
        cycle: 1,
        cause: 'ORDERED',
        raisedAt: at('2026-10-12T10:10'),
        workedOffAt: at('2026-10-12T10:20'),
        closedAt: at('2026-10-12T10:40'),
      },
    ]);
    given(done.past).when(command('CloseSupervision'), told(who.supervisor, '2026-10-12T10:50')).thenRefused('illegal-step');
  });

  it('is worked off and closed one by one where there are several causes', () => {
    const bad = command('RecordCallback', { resolved: false });
    const both = resultAccepted
      .step('SuperviseCase', who.supervisor, '2026-10-12T11:10')
      .step(bad, who.window, '2026-10-12T14:00')
      .step('RaiseSupervision', who.system, '2026-10-12T14:01');
    const worked = both.step('WorkOffSupervision', who.specialist, '2026-10-12T14:10');
    const again = worked
      .step('CloseSupervision', who.supervisor, '2026-10-12T14:20')
      .step('WorkOffSupervision', who.department, '2026-10-12T14:30');
    expect(again.facts.supervisions).toMatchObject([
      { cause: 'ORDERED', workedOffAt: at('2026-10-12T14:10'), closedAt: at('2026-10-12T14:20') },
      { cause: 'DISSATISFIED', workedOffAt: at('2026-10-12T14:30'), closedAt: null },
    ]);
  });

  it('stands once a cycle, and a case is not put away under it', () => {
    given(ordered.past).when(command('SuperviseCase'), told(who.supervisor, '2026-10-12T10:20')).thenRefused('illegal-step');
    const over = rated.step('SuperviseCase', who.supervisor, '2026-10-12T16:10');
    given(over.past).when(command('ArchiveCase'), told(who.window, '2026-10-12T16:20')).thenRefused('illegal-step');
  });

  it('is not closed by somebody who handled the case', () => {
    const { actor } = who.supervisor;
    const story = { ...who.specialist, actor: { ...who.specialist.actor, id: actor.id } };
    const own = taken
      .step('ContactRequester', story, '2026-09-30T11:00')
      .step('SuperviseCase', who.supervisor, '2026-09-30T11:10');
    given(own.past)
      .when(command('CloseSupervision'), told(who.supervisor, '2026-09-30T11:20'))
      .thenRefused('handler-may-not-close-supervision');
  });

  it('is raised when the promise is broken, once, and not for what judges the department', () => {
    const DUE = '2026-10-13T17:00';
    const breach = (clockId: string) => command('RecordBreach', { clockId, due: new Date(at(DUE)).toISOString() });
    const raise = command('RaiseSupervision', { overdue: true });
    const late = contacted.step(breach('handling/1/1'), who.system, DUE);
    expect(late.step(raise, who.system, '2026-10-13T18:00').facts.supervisions).toEqual([]);
    const broken = contacted.step(breach('total/1/1'), who.system, at(DUE) + 1).step(raise, who.system, '2026-10-13T18:00');
    expect(broken.facts.supervisions).toMatchObject([{ cause: 'OVERDUE', cycle: 1 }]);
    const closedIt = broken.step('CloseSupervision', who.supervisor, '2026-10-14T09:00');
    expect(closedIt.step(raise, who.system, '2026-10-14T09:10').facts.supervisions).toHaveLength(1);
  });

  it('follows a bad review, whatever was said at the callback', () => {
    const bad = closed.step(command('RateCase', { satisfaction: 2 }), who.talent, '2026-10-12T16:00');
    expect(bad.step('RaiseSupervision', who.system, '2026-10-12T16:01').facts.supervisions).toMatchObject([
      { cause: 'DISSATISFIED' },
    ]);
    expect(rated.step('RaiseSupervision', who.system, '2026-10-12T16:01').facts.supervisions).toEqual([]);
  });
});

describe('a case that is put away', () => {
  const archived = rated.step('ArchiveCase', who.window, '2026-10-12T17:00');

  it('is changed by nobody', () => {
    for (const type of ['ReopenCase', 'TagCase', 'AddNote', 'SendMessage', 'SuperviseCase'] as const)
      given(archived.past).when(command(type), told(who.supervisor, '2026-10-13T10:00')).thenRefused('illegal-step');
  });

  it('is left alone by timers and reactions', () => {
    for (const type of [
      'RecordBreach',
      'RaiseSupervision',
      'EndPause',
      'ReturnToQueue',
      'HandOverCase',
      'CloseUnanswered',
    ] as const)
      given(archived.past).when(command(type), told(who.system, '2026-10-13T10:00')).then([]);
  });
});
