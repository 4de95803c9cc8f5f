import { cnLanshanHistory } from '@huicai/working-time';
import { supposedChange } from '../calendar/changes/preview.js';
import { type CalendarFacts, changesKnownAt, foldCalendar, knownVersion, type TimeReference } from '../calendar/facts.js';
import { at, command, PLAIN_POLICY, stories, told, who } from './case.fixture.js';
import { explanationOf } from './clock-explanation.pages.js';

/** An office that began in 2019, with today's list and limits; one version of the calendar for each notice. */
const policy = { versions: [{ ...PLAIN_POLICY, effectiveFrom: '2019-01-01' }] };
const published: CalendarFacts = { versions: cnLanshanHistory().map((version) => knownVersion(version, 0)) };
const under = (calendar: CalendarFacts): TimeReference => ({ calendar, policy });
const list = Object.values(told(who.window, 0).catalogue.versions).map((one) => ({ ...one, effectiveFrom: '2019-01-01' }));
const catalogue = { tagLists: [], versions: Object.fromEntries(list.map((one) => [one.version, one])) };

/** One working day is promised on the last one before the Spring Festival, which then was to end on 30 January. */
const enquiry = stories.empty
  .step(command('RegisterCase', { urgency: 'ENQUIRY' }), who.window, '2020-01-23T09:30', { catalogue })
  .step('AcceptCase', who.window, '2020-01-23T10:00', { time: under(published) });

const FEBRUARY = '2020-02-03T17:00';
const JANUARY = '2020-01-31T17:00';
const PROLONGED = at('2020-01-27T12:00');
const TO = { changeId: 'change-1', to: 4, reason: '延长春节假期' };
const apply = (change: object, when = PROLONGED, facts = published) =>
  foldCalendar(
    facts,
    { type: 'CalendarChangeApplied', data: { ...TO, ...change, approvedBy: 'supervisor-1' } as never },
    { occurredAt: when },
  );
const retroactive = apply({ mode: 'retroactive', fromDay: null });
const due = (calendar: CalendarFacts, story = enquiry) => story.due('total/1/1', under(calendar));

describe('the Spring Festival of 2020, prolonged on 27 January while it ran', () => {
  it('moves what was due on 31 January, by the preview as by the change, from a day on as from the start', () => {
    expect(enquiry.clock('total/1/1').calendarVersion).toBe(3);
    expect(due(published)).toBe(JANUARY);
    expect(due(supposedChange(published, 'cn-lanshan', { mode: 'retroactive', to: 4 }, PROLONGED))).toBe(FEBRUARY);
    expect(due(retroactive)).toBe(FEBRUARY);
    expect(due(apply({ mode: 'prospective', fromDay: '2020-01-31' }))).toBe(FEBRUARY);
    // From Saturday 1 February on it is a day off again, when it is too late to be of use.
    expect(due(apply({ mode: 'prospective', fromDay: '2020-02-01' }))).toBe(JANUARY);
    expect(due(apply({ mode: 'keep', fromDay: null }))).toBe(JANUARY);
  });

  it('is explained as of 26 January by what was known then, and as of 28 January by the change', () => {
    const explain = (calendar: CalendarFacts, when: string) =>
      explanationOf(enquiry.clock('total/1/1'), changesKnownAt(under(calendar), at(when)), at(when));
    expect(explain(retroactive, '2020-01-26T10:00')).toMatchObject({
      due: '2020-01-31T17:00:00+08:00',
      calendar: { version: 3, promisedUnder: 3 },
      changes: [],
    });
    const after = explain(retroactive, '2020-01-28T10:00');
    expect(after).toMatchObject({
      due: '2020-02-03T17:00:00+08:00',
      promisedDue: '2020-01-31T17:00:00+08:00',
      calendar: { version: 4, promisedUnder: 3 },
      changes: [{ changeId: 'change-1', appliedAt: '2020-01-27T12:00:00+08:00' }],
    });
    const undone = foldCalendar(
      retroactive,
      { type: 'CalendarChangeUndone', data: { changeId: 'change-1', reason: '撤回', approvedBy: 'supervisor-1' } },
      { occurredAt: at('2020-01-29T10:00') },
    );
    expect(due(undone)).toBe(JANUARY);
    expect(explain(undone, '2020-01-28T10:00').due).toBe(after.due);
    expect(explain(undone, '2020-01-30T10:00').due).toBe('2020-01-31T17:00:00+08:00');
  });

  it('leaves a breach that it moves to be withdrawn, and one that it does not', () => {
    const breach = command('RecordBreach', { clockId: 'total/1/1', due: new Date(at(JANUARY)).toISOString() });
    const late = enquiry.step(breach, who.system, at(JANUARY) + 60_000, { time: under(published) });
    expect(late.facts.standingBreaches).toEqual(['total/1/1']);
    const standing = (calendar: CalendarFacts) =>
      late.step(breach, who.system, at('2020-02-01T10:00'), { time: under(calendar) }).facts.standingBreaches;
    expect(standing(published)).toEqual(['total/1/1']);
    expect(standing(retroactive)).toEqual([]);
  });

  it('moves no clock that had stopped before it, nor one that started after it', () => {
    const withdrawn = (when: string) => enquiry.step('WithdrawCase', who.window, when);
    expect(due(retroactive, withdrawn('2020-01-27T11:59'))).toBe(JANUARY);
    expect(due(retroactive, withdrawn('2020-01-27T12:00'))).toBe(JANUARY);
    expect(due(retroactive, withdrawn('2020-01-27T12:01'))).toBe(FEBRUARY);
    expect(due(apply({ mode: 'retroactive', fromDay: null }, at('2020-01-23T09:59')))).toBe(JANUARY);
  });

  it('keeps pauses and extensions through the change', () => {
    const paused = enquiry
      .step(command('DispatchCase', { departmentId: 'ybj' }), who.window, '2020-01-23T10:10', { time: under(published) })
      .step('SignForCase', who.department, '2020-01-23T10:20')
      .step('PauseClock', who.department, '2020-01-23T11:00')
      .step('ResumeClock', who.department, '2020-02-03T17:00');
    // All of Monday 3 February was paused, and the day is given back.
    expect(due(retroactive, paused)).toBe('2020-02-04T17:00');
  });
});
