import { cnLanshanCalendar } from './calendars/cn-lanshan.js';
import {
  type ClockState,
  continueClock,
  extendClock,
  pauseClock,
  promiseClock,
  recordBreach,
  resumeClock,
  sealClock,
  startClock,
  stopClock,
  withdrawBreach,
} from './clock.js';
import { clockView, explainClock, missedDue } from './clock-view.js';
import { compileCalendar } from './compiled-calendar.js';
import { formatInstant, parseInstant } from './instant.js';
import { DEFAULT_LIGHT_POLICY, NO_LIGHT } from './lights.js';
import type { Limit } from './limit.js';

const calendar = compileCalendar(cnLanshanCalendar());
const at = (local: string) => parseInstant(`${local}+08:00`);
const show = (instant: number | null) => (instant === null ? null : formatInstant(instant, 'Asia/Shanghai').slice(0, 16));
const MONDAY = at('2026-10-12T10:00');
const wd = (days: number): Limit => ({ kind: 'workingDays', days });
const minutes = (n: number): Limit => ({ kind: 'workingTime', minutes: n });
const promise = (limit: Limit, startedAt = MONDAY) =>
  promiseClock({ kind: 'handling', cycle: 1, n: 1, limit, policyVersion: 'p1', startedAt }, calendar);
const start = (limit: Limit, startedAt = MONDAY) => startClock(promise(limit, startedAt), 'dispatched');
const view = (state: ClockState, now: number) => clockView(state, calendar, DEFAULT_LIGHT_POLICY, now);

