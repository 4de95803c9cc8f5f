import { specOf } from '../../kernel/spec-dsl.js';
import { foldChannels } from '../channels/facts.js';
import { at, command, PLAIN_POLICY, sealed, stories, stranger, timeUnder, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);
const reasoned = { reasonCode: 'NOT_OUR_DUTY', reason: sealed('why') };

describe('dispatching a case', () => {
  it('follows the routing of the item and starts the clocks that judge the department', () => {
    const state = given(stories.accepted.past)
      .when(command('DispatchCase'), told(who.window, '2026-09-30T10:10'))
      .then([
        {
          type: 'CaseDispatched',
          data: {
            departmentId: 'ybj',
            coDepartmentIds: [],
            routingVersion: 27,
            clocks: [
              expect.objectContaining({ clockId: 'signFor/1/1', promisedDue: new Date(at('2026-09-30T13:10')).toISOString() }),
              expect.objectContaining({
                clockId: 'firstContact/1/1',
                promisedDue: new Date(at('2026-09-30T13:10')).toISOString(),
              }),
              expect.objectContaining({ clockId: 'handling/1/1', promisedDue: new Date(at('2026-10-13T17:00')).toISOString() }),
            ],
          },
        },
      ]);
    expect(state).toMatchObject({ status: 'DISPATCHED', departmentId: 'ybj', dispatchedAt: at('2026-09-30T10:10') });
  });

  it('takes another department and co-departments when told to', () => {
    const story = stories.accepted.step(
      command('DispatchCase', { departmentId: 'rsj', coDepartmentIds: ['ybj', 'gaj'] }),
      who.supervisor,
      '2026-09-30T10:10',
    );
    expect(story.facts).toMatchObject({ departmentId: 'rsj', coDepartmentIds: ['ybj', 'gaj'] });
  });

  it('uses the routing in force that day', () => {
    const { channels } = told(who.window, 0);
    const data = { itemCode: '03', leadDepartmentId: 'rsj', effectiveFrom: '2026-10-01', routingVersion: 28 };
    const rerouted = foldChannels(channels, { type: 'ItemRouted', data });
    const before = stories.accepted.step('DispatchCase', who.window, '2026-09-30T23:59', { channels: rerouted });
    const after = stories.accepted.step('DispatchCase', who.window, '2026-10-01T00:00', { channels: rerouted });
    expect([before.facts.departmentId, after.facts.departmentId]).toEqual(['ybj', 'rsj']);
  });

  it('asks for a department when the item is not routed', () => {
    const { channels } = told(who.window, 0);
    const unrouted = { ...channels, routes: {} };
    given(stories.accepted.past)
      .when(command('DispatchCase'), told(who.window, '2026-09-30T10:10', { channels: unrouted }))
      .thenRefused('item-not-routed', { field: 'departmentId', params: { code: '03' } });
    const story = stories.accepted.step(command('DispatchCase', { departmentId: 'ybj' }), who.window, '2026-09-30T10:10', {
      channels: unrouted,
    });
    expect(story.facts.departmentId).toBe('ybj');
  });

  it.each([
    [{ departmentId: 'nobody' }, 'department-not-found', 'departmentId'],
    [{ departmentId: 'toString' }, 'department-not-found', 'departmentId'],
    [{ coDepartmentIds: ['gaj', 'nobody'] }, 'department-not-found', 'coDepartmentIds[1]'],
    [{ coDepartmentIds: ['constructor'] }, 'department-not-found', 'coDepartmentIds[0]'],
    [{ coDepartmentIds: ['gaj', 'ybj'] }, 'lead-among-co-departments', 'coDepartmentIds'],
  ])('refuses %j with %s', (data, code, field) => {
    given(stories.accepted.past)
      .when(command('DispatchCase', data), told(who.window, '2026-09-30T10:10'))
      .thenRefused(code, { field });
  });

  it('refuses a co-department named twice', () => {
    given(stories.accepted.past)
      .when(command('DispatchCase', { coDepartmentIds: ['gaj', 'gaj'] }), told(who.window, '2026-09-30T10:10'))
      .thenRefused('co-department-repeated', { field: 'coDepartmentIds[1]' });
  });

  it('is for window and supervisor, once', () => {
    given(stories.accepted.past)
      .when(command('DispatchCase'), told(who.specialist, '2026-09-30T10:10'))
      .thenRefused('role-not-allowed', { params: { role: 'specialist' } });
    given(stories.dispatched.past)
      .when(command('DispatchCase'), told(who.window, '2026-09-30T10:20'))
      .thenRefused('illegal-step', {
        extra: {
          status: 'DISPATCHED',
          possible: expect.arrayContaining([
            'SignForCase',
            'ReturnCase',
            'AssignCase',
            'ContactRequester',
            'WithdrawCase',
            'ReassignCase',
            'RemindCase',
            'TagCase',
            'AddNote',
            'SendMessage',
            'SuperviseCase',
          ]),
        },
      });
  });
});

