import fc from 'fast-check';
import { cnLanshanCalendar, cnLanshanHistory } from './calendars/cn-lanshan.js';
import { type CompiledCalendar, compileCalendar, spliceCalendars } from './compiled-calendar.js';
import { deriveDue } from './due.js';
import { parseInstant } from './instant.js';
import { parseLocalDate } from './local-date.js';

const versions = cnLanshanHistory().map(compileCalendar);
const first = parseLocalDate('2020-01-01', 'day');
const last = parseLocalDate('2021-12-31', 'day');
const day = fc.integer({ min: first, max: last });
const version = fc.constantFrom(...versions);
const start = fc.integer({ min: parseInstant('2020-01-01T00:00:00+08:00'), max: parseInstant('2021-12-01T00:00:00+08:00') });
const days = fc.integer({ min: 1, max: 30 });
const due = (calendar: CompiledCalendar, from: number, n: number) =>
  deriveDue({ start: from, limit: { kind: 'workingDays', days: n }, calendar });

describe('a calendar that another one follows from a day on', () => {
  it('has the days of the one before the cut and of the other from the cut on, and the version of the other', () => {
    fc.assert(
      fc.property(version, version, day, day, (before, after, cut, any) => {
        const spliced = spliceCalendars(before, after, cut);
        const of = any < cut ? before : after;
        expect(spliced.version).toBe(after.version);
        expect(spliced.patternOn(any)).toEqual(of.patternOn(any));
        expect(spliced.factsOf(any)).toEqual(of.factsOf(any));
        expect(spliced.isProvisional(any, any)).toBe(of.isProvisional(any, any));
      }),
    );
  });

  it('is that calendar when it follows itself', () => {
    fc.assert(
      fc.property(version, day, start, days, (one, cut, from, n) => {
        expect(due(spliceCalendars(one, one, cut), from, n)).toEqual(due(one, from, n));
      }),
    );
  });

  it('answers as the one for all that is over before the cut, and as the other for all that starts from it on', () => {
    fc.assert(
      fc.property(version, version, day, start, days, (before, after, cut, from, n) => {
        const spliced = spliceCalendars(before, after, cut);
        const under = due(before, from, n);
        if (before.dayOf(under.due!) < cut) expect(due(spliced, from, n)).toEqual(under);
        if (after.dayOf(from) >= cut) expect(due(spliced, from, n)).toEqual(due(after, from, n));
      }),
    );
  });

  it('gives more days no earlier due', () => {
    fc.assert(
      fc.property(version, version, day, start, days, (before, after, cut, from, n) => {
        const spliced = spliceCalendars(before, after, cut);
        expect(due(spliced, from, n + 1).due!).toBeGreaterThan(due(spliced, from, n).due!);
      }),
    );
  });

  it('reaches no further than its parts', () => {
    const one = compileCalendar(cnLanshanCalendar());
    expect(() => spliceCalendars(one, one, parseLocalDate('2099-01-01', 'day'))).toThrow('covers');
    const elsewhere = compileCalendar({ ...cnLanshanCalendar(), zone: 'Asia/Kathmandu' });
    expect(() => spliceCalendars(one, elsewhere, parseLocalDate('2026-01-01', 'day'))).toThrow('can not follow');
  });
});
