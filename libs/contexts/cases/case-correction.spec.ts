import { refusalOf } from '../../kernel/spec-dsl.js';
import { at, command, local, type Story, sealed, stories, TIME, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';
import { viewOf } from './clocks.js';
import type { CaseCommand } from './contract.js';

type Data<T extends CaseCommand['type']> = Extract<CaseCommand, { type: T }>['data'];

const iso = (wall: string) => new Date(at(wall)).toISOString();
const because = { reasonCode: 'RECORDED_LATE', reason: sealed('reason') };

/** A supervisor says at one wall time what happened at another. */
const stepTime = (story: Story, step: Data<'CorrectStepTime'>['step'], happened: string, toldAt: string): Story =>
  story.step(command('CorrectStepTime', { ...because, step }), who.supervisor, happened, { recordedAt: at(toldAt) });

const DUE = '2026-10-13T17:00';
/** Due Tuesday 17:00, recorded late, answered on Wednesday. */
const late = stories.contacted
  .step(command('RecordBreach', { clockId: 'handling/1/1', due: iso(DUE) }), who.system, DUE)
  .step(command('RecordBreach', { clockId: 'total/1/1', due: iso(DUE) }), who.system, DUE)
  .step('SubmitResult', who.specialist, '2026-10-14T10:00');

describe('a late fact', () => {
  it('moves the result to when it was really submitted, and takes the breaches back', () => {
    const story = stepTime(late, 'SUBMITTED', '2026-10-13T16:00', '2026-10-15T09:00');
    expect(story.past.slice(late.past.length).map(({ event }) => event)).toEqual([
      {
        type: 'StepTimeCorrected',
        data: {
          ...because,
          step: 'SUBMITTED',
          corrects: `event-${late.past.length - 1}`,
          was: iso('2026-10-14T10:00'),
          clockIds: ['total/1/1', 'handling/1/1'],
        },
      },
      { type: 'BreachWithdrawn', data: { clockId: 'total/1/1' } },
      { type: 'BreachWithdrawn', data: { clockId: 'handling/1/1' } },
    ]);
    expect(local(story.facts.submittedAt)).toBe('2026-10-13T16:00');
    expect([story.facts.standingBreaches, story.facts.corrections]).toEqual([[], 1]);
    expect(viewOf(story.clock('total/1/1'), TIME, at('2026-10-15T09:00'))).toMatchObject({ onTime: true, overdue: false });
  });

  it('can show as well that something was later than recorded; the timer judges it', () => {
    const story = stepTime(stories.submitted, 'SUBMITTED', '2026-10-14T09:00', '2026-10-15T09:00');
    const judged = story.step(command('RecordBreach', { clockId: 'total/1/1', due: iso(DUE) }), who.system, DUE);
    expect(judged.facts.standingBreaches).toEqual(['total/1/1']);
    const back = stepTime(judged, 'SUBMITTED', '2026-10-12T10:00', '2026-10-15T10:00');
    expect([back.facts.standingBreaches, back.facts.corrections]).toEqual([[], 2]);
  });

  it('tells of a contact nobody had recorded', () => {
    const missed = stories.taken
      .step(
        command('RecordBreach', { clockId: 'firstContact/1/1', due: iso('2026-09-30T14:10') }),
        who.system,
        '2026-09-30T14:10',
      )
      .step('SubmitResult', who.specialist, '2026-10-12T10:00');
    const story = stepTime(missed, 'CONTACTED', '2026-09-30T11:30', '2026-10-12T11:00');
    expect(story.past[missed.past.length]!.event).toMatchObject({ data: { corrects: null, was: null } });
    expect([local(story.facts.contactedAt), local(story.clock('firstContact/1/1').stoppedAt)]).toEqual([
      '2026-09-30T11:30',
      '2026-09-30T11:30',
    ]);
    expect(story.facts.standingBreaches).toEqual([]);
  });

  it('moves acceptance and with it the promise that runs; what was said that day stays', () => {
    const story = stepTime(stories.contacted, 'ACCEPTED', '2026-09-30T09:45', '2026-10-08T09:00');
    expect(local(story.clock('total/1/1').startedAt)).toBe('2026-09-30T09:45');
    expect(story.clock('total/1/1').promisedDue).toBe(stories.contacted.clock('total/1/1').promisedDue);
  });

  it('moves the signature', () => {
    const story = stepTime(stories.contacted, 'SIGNED_FOR', '2026-09-30T10:20', '2026-10-08T09:00');
    expect(local(story.clock('signFor/1/1').stoppedAt)).toBe('2026-09-30T10:20');
  });

  it.each([
    ['after what came next', stories.submitted, 'SIGNED_FOR', '2026-10-12T10:01', '2026-10-13T09:00', 'occurred-out-of-order'],
    ['before what came first', stories.submitted, 'CONTACTED', '2026-09-30T10:09', '2026-10-13T09:00', 'occurred-out-of-order'],
    ['in the future', stories.submitted, 'SUBMITTED', '2026-10-13T09:01', '2026-10-13T09:00', 'occurred-in-future'],
    ['as it was', stories.submitted, 'SUBMITTED', '2026-10-12T10:00', '2026-10-13T09:00', 'nothing-to-correct'],
    ['of a step that was not taken', stories.contacted, 'SUBMITTED', '2026-10-08T09:00', '2026-10-13T09:00', 'step-not-taken'],
    [
      'of a signature that was never given',
      stories.dispatched,
      'SIGNED_FOR',
      '2026-09-30T10:20',
      '2026-10-13T09:00',
      'step-not-taken',
    ],
  ] as const)('is refused %s', (_, story, step, happened, toldAt, code) => {
    expect(refusalOf(() => stepTime(story, step, happened, toldAt))).toMatchObject({ code });
  });

  it('is told by nobody who handled the case', () => {
    const handler = { ...who.supervisor, actor: { ...who.specialist.actor, role: 'supervisor' as const } };
    const facts = told(handler, '2026-10-11T10:00', { recordedAt: at('2026-10-13T09:00') });
    const decide = () => caseDecider.decide(command('CorrectStepTime', { step: 'SUBMITTED' }), stories.submitted.state, facts);
    expect(refusalOf(decide)).toMatchObject({ code: 'handler-may-not-correct' });
  });
});

describe('a pause that was recorded wrongly', () => {
  const pauseId = `event-${stories.paused.past.length - 1}`;
  const put = (story: Story, data: Partial<Data<'CorrectPause'>>, when: string) =>
    story.step(command('CorrectPause', { ...because, pauseId, voided: false, ...data }), who.supervisor, when);

  it('never was: the clocks go on as if it had not been', () => {
    const story = put(stories.paused, { voided: true }, '2026-10-09T10:00');
    expect([story.facts.pausedSince, story.due('total/1/1')]).toEqual([null, stories.contacted.due('total/1/1')]);
    expect(story.step('SubmitResult', who.specialist, '2026-10-09T11:00').facts.status).toBe('SUBMITTED');
  });

  it('ended earlier than somebody resumed', () => {
    const resumed = stories.paused.step('ResumeClock', who.specialist, '2026-10-12T10:00');
    const story = put(resumed, { to: iso('2026-10-09T10:00') }, '2026-10-13T09:00');
    expect([resumed.due('total/1/1'), story.due('total/1/1')]).toEqual(['2026-10-16T17:00', '2026-10-14T17:00']);
    expect(story.clock('total/1/1').pauses).toMatchObject([{ cause: pauseId, endedBy: `event-${resumed.past.length}` }]);
  });

  it('ends by being told when it really did', () => {
    const story = put(stories.paused, { to: iso('2026-10-08T16:00') }, '2026-10-09T10:00');
    expect([story.facts.pausedSince, story.facts.pausedClockIds]).toEqual([null, []]);
  });

  it('had another reason, and lasts', () => {
    const story = put(stories.paused, { pauseReasonCode: 'EXPERT_REVIEW' }, '2026-10-09T10:00');
    expect(story.facts).toMatchObject({ pauseReasonCode: 'EXPERT_REVIEW', pausedSince: at('2026-10-08T10:00') });
  });

  it('began by a notice of missing materials, which is as old as its pause', () => {
    const asked = stories.contacted.step('RequestSupplement', who.specialist, '2026-10-08T10:00');
    const data = { ...because, pauseId: `event-${asked.past.length - 1}`, voided: false, from: iso('2026-10-08T11:00') };
    const story = asked.step(command('CorrectPause', data), who.supervisor, '2026-10-09T10:00');
    const began = at('2026-10-08T11:00');
    expect(story.facts).toMatchObject({ pausedSince: began, supplement: { until: '2026-10-20', at: began } });
  });

  it('takes back a breach, and one that is shortened brings it', () => {
    const dueMoved = late.step(
      command('RecordLatePause', { ...because, from: iso('2026-10-12T09:00'), to: iso('2026-10-13T17:00') }),
      who.supervisor,
      '2026-10-15T09:00',
    );
    expect(dueMoved.facts.standingBreaches).toEqual([]);
    expect(dueMoved.due('handling/1/1')).toBe('2026-10-15T17:00');
  });

  it.each([
    [{ pauseId: 'event-0' }, 'pause-not-found', 'pauseId'],
    [{}, 'nothing-to-correct', 'pauseId'],
    [{ voided: true, to: iso('2026-10-09T09:00') }, 'pause-void-alone', 'voided'],
    [{ to: iso('2026-10-08T09:00') }, 'pause-span-reversed', 'to'],
    [{ to: iso('2026-10-10T09:00') }, 'occurred-in-future', 'to'],
    [{ from: iso('2026-09-30T09:00') }, 'occurred-out-of-order', 'from'],
  ] as const)('is refused as %j: %s', (data, code, field) => {
    expect(refusalOf(() => put(stories.paused, data, '2026-10-09T10:00'))).toMatchObject({ code, details: { field } });
  });
});

describe('a wrong answer', () => {
  it('is put right in what reports count', () => {
    const story = stories.calledBack
      .step(command('CorrectResult', { outcome: 'REFERRED' }), who.supervisor, '2026-10-13T09:00')
      .step(command('CorrectCallback', { n: 1 }), who.supervisor, '2026-10-13T09:01');
    expect(story.facts).toMatchObject({
      outcome: 'REFERRED',
      callbacks: [{ at: at('2026-10-12T14:00'), resolved: false, satisfaction: 2 }],
      corrections: 2,
    });
  });

  it.each([
    ['CorrectResult', { outcome: 'SOLVED' }, 'nothing-to-correct', 'outcome'],
    ['CorrectCallback', { n: 2 }, 'callback-not-found', 'n'],
    ['CorrectCallback', { n: 1, resolved: true, satisfaction: 4 }, 'nothing-to-correct', 'n'],
    ['CorrectCallback', { n: 1, reachability: 'UNREACHABLE' }, 'callback-without-answer', 'resolved'],
  ] as const)('%s %j is refused: %s', (type, data, code, field) => {
    const ask = () => stories.calledBack.step(command(type, data as never), who.supervisor, '2026-10-13T09:00');
    expect(refusalOf(ask)).toMatchObject({ code, details: { field } });
  });
});