describe('signing for a case', () => {
  it('is done by the department and stops the sign-for clock only', () => {
    const state = given(stories.dispatched.past)
      .when(command('SignForCase'), told(who.department, '2026-09-30T10:30'))
      .then([{ type: 'CaseSignedFor', data: { departmentId: 'ybj' } }]);
    expect(state?.status).toBe('SIGNED_FOR');
    expect(state?.clocks.map((clock) => [clock.clockId, clock.stoppedAt])).toEqual([
      ['total/1/1', null],
      ['signFor/1/1', at('2026-09-30T10:30')],
      ['firstContact/1/1', null],
      ['handling/1/1', null],
    ]);
  });

  it('is refused to another department, and to anybody before the dispatch', () => {
    given(stories.dispatched.past)
      .when(command('SignForCase'), told(stranger.department, '2026-09-30T10:30'))
      .thenRefused('not-yours');
    given(stories.accepted.past).when(command('SignForCase'), told(who.department, '2026-09-30T10:05')).thenRefused('not-yours');
  });

  it('tells a department user without a department nothing about the case', () => {
    const nobody = { ...who.department, caller: { ...who.department.caller, departmentId: null } };
    given(stories.accepted.past).when(command('SignForCase'), told(nobody, '2026-09-30T10:05')).thenRefused('not-yours');
  });
});

describe('taking a case', () => {
  it('names the specialist and counts them as a handler', () => {
    const state = given(stories.signedFor.past)
      .when(command('TakeCase'), told(who.specialist, '2026-09-30T10:40'))
      .then([{ type: 'CaseTaken', data: { specialistId: 'specialist-1' } }]);
    expect(state).toMatchObject({ specialistId: 'specialist-1', handlers: ['user-specialist'] });
  });

  it('lets the first of two colleagues have it', () => {
    given(stories.taken.past)
      .when(command('TakeCase'), told(stranger.colleague, '2026-09-30T10:41'))
      .thenRefused('illegal-step', { params: { status: 'SIGNED_FOR' } });
    given(stories.taken.past)
      .when(command('TakeCase'), told(who.specialist, '2026-09-30T10:41'))
      .thenRefused('illegal-step', { params: { status: 'SIGNED_FOR' } });
  });

  it('is refused to a specialist of another department', () => {
    given(stories.signedFor.past)
      .when(command('TakeCase'), told(stranger.specialist, '2026-09-30T10:40'))
      .thenRefused('not-yours');
  });

  it('is refused to a user with the role who is not enrolled as a specialist', () => {
    const unenrolled = { ...who.specialist, caller: { ...who.specialist.caller, specialistId: null } };
    given(stories.signedFor.past).when(command('TakeCase'), told(unenrolled, '2026-09-30T10:40')).thenRefused('not-yours');
  });
});

describe('contacting the requester', () => {
  it.each(['PHONE', 'ON_SITE', 'ONLINE'] as const)('by %s stops the first-contact clock', (mode) => {
    const story = stories.taken.step(command('ContactRequester', { mode }), who.specialist, '2026-09-30T11:00');
    expect(story.facts).toMatchObject({ contactedAt: at('2026-09-30T11:00'), handlers: ['user-specialist'] });
    expect(story.clock('firstContact/1/1').stoppedAt).toBe(at('2026-09-30T11:00'));
    expect(story.clock('handling/1/1').stoppedAt).toBeNull();
  });

  it('may come before signing, and again; the first one counts', () => {
    const story = stories.dispatched
      .step('ContactRequester', who.department, '2026-09-30T10:20')
      .step('ContactRequester', who.department, '2026-09-30T10:25')
      .step('SignForCase', who.department, '2026-09-30T10:30');
    expect(story.facts).toMatchObject({ contactedAt: at('2026-09-30T10:20'), handlers: ['user-department'] });
    expect(story.clock('firstContact/1/1').stoppedAt).toBe(at('2026-09-30T10:20'));
  });

  it('is refused to a colleague once a specialist has taken the case', () => {
    given(stories.taken.past)
      .when(command('ContactRequester'), told(stranger.colleague, '2026-09-30T11:00'))
      .thenRefused('not-yours');
  });
});

