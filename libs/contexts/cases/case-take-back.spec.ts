import { specOf } from '../../kernel/spec-dsl.js';
import { foldChannels } from '../channels/facts.js';
import { at, command, type Person, type Story, stories, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);
const channels = foldChannels(told(who.window, '2026-09-30T10:00').channels, {
  type: 'ReturnAfterSet',
  data: { departmentId: 'ybj', workingMinutes: 120, effectiveFrom: '2026-01-01' },
});
const step = (story: Story, name: Parameters<Story['step']>[0], by: Person, when: string) =>
  story.step(name, by, when, { channels });
/** Taken on the last afternoon before eight days off: two hours of office time end on Thursday 8 October, 10:00. */
const taken = step(stories.signedFor, 'TakeCase', who.specialist, '2026-09-30T16:00');
const DUE = '2026-10-08T02:00:00.000Z';
const fire = (due = DUE, specialistId = 'specialist-1') => command('ReturnToQueue', { specialistId, due });
const firing = (when: string) => told(who.system, when);

describe('a case nobody acts on', () => {
  it('says when it is taken until when it waits, in office time', () => {
    expect(taken.past.at(-1)!.event.data).toEqual({ specialistId: 'specialist-1', returnDue: DUE });
    expect(taken.facts.takeBack).toEqual({ due: at('2026-10-08T10:00'), cause: `event-${taken.past.length - 1}` });
  });

  it('goes back to its department’s queue when the time is over, once', () => {
    const back = { type: 'CaseReturnedToQueue', data: { specialistId: 'specialist-1', due: DUE } } as const;
    const state = given(taken.past).when(fire(), firing('2026-10-08T10:00')).then([back]);
    expect(state).toMatchObject({ specialistId: null, departmentId: 'ybj', status: 'SIGNED_FOR', takeBack: null });
    given([...taken.past, back])
      .when(fire(), firing('2026-10-08T10:01'))
      .then([]);
    given(taken.past).when(fire(), firing('2026-10-08T09:59')).then([]);
    given(taken.past).when(fire('2026-10-08T02:00:01.000Z'), firing('2026-10-08T10:01')).then([]);
    given(taken.past).when(fire(DUE, 'specialist-2'), firing('2026-10-08T10:01')).then([]);
  });

  it.each<[string, Story]>([
    ['the specialist contacts the requester', step(taken, 'ContactRequester', who.specialist, '2026-09-30T16:10')],
    ['the department pauses', step(taken, 'PauseClock', who.department, '2026-09-30T16:10')],
    ['it is withdrawn', step(taken, 'WithdrawCase', who.talent, '2026-09-30T16:10')],
  ])('waits no more when %s', (_, story) => {
    expect(story.facts.takeBack).toBeNull();
    given(story.past).when(fire(), firing('2026-10-08T10:01')).then([]);
  });

  it('still waits when others do something', () => {
    const late = step(stories.signedFor, 'RequestExtension', who.department, '2026-09-30T15:00');
    const again = step(late, 'TakeCase', who.specialist, '2026-09-30T16:00');
    expect(step(again, 'GrantExtension', who.supervisor, '2026-09-30T16:10').facts.takeBack?.due).toBe(at('2026-10-08T10:00'));
  });

  it('still waits when somebody only writes a note', () => {
    for (const by of [who.specialist, who.department])
      expect(step(taken, 'AddNote', by, '2026-09-30T16:10').facts.takeBack?.due).toBe(at('2026-10-08T10:00'));
    expect(step(taken, 'SendMessage', who.specialist, '2026-09-30T16:10').facts.takeBack).toBeNull();
  });

  it('waits anew for whoever gets it next', () => {
    const back = step(taken, fire(), who.system, '2026-10-08T10:00');
    const assigned = step(back, 'AssignCase', who.window, '2026-10-08T10:30');
    expect(assigned.facts.takeBack?.due).toBe(at('2026-10-08T14:00') - 30 * 60_000);
    const passed = step(assigned, 'HandOverCase', who.system, '2026-10-08T11:00');
    expect(passed.facts).toMatchObject({ specialistId: 'specialist-2', takeBack: { due: at('2026-10-08T14:00') } });
    given(passed.past).when(command('HandOverCase'), told(who.system, '2026-10-08T11:01')).then([]);
  });

  it('is not waited for where the department sets no time', () => {
    expect(stories.taken.facts.takeBack).toBeNull();
    expect(stories.taken.past.at(-1)!.event.data).toEqual({ specialistId: 'specialist-1' });
  });
});