describe('a clock', () => {
  it('is promised and started', () => {
    expect(promise(wd(5))).toEqual({
      clockId: 'handling/1/1',
      kind: 'handling',
      cycle: 1,
      n: 1,
      limit: wd(5),
      calendarId: 'cn-lanshan',
      calendarVersion: 1,
      policyVersion: 'p1',
      startedAt: MONDAY,
      promisedDue: at('2026-10-19T17:00'),
      provisional: false,
    });
    const state = start(wd(5));
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(view(state, at('2026-10-13T18:00'))).toEqual({
      status: 'RUNNING',
      due: at('2026-10-19T17:00'),
      dueIfResumedNow: at('2026-10-19T17:00'),
      provisional: false,
      usedMinutes: 420,
      usedWorkingDays: 1,
      remaining: { officeMinutes: 4 * 420, workingDays: 4 },
      thresholds: { yellowAt: at('2026-10-16T17:00'), redAt: at('2026-10-19T17:00'), severeAt: at('2026-10-26T17:00') },
      light: 'GREEN',
      overdue: false,
      onTime: null,
    });
  });

  it('paused shows no light and no due, but the one if resumed now', () => {
    const state = pauseClock(start(wd(5)), { at: at('2026-10-13T10:00'), cause: 'supplement' });
    const paused = view(state, at('2026-10-15T15:00'));
    expect(paused).toMatchObject({
      status: 'PAUSED',
      due: null,
      light: null,
      thresholds: NO_LIGHT,
      overdue: false,
      onTime: null,
    });
    expect(show(paused.dueIfResumedNow)).toBe('2026-10-21T17:00');
    expect(paused.usedMinutes).toBe(60);
    const resumed = view(resumeClock(state, { at: at('2026-10-15T15:00') }), at('2026-10-15T15:00'));
    expect(resumed).toMatchObject({ status: 'RUNNING', due: paused.dueIfResumedNow, light: 'GREEN' });
    expect(resumed.remaining).toEqual(paused.remaining);
  });

  it('paused says when the due it would have is provisional', () => {
    const state = pauseClock(start(wd(5), at('2026-12-21T10:00')), { at: at('2026-12-22T10:00') });
    expect(view(state, at('2026-12-22T11:00')).provisional).toBe(false);
    expect(view(state, at('2026-12-31T11:00')).provisional).toBe(true);
  });

  it('a pause does not stop a window', () => {
    const window: Limit = { kind: 'calendarWindow', at: at('2026-10-16T12:00') };
    const state = pauseClock(start(window), { at: at('2026-10-13T10:00') });
    expect(view(state, at('2026-10-15T17:00'))).toMatchObject({ status: 'RUNNING', due: window.at, light: 'YELLOW' });
    expect(view(state, at('2026-10-16T13:00'))).toMatchObject({ light: 'RED', overdue: true });
  });

  it('a pause does not hide that the due had passed', () => {
    const state = pauseClock(start(minutes(60)), { at: at('2026-10-12T11:30') });
    expect(view(state, at('2026-10-12T14:00'))).toMatchObject({
      status: 'PAUSED',
      light: null,
      overdue: true,
      due: at('2026-10-12T11:00'),
    });
    expect(view(state, at('2026-10-12T14:00')).remaining).toEqual({ officeMinutes: -30, workingDays: 0 });
  });

  it('without a limit it keeps the time only', () => {
    const state = start({ kind: 'none' });
    expect(view(state, at('2026-10-12T14:00'))).toMatchObject({
      status: 'RUNNING',
      due: null,
      light: null,
      remaining: null,
      usedMinutes: 180,
    });
    expect(view(stopClock(state, { at: at('2026-10-12T14:00') }), at('2026-10-20T14:00'))).toMatchObject({
      status: 'STOPPED',
      onTime: null,
      usedMinutes: 180,
    });
  });

  it('stopped is judged by its stop, whenever one looks', () => {
    const state = stopClock(start(minutes(60)), { at: at('2026-10-12T11:00'), cause: 'result' });
    const later = view(state, at('2026-11-12T11:00'));
    expect(later).toMatchObject({
      status: 'STOPPED',
      onTime: true,
      overdue: false,
      light: null,
      thresholds: NO_LIGHT,
      remaining: null,
      usedMinutes: 60,
    });
    expect(view(stopClock(start(minutes(60)), { at: at('2026-10-12T11:00') + 1 }), MONDAY)).toMatchObject({
      onTime: false,
      overdue: true,
    });
  });

  it('stopped while paused, the pause ends with it', () => {
    const state = stopClock(pauseClock(start(minutes(60)), { at: at('2026-10-12T10:59') }), {
      at: at('2026-10-14T10:00'),
      cause: 'result',
    });
    expect(state.pauses).toEqual([{ from: at('2026-10-12T10:59'), to: at('2026-10-14T10:00'), endedBy: 'result' }]);
    expect(view(state, at('2026-10-20T10:00'))).toMatchObject({ onTime: true, due: at('2026-10-14T10:01'), usedMinutes: 59 });
  });

  it('a stop entered late cuts off the pauses after it', () => {
    const paused = pauseClock(start(minutes(60)), { at: at('2026-10-12T11:30') });
    const state = stopClock(paused, { at: at('2026-10-12T10:30') });
    expect(view(state, at('2026-10-12T14:00'))).toMatchObject({ onTime: true, due: at('2026-10-12T11:00'), usedMinutes: 30 });
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  it('a stop entered late cuts the pause it lies in', () => {
    const paused = resumeClock(pauseClock(start(minutes(120)), { at: at('2026-10-12T11:00') }), { at: at('2026-10-12T12:00') });
    expect(view(paused, at('2026-10-12T13:00')).due).toBe(at('2026-10-12T14:00'));
    expect(view(stopClock(paused, { at: at('2026-10-12T11:30') }), at('2026-10-12T13:00')).due).toBe(at('2026-10-12T13:30'));
  });

  it('a window uses up working days through a pause', () => {
    const window: Limit = { kind: 'calendarWindow', at: at('2026-10-16T12:00') };
    const state = pauseClock(start(window), { at: at('2026-10-12T11:00') });
    expect(view(state, at('2026-10-14T17:00'))).toMatchObject({ usedWorkingDays: 2, usedMinutes: 55 * 60 });
    expect(view({ ...state, limit: wd(5) }, at('2026-10-14T17:00'))).toMatchObject({ usedWorkingDays: 0, usedMinutes: 0 });
  });

  it('goes on when the result is sent back; the review counts as a pause', () => {
    const stopped = stopClock(start(minutes(120)), { at: at('2026-10-12T11:00'), cause: 'result' });
    const state = continueClock(stopped, { at: at('2026-10-12T14:00'), cause: 'sent-back' });
    expect(state).not.toHaveProperty('stoppedBy');
    expect(state.pauses).toEqual([
      { from: at('2026-10-12T11:00'), to: at('2026-10-12T14:00'), cause: 'result', endedBy: 'sent-back' },
    ]);
    expect(view(state, at('2026-10-12T14:30'))).toMatchObject({
      status: 'RUNNING',
      due: at('2026-10-12T15:00'),
      usedMinutes: 90,
    });
    expect(explainClock(state, calendar, at('2026-10-12T14:30')).entries.map(({ reason }) => reason)).toEqual([
      'office',
      'paused',
      'office',
    ]);
  });

  it('sealed keeps its judgement', () => {
    const state = sealClock(stopClock(start(minutes(60)), { at: at('2026-10-12T12:00') }));
    expect(view(state, at('2026-10-20T10:00'))).toMatchObject({ status: 'SEALED', onTime: false });
    expect(sealClock(state)).toBe(state);
    expect(recordBreach(state, { at: at('2026-10-12T11:00') }).breachedAt).toBe(at('2026-10-12T11:00'));
  });

  it('a breach stands exactly while it equals the missed due', () => {
    const state = start(wd(1));
    const due = at('2026-10-13T17:00');
    expect(missedDue(state, calendar, due)).toBeNull();
    expect(missedDue(state, calendar, due + 1)).toBe(due);
    const breached = recordBreach(state, { at: due });
    expect(recordBreach(breached, { at: due })).toBe(breached);
    const extended = extendClock(breached, { at: due + 2, workingDays: 1, cause: 'granted' });
    expect(missedDue(extended, calendar, due + 3)).toBeNull();
    const withdrawn = withdrawBreach(extended);
    expect(withdrawn).toMatchObject({ breachedAt: null, withdrawnBreaches: 1 });
    expect(missedDue(stopClock(withdrawn, { at: at('2026-10-14T17:00') }), calendar, at('2026-12-01T10:00'))).toBeNull();
    expect(missedDue(pauseClock(start(wd(1)), { at: due - 1 }), calendar, at('2026-12-01T10:00'))).toBeNull();
  });
});