describe('returning a case', () => {
  it('gives it back to the dispatcher with a reason and stops the department clocks; total goes on', () => {
    const state = given(stories.contacted.past)
      .when(command('ReturnCase', { ...reasoned, proposedDepartmentId: 'rsj' }), told(who.department, '2026-09-30T11:30'))
      .then([{ type: 'CaseReturned', data: { ...reasoned, proposedDepartmentId: 'rsj', departmentId: 'ybj' } }]);
    expect(state).toMatchObject({ status: 'ACCEPTED', departmentId: null, specialistId: null, coDepartmentIds: [], returns: 1 });
    expect(state?.clocks.filter((clock) => clock.stoppedAt === null).map((clock) => clock.clockId)).toEqual(['total/1/1']);
  });

  it('starts fresh department clocks at the next dispatch and leaves the promise to the talent alone', () => {
    const story = stories.signedFor
      .step('ReturnCase', who.department, '2026-10-08T10:00')
      .step(command('DispatchCase', { departmentId: 'rsj' }), who.window, '2026-10-08T11:00');
    expect(story.facts.clocks.map((clock) => clock.clockId)).toEqual([
      'total/1/1',
      'signFor/1/1',
      'firstContact/1/1',
      'handling/1/1',
      'signFor/1/2',
      'firstContact/1/2',
      'handling/1/2',
    ]);
    expect(story.due('total/1/1')).toBe('2026-10-13T17:00');
    expect(story.due('handling/1/2')).toBe('2026-10-14T17:00');
  });

  it('does not credit the next department with a contact it never made', () => {
    const story = stories.contacted
      .step('ReturnCase', who.department, '2026-09-30T11:30')
      .step('DispatchCase', who.window, '2026-09-30T11:40');
    expect(story.facts.contactedAt).toBeNull();
    expect(story.clock('firstContact/1/2').stoppedAt).toBeNull();
    const contacted = story.step('ContactRequester', who.department, '2026-09-30T11:50');
    expect(contacted.facts.contactedAt).toBe(at('2026-09-30T11:50'));
  });

  // Dispatched on Wednesday 30 September, the day before the holiday; the first working day after it is Thursday 8 October.
  it('is possible up to the close of the next working day, and not a millisecond longer', () => {
    const close = at('2026-10-08T17:00');
    expect(stories.signedFor.step('ReturnCase', who.department, close).facts.status).toBe('ACCEPTED');
    given(stories.signedFor.past)
      .when(command('ReturnCase'), told(who.department, close + 1))
      .thenRefused('return-window-closed', { params: { closedAt: new Date(close).toISOString() } });
  });

  it('is possible after the window too where the policy has a hard stop, and is told to be late', () => {
    const time = timeUnder({ ...PLAIN_POLICY, returnWindow: { workingDays: 1, hardStopWorkingDays: 2 } });
    const returned = (when: number) => () =>
      stories.signedFor.step('ReturnCase', who.department, when, { time }).past.at(-1)!.event.data as { late?: true };
    const [window, stop] = [at('2026-10-08T17:00'), at('2026-10-09T17:00')];
    expect(returned(window)()).not.toHaveProperty('late');
    expect(returned(window + 1)()).toMatchObject({ late: true });
    expect(returned(stop)()).toMatchObject({ late: true });
    expect(returned(stop + 1)).toThrow('return-window-closed');
  });

  it('counts the window from the latest dispatch', () => {
    const story = stories.signedFor
      .step('ReturnCase', who.department, '2026-10-08T10:00')
      .step('DispatchCase', who.window, '2026-10-08T11:00')
      .step('ReturnCase', who.department, '2026-10-09T17:00');
    expect(story.facts.returns).toBe(2);
  });

  it('refuses a proposed department that does not exist', () => {
    for (const proposedDepartmentId of ['nobody', 'valueOf'])
      given(stories.dispatched.past)
        .when(command('ReturnCase', { proposedDepartmentId }), told(who.department, '2026-09-30T10:30'))
        .thenRefused('department-not-found', { field: 'proposedDepartmentId' });
  });

  it('is not possible while the clock is paused, nor for another department', () => {
    const paused = stories.contacted.step('PauseClock', who.specialist, '2026-09-30T11:10');
    given(paused.past).when(command('ReturnCase'), told(who.department, '2026-09-30T11:20')).thenRefused('illegal-step');
    given(stories.dispatched.past)
      .when(command('ReturnCase'), told(stranger.department, '2026-09-30T10:30'))
      .thenRefused('not-yours');
  });
});
