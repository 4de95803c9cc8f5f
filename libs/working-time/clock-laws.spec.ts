import fc from 'fast-check';
import { cnLanshanCalendar, cnLanshanHistory } from './calendars/cn-lanshan.js';
import { type ClockState, extendClock, pauseClock, promiseClock, resumeClock, startClock, stopClock } from './clock.js';
import { clockThresholds, clockView, dueInputOf, missedDue } from './clock-view.js';
import { compileCalendar } from './compiled-calendar.js';
import { deriveDue } from './due.js';
import { parseInstant } from './instant.js';
import { DEFAULT_LIGHT_POLICY } from './lights.js';
import type { Limit } from './limit.js';

const calendar = compileCalendar(cnLanshanCalendar());
const at = (local: string) => parseInstant(`${local}+08:00`);
const MONDAY = at('2026-10-12T10:00');
const wd = (days: number): Limit => ({ kind: 'workingDays', days });
const minutes = (n: number): Limit => ({ kind: 'workingTime', minutes: n });
const promise = (limit: Limit, startedAt = MONDAY) =>
  promiseClock({ kind: 'handling', cycle: 1, n: 1, limit, policyVersion: 'p1', startedAt }, calendar);
const start = (limit: Limit, startedAt = MONDAY) => startClock(promise(limit, startedAt), 'dispatched');
const view = (state: ClockState, now: number) => clockView(state, calendar, DEFAULT_LIGHT_POLICY, now);

describe('laws of the clock', () => {
  const limit: fc.Arbitrary<Limit> = fc.oneof(
    fc.integer({ min: 1, max: 3000 }).map(minutes),
    fc.integer({ min: 1, max: 9 }).map(wd),
    fc.integer({ min: 1, max: 9 }).map((days): Limit => ({ kind: 'naturalDays', days })),
    fc.nat(9 * 86_400_000).map((ms): Limit => ({ kind: 'calendarWindow', at: MONDAY + ms })),
  );
  const later = fc.nat(9 * 86_400_000).map((ms) => MONDAY + ms);

  /** A running clock with a history of pauses. */
  const running = fc.tuple(limit, fc.uniqueArray(later, { maxLength: 6 })).map(([any, marks]) => {
    const sorted = marks.sort((a, b) => a - b);
    return sorted
      .slice(0, sorted.length - (sorted.length % 2))
      .reduce((state, instant, i) => (i % 2 ? resumeClock : pauseClock)(state, { at: instant }), start(any));
  });

  it('a resume at the instant of the pause changes nothing', () => {
    fc.assert(
      fc.property(running, later, later, (state, instant, now) => {
        expect(view(resumeClock(pauseClock(state, { at: instant }), { at: instant }), now)).toEqual(view(state, now));
      }),
    );
  });

  it('stopped at the due it is on time, one millisecond later it is not', () => {
    fc.assert(
      fc.property(running, later, (state, now) => {
        const { due } = view(state, now);
        expect(view(stopClock(state, { at: due! }), now)).toMatchObject({ due, onTime: true, overdue: false });
        expect(view(stopClock(state, { at: due! + 1 }), now)).toMatchObject({ due, onTime: false, overdue: true });
      }),
    );
  });

  it('the order of granting and pausing plays no part', () => {
    const grants = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(running, grants, later, later, (state, days, instant, now) => {
        const grant = (own: ClockState, list: number[]) =>
          list.reduce((s, workingDays) => extendClock(s, { at: instant, workingDays }), own);
        const before = pauseClock(grant(state, days), { at: instant });
        const after = grant(pauseClock(state, { at: instant }), [...days].reverse());
        expect(view(before, now)).toEqual(view(after, now));
      }),
    );
  });

  it('overdue, light and thresholds agree, and the row of the thresholds is that of the view', () => {
    fc.assert(
      fc.property(running, fc.boolean(), later, later, (state, pausing, instant, now) => {
        const own = pausing ? pauseClock(state, { at: instant }) : state;
        const seen = view(own, now);
        expect(clockThresholds(own, calendar, DEFAULT_LIGHT_POLICY)).toEqual(seen.thresholds);
        expect(missedDue(own, calendar, now)).toBe(seen.overdue ? seen.due : null);
        if (seen.light !== null) expect(seen.light === 'RED' || seen.light === 'SEVERE').toBe(seen.overdue);
      }),
    );
  });

  it('what is used and what is left of minutes make up the budget', () => {
    fc.assert(
      fc.property(running, later, (state, now) => {
        fc.pre(state.limit.kind === 'workingTime' && state.pauses.every(({ to }) => to! <= now));
        const { usedMinutes, remaining } = view(state, now);
        expect(Math.round((usedMinutes + remaining!.officeMinutes) * 60_000)).toBe(
          (state.limit as { minutes: number }).minutes * 60_000,
        );
      }),
    );
  });

  it('what was promised is what a replay under the recorded versions gives, however often the calendar changed since', () => {
    const began = fc.integer({ min: at('2019-01-02T00:00'), max: at('2026-11-01T00:00') });
    const versions = cnLanshanHistory();
    fc.assert(
      fc.property(limit, began, fc.nat(versions.length - 1), (any, startedAt, pick) => {
        const pinned = compileCalendar(versions[pick]!);
        fc.pre(pinned.covers(startedAt + 60 * 86_400_000));
        const recorded = promiseClock({ kind: 'total', cycle: 1, n: 1, limit: any, policyVersion: 1, startedAt }, pinned);
        const known = JSON.parse(JSON.stringify(versions)) as typeof versions;
        const state = startClock(JSON.parse(JSON.stringify(recorded)), 'accepted');
        const again = compileCalendar(known[state.calendarVersion - 1]!);
        expect(deriveDue(dueInputOf(state, again))).toEqual({ due: state.promisedDue, provisional: state.provisional });
      }),
      { numRuns: 200 },
    );
  });
});
