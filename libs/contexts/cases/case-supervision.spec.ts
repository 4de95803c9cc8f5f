import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, type Story, stories, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);

const LATER = '2026-10-20T09:00';
const said = (data: object) => command('RecordCallback', data as never);
const raise = (story: Story, cycle = 1) =>
  given(story.past).when(command('RaiseSupervision', { cycle }), told(who.system, LATER));

const unhappy = stories.resultAccepted.step(said({ resolved: false, satisfaction: 3 }), who.window, '2026-10-12T14:00');
const reopened = unhappy.step('ReopenCase', who.supervisor, '2026-10-13T10:00');
const unhappyAgain = reopened
  .step(command('DispatchCase', { departmentId: 'rsj' }), who.window, '2026-10-13T10:10')
  .step('SignForCase', { ...who.department, caller: { ...who.department.caller, departmentId: 'rsj' } }, '2026-10-13T10:20')
  .step('SubmitResult', { ...who.department, caller: { ...who.department.caller, departmentId: 'rsj' } }, '2026-10-13T10:30')
  .step('AcceptResult', who.window, '2026-10-13T10:40')
  .step(said({ satisfaction: 2 }), who.window, '2026-10-13T11:00');

describe('putting a case under supervision', () => {
  it.each([
    ['not resolved', { resolved: false, satisfaction: 5 }],
    ['dissatisfied', { resolved: true, satisfaction: 2 }],
    ['very dissatisfied', { resolved: true, satisfaction: 1 }],
  ])('follows a callback that says %s, and names who handled the cycle', (_, data) => {
    const state = raise(stories.resultAccepted.step(said(data), who.window, '2026-10-12T14:00')).then([
      { type: 'SupervisionRaised', data: { cause: 'DISSATISFIED', cycle: 1, departmentId: 'ybj' } },
    ]);
    expect(state?.supervisions).toEqual([
      { cycle: 1, cause: 'DISSATISFIED', raisedAt: at(LATER), workedOffAt: null, closedAt: null },
    ]);
    expect(state?.status).toBe('RESULT_ACCEPTED');
  });

  it('is told as still dissatisfied once the case had been reopened', () => {
    raise(unhappyAgain, 2).then([
      { type: 'SupervisionRaised', data: { cause: 'STILL_DISSATISFIED', cycle: 2, departmentId: 'rsj' } },
    ]);
  });

  it('still names the cycle that was spoken of when the case has been reopened meanwhile', () => {
    for (const story of [reopened, unhappyAgain])
      raise(story, 1).then([{ type: 'SupervisionRaised', data: { cause: 'DISSATISFIED', cycle: 1, departmentId: 'ybj' } }]);
  });

  it('happens once a cycle, and again for the next', () => {
    const once = unhappyAgain.step(command('RaiseSupervision', { cycle: 1 }), who.system, LATER);
    raise(once, 1).then([]);
    const both = once.step(command('RaiseSupervision', { cycle: 2 }), who.system, LATER);
    expect(both.facts.supervisions.map(({ cycle }) => cycle)).toEqual([1, 2]);
  });

  it.each([
    ['a callback that is content', stories.calledBack, 1],
    [
      'nobody reached',
      stories.resultAccepted.step(
        said({ reachability: 'UNREACHABLE', resolved: null, satisfaction: null }),
        who.window,
        '2026-10-12T14:00',
      ),
      1,
    ],
    ['no callback at all', stories.resultAccepted, 1],
    ['a cycle nobody has complained of', reopened, 2],
    ['a cycle there is not', unhappy, 7],
  ])('writes nothing for %s', (_, story, cycle) => {
    raise(story, cycle).then([]);
  });

  it('is the system’s alone', () => {
    for (const by of [who.supervisor, who.admin, who.window])
      given(unhappy.past).when(command('RaiseSupervision'), told(by, LATER)).thenRefused('role-not-allowed');
  });
});
