import { specOf } from '../../kernel/spec-dsl.js';
import { at, command, sealed, stories, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);

const DUE = at('2026-10-13T17:00');
const LATER = '2026-10-14T12:00';
const breach = (clockId: string) => command('RecordBreach', { clockId, due: new Date(DUE).toISOString() });
const missed = stories.contacted.step(breach('total/1/1'), who.system, DUE).step(breach('handling/1/1'), who.system, DUE);
const excuse = (clockId = 'handling/1/1') => command('ExcuseBreach', { clockId, reasonCode: 'SYSTEM_OUTAGE' });
const excused = missed.step(excuse(), who.supervisor, LATER);

describe('excusing a breach', () => {
  it('names the clock, why, and who answers for it; the breach goes on standing', () => {
    const state = given(missed.past)
      .when(excuse(), told(who.supervisor, LATER))
      .then([
        {
          type: 'BreachExcused',
          data: { clockId: 'handling/1/1', reasonCode: 'SYSTEM_OUTAGE', reason: sealed('reason'), approvedBy: 'user-supervisor' },
        },
      ]);
    expect(state?.standingBreaches).toEqual(['total/1/1', 'handling/1/1']);
    expect(state?.excuses).toEqual([
      { clockId: 'handling/1/1', at: at(LATER), reasonCode: 'SYSTEM_OUTAGE', approvedBy: 'user-supervisor' },
    ]);
  });

  it('is said of each breach by itself, and once', () => {
    given(excused.past).when(excuse(), told(who.supervisor, LATER)).thenRefused('breach-already-excused', { field: 'clockId' });
    const both = given(excused.past).when(excuse('total/1/1'), told(who.supervisor, LATER));
    expect(both.then([expect.objectContaining({ type: 'BreachExcused' })] as never)?.excuses).toHaveLength(2);
  });

  it('is not for a clock without a standing breach', () => {
    given(missed.past)
      .when(excuse('signFor/1/1'), told(who.supervisor, LATER))
      .thenRefused('breach-not-standing', { field: 'clockId' });
    given(stories.contacted.past).when(excuse(), told(who.supervisor, LATER)).thenRefused('illegal-step');
  });

  it('is nothing that one does for oneself', () => {
    const handler = { ...who.supervisor, actor: { ...who.supervisor.actor, id: who.specialist.actor.id } };
    given(missed.past).when(excuse(), told(handler, LATER)).thenRefused('handler-may-not-excuse');
  });

  it('is possible after the case was closed, and of a cycle that is sealed', () => {
    const closed = missed
      .step('SubmitResult', who.specialist, '2026-10-14T10:00')
      .step('AcceptResult', who.window, '2026-10-14T10:10')
      .step('RecordCallback', who.window, '2026-10-14T10:20')
      .step('CloseCase', who.window, '2026-10-14T10:30');
    const again = closed.step('ReopenCase', who.supervisor, '2026-10-14T11:00');
    for (const story of [closed, again])
      expect(story.step(excuse(), who.supervisor, LATER).facts.excuses.map(({ clockId }) => clockId)).toEqual(['handling/1/1']);
  });

  it('falls away with the breach, and a breach that comes again is not excused', () => {
    const asked = stories.extensionAsked.step(breach('handling/1/1'), who.system, DUE).step(excuse(), who.supervisor, LATER);
    const granted = asked.step('GrantExtension', who.supervisor, '2026-10-14T13:00');
    expect(granted.facts).toMatchObject({ standingBreaches: [], excuses: [] });
    const due = at('2026-10-20T17:00');
    const again = command('RecordBreach', { clockId: 'handling/1/1', due: new Date(due).toISOString() });
    expect(granted.step(again, who.system, due).facts).toMatchObject({ standingBreaches: ['handling/1/1'], excuses: [] });
  });
});

describe('taking an excuse back', () => {
  const back = (clockId = 'handling/1/1') => command('WithdrawExcuse', { clockId, reasonCode: 'NOT_JUSTIFIED' });

  it('leaves the breach standing as it was, to be excused again', () => {
    const state = given(excused.past)
      .when(back(), told(who.supervisor, LATER))
      .then([
        {
          type: 'ExcuseWithdrawn',
          data: { clockId: 'handling/1/1', reasonCode: 'NOT_JUSTIFIED', reason: sealed('reason') },
        },
      ]);
    expect(state).toMatchObject({ standingBreaches: ['total/1/1', 'handling/1/1'], excuses: [] });
    expect(excused.step(back(), who.supervisor, LATER).step(excuse(), who.supervisor, LATER).facts.excuses).toHaveLength(1);
  });

  it('is not for what was never excused', () => {
    given(excused.past)
      .when(back('total/1/1'), told(who.supervisor, LATER))
      .thenRefused('breach-not-excused', { field: 'clockId' });
    given(missed.past).when(back(), told(who.supervisor, LATER)).thenRefused('illegal-step');
  });
});
