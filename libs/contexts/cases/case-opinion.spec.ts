import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, type Person, PLAIN_POLICY, sealed, stories, stranger, timeUnder, told, who } from './case.fixture.js';
import { caseDecider, possibleStepsOfCoDepartment } from './case.js';
import { audienceOf, caseTiming } from './facts.js';

const { given } = specOf(caseDecider);
const limited = timeUnder({ ...PLAIN_POLICY, opinion: { kind: 'workingDays', days: 1 } });
const more = { time: limited };
const education = stranger.department;

/** Wednesday 30 September 2026: dispatched 10:10, signed for 10:30; the next working day is Thursday 8 October. */
const dispatched = stories.accepted.step('DispatchCase', who.window, '2026-09-30T10:10', more);
const signedFor = dispatched.step('SignForCase', who.department, '2026-09-30T10:30');
const taken = signedFor.step('TakeCase', who.specialist, '2026-09-30T10:40');
const asked = taken.step('RequestOpinion', who.specialist, '2026-09-30T11:00', more);
const answered = asked.step('GiveOpinion', education, '2026-10-08T17:00');

describe('the opinion of the lead department', () => {
  it('is waited for from each dispatch on where the policy limits it, and judges that department', () => {
    expect(dispatched.due('opinion/1/1', limited)).toBe('2026-10-08T17:00');
    expect(dispatched.facts.clockDepartments['opinion/1/1']).toBe('ybj');
    expect(dispatched.facts.opinions).toEqual([{ clockId: 'opinion/1/1', departmentId: 'ybj', asked: false, givenAt: null }]);
    expect(stories.dispatched.facts.clocks.map(({ kind }) => kind)).toEqual(['total', 'signFor', 'firstContact', 'handling']);
    const moved = signedFor.step('ReassignCase', who.window, '2026-09-30T11:00', more);
    expect(moved.clock('opinion/1/1').stoppedAt).toBe(at('2026-09-30T11:00'));
    expect(moved.facts.clockDepartments['opinion/1/2']).toBe('rsj');
  });

  it('is given by the department or by whoever has the case, once', () => {
    for (const by of [who.department, who.specialist]) {
      const state = given(taken.past)
        .when(command('GiveOpinion'), told(by, '2026-10-08T09:00'))
        .then([{ type: 'OpinionGiven', data: { departmentId: 'ybj', clockId: 'opinion/1/1', opinion: sealed('opinion') } }]);
      expect(state?.opinions).toEqual([
        { clockId: 'opinion/1/1', departmentId: 'ybj', asked: false, givenAt: at('2026-10-08T09:00') },
      ]);
      expect(state?.handlers).toContain(by.actor.id);
    }
    const once = taken.step('GiveOpinion', who.specialist, '2026-10-08T09:00');
    given(once.past).when(command('GiveOpinion'), told(who.specialist, '2026-10-08T09:01')).thenRefused('illegal-step');
  });

  it('lapses with the result, and goes on when a return is refused', () => {
    const submitted = taken.step('SubmitResult', who.specialist, '2026-09-30T15:00');
    expect(submitted.clock('opinion/1/1').stoppedAt).toBe(at('2026-09-30T15:00'));
    expect(submitted.facts.opinions[0]).toMatchObject({ givenAt: null });
    const refused = signedFor
      .step('ReturnCase', who.department, '2026-09-30T10:40')
      .step('RefuseReturn', who.window, '2026-09-30T11:00');
    expect(refused.clock('opinion/1/1').stoppedAt).toBeNull();
  });

  it('is missed like any other', () => {
    const due = '2026-10-08T17:00';
    given(taken.past)
      .when(
        command('RecordBreach', { clockId: 'opinion/1/1', due: new Date(at(due)).toISOString() }),
        told(who.system, due, more),
      )
      .then([{ type: 'BreachRecorded', data: { clockId: 'opinion/1/1', due: '2026-10-08T09:00:00.000Z', departmentId: 'ybj' } }]);
  });
});

describe('the opinion of another department', () => {
  const ask = (departmentId: string, by: Person = who.specialist, story = taken) =>
    given(story.past).when(command('RequestOpinion', { departmentId }), told(by, '2026-09-30T11:00', more));

  it('starts a clock that judges it, and shows it the case', () => {
    expect(asked.due('opinion/1/2', limited)).toBe('2026-10-08T17:00');
    expect(asked.facts.clockDepartments['opinion/1/2']).toBe('jtj');
    expect(asked.facts.coDepartmentIds).toEqual(['jtj']);
    expect(asked.facts.specialistId).toBe('specialist-1');
    expect(audienceOf(asked.facts)).toContain('department:jtj');
    expect(possibleStepsOfCoDepartment(asked.facts, 'jtj')).toEqual(['GiveOpinion']);
    expect(possibleStepsOfCoDepartment(asked.facts, 'spj')).toEqual([]);
    expect(caseTiming(asked.facts, limited).redAt).not.toBeNull();
  });

  it('is waited for without a limit too', () => {
    const story = stories.taken.step('RequestOpinion', who.department, '2026-09-30T11:00');
    expect(story.due('opinion/1/1')).toBeNull();
    expect(story.step('GiveOpinion', education, '2026-10-20T11:00').facts.opinions[0]?.givenAt).toBe(at('2026-10-20T11:00'));
  });

  it('is given by the department that was asked, by nobody for it', () => {
    expect(answered.clock('opinion/1/2').stoppedAt).toBe(at('2026-10-08T17:00'));
    expect(answered.clock('opinion/1/1').stoppedAt).toBeNull();
    given(answered.past).when(command('GiveOpinion'), told(education, '2026-10-09T09:00')).thenRefused('opinion-not-asked');
    given(stories.taken.step('RequestOpinion', who.specialist, '2026-09-30T11:00').past)
      .when(command('GiveOpinion'), told(who.department, '2026-09-30T11:10'))
      .thenRefused('opinion-not-asked');
    given(taken.past).when(command('GiveOpinion'), told(education, '2026-09-30T11:10')).thenRefused('not-yours');
    given(asked.past).when(command('SubmitResult'), told(education, '2026-09-30T11:10')).thenRefused('not-yours');
  });

  it('is asked of others than the lead, one at a time, while the clocks run', () => {
    ask('ybj').thenRefused('opinion-of-lead', { field: 'departmentId' });
    ask('nowhere').thenRefused('department-not-found', { field: 'departmentId' });
    ask('jtj', who.specialist, asked).thenRefused('opinion-asked-already', { field: 'departmentId' });
    ask('jtj', who.window).thenRefused('role-not-allowed');
    ask('jtj', education).thenRefused('not-yours');
    ask('jtj', who.specialist, stories.paused).thenRefused('illegal-step');
    const again = answered.step('RequestOpinion', who.specialist, '2026-10-09T09:00', more);
    expect(again.facts.opinions.map(({ clockId }) => clockId)).toEqual(['opinion/1/1', 'opinion/1/2', 'opinion/1/3']);
    expect(again.facts.coDepartmentIds).toEqual(['jtj']);
  });

  it('waits in a pause, and does not free the specialist from acting', () => {
    const paused = asked.step('PauseClock', who.specialist, '2026-10-08T10:00');
    expect(paused.due('opinion/1/2', limited)).toBeNull();
    const given = paused.step('GiveOpinion', education, '2026-10-09T10:00');
    expect(given.step('ResumeClock', who.specialist, '2026-10-10T10:00').clock('opinion/1/2').stoppedAt).toBe(
      at('2026-10-09T10:00'),
    );
  });
});
