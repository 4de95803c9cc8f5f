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
import { clockView } from './clock-view.js';
import { compileCalendar } from './compiled-calendar.js';
import { parseInstant } from './instant.js';
import { DEFAULT_LIGHT_POLICY } from './lights.js';
import type { Limit } from './limit.js';

const calendar = compileCalendar(cnLanshanCalendar());
const at = (local: string) => parseInstant(`${local}+08:00`);
const MONDAY = at('2026-10-12T10:00');
const wd = (days: number): Limit => ({ kind: 'workingDays', days });
const promise = (limit: Limit, startedAt = MONDAY) =>
  promiseClock({ kind: 'handling', cycle: 1, n: 1, limit, policyVersion: 'p1', startedAt }, calendar);
const start = (limit: Limit, startedAt = MONDAY) => startClock(promise(limit, startedAt), 'dispatched');
const view = (state: ClockState, now: number) => clockView(state, calendar, DEFAULT_LIGHT_POLICY, now);
const refused = (code: string, field: string) => expect.objectContaining({ name: 'WorkingTimeError', code, field });

describe('marks of one instant', () => {
  const T = at('2026-10-13T10:00');

  it('stop beats pause and resume, in either order', () => {
    const running = start(wd(5));
    const stopped = stopClock(running, { at: T });
    expect(pauseClock(stopped, { at: T })).toBe(stopped);
    expect(resumeClock(stopped, { at: T })).toBe(stopped);
    const other = stopClock(pauseClock(running, { at: T }), { at: T });
    expect(view(other, T + 1)).toEqual(view(stopped, T + 1));
  });

  it('pause beats resume: what was paused goes on being paused', () => {
    const paused = pauseClock(start(wd(5)), { at: at('2026-10-12T11:00') });
    const again = pauseClock(resumeClock(paused, { at: T }), { at: T });
    const now = at('2026-10-15T11:00');
    expect(view(again, now)).toEqual(view(paused, now));
  });

  it('pause beats start', () => {
    expect(view(pauseClock(start(wd(5)), { at: MONDAY }), MONDAY)).toMatchObject({ status: 'PAUSED', usedMinutes: 0 });
  });
});

describe('repeats change nothing', () => {
  const T = at('2026-10-13T10:00');
  const paused = pauseClock(start(wd(5)), { at: T, cause: 'e1' });
  const resumed = resumeClock(paused, { at: T + 5, cause: 'e2' });
  const extended = extendClock(resumed, { at: T, workingDays: 2, cause: 'e3' });
  const stopped = stopClock(extended, { at: T + 9, cause: 'e4' });

  it.each<[string, ClockState, (state: ClockState) => ClockState]>([
    ['pause', paused, (s) => pauseClock(s, { at: T, cause: 'e1' })],
    ['resume', resumed, (s) => resumeClock(s, { at: T + 5, cause: 'e2' })],
    ['extend', extended, (s) => extendClock(s, { at: T + 1, workingDays: 2, cause: 'e3' })],
    ['stop', stopped, (s) => stopClock(s, { at: T + 9 })],
  ])('%s', (_, state, again) => {
    expect(again(state)).toBe(state);
  });
});

describe('refusals', () => {
  const T = at('2026-10-13T10:00');
  const running = start(wd(5));
  const paused = pauseClock(running, { at: T, cause: 'e1' });
  const stopped = stopClock(running, { at: T });
  const sealed = sealClock(stopped);
  const extended = extendClock(running, { at: T, workingDays: 2, cause: 'e3' });

  it.each<[string, () => unknown, string, string]>([
    ['resume without pause', () => resumeClock(running, { at: T }), 'NOT_PAUSED', 'at'],
    ['resume before the pause', () => resumeClock(paused, { at: T - 1 }), 'PAUSE_REVERSED', 'at'],
    ['a second pause', () => pauseClock(paused, { at: T + 1 }), 'ALREADY_PAUSED', 'at'],
    [
      'a second pause by another event at the same instant',
      () => pauseClock(paused, { at: T, cause: 'e2' }),
      'ALREADY_PAUSED',
      'at',
    ],
    ['pause before the start', () => pauseClock(running, { at: MONDAY - 1 }), 'BEFORE_CLOCK_START', 'at'],
    ['stop before the start', () => stopClock(running, { at: MONDAY - 1 }), 'BEFORE_CLOCK_START', 'at'],
    ['pause after the stop', () => pauseClock(stopped, { at: T + 1 }), 'CLOCK_STOPPED', 'at'],
    ['resume after the stop', () => resumeClock(stopped, { at: T + 1 }), 'CLOCK_STOPPED', 'at'],
    ['a second stop', () => stopClock(stopped, { at: T + 1 }), 'ALREADY_STOPPED', 'at'],
    ['continue what runs', () => continueClock(running, { at: T }), 'CLOCK_NOT_STOPPED', 'at'],
    ['continue before the stop', () => continueClock(stopped, { at: T - 1 }), 'PAUSE_REVERSED', 'at'],
    ['seal what runs', () => sealClock(running), 'CLOCK_NOT_STOPPED', 'sealed'],
    ['pause what is sealed', () => pauseClock(sealed, { at: T }), 'CLOCK_SEALED', 'sealed'],
    ['continue what is sealed', () => continueClock(sealed, { at: T }), 'CLOCK_SEALED', 'sealed'],
    ['extend what is sealed', () => extendClock(sealed, { at: T, workingDays: 1 }), 'CLOCK_SEALED', 'sealed'],
    ['extend by nothing', () => extendClock(running, { at: T, workingDays: 0 }), 'INVALID_EXTENSION', 'workingDays'],
    ['extend by half a day', () => extendClock(running, { at: T, workingDays: 0.5 }), 'INVALID_EXTENSION', 'workingDays'],
    ['extend without limit', () => extendClock(start({ kind: 'none' }), { at: T, workingDays: 1 }), 'NO_LIMIT', 'limit'],
    [
      'one grant, two numbers',
      () => extendClock(extended, { at: T, workingDays: 3, cause: 'e3' }),
      'EXTENSION_CONFLICT',
      'workingDays',
    ],
    ['a second breach', () => recordBreach(recordBreach(running, { at: T }), { at: T + 1 }), 'BREACH_STANDING', 'at'],
    ['a breach without limit', () => recordBreach(start({ kind: 'none' }), { at: T }), 'NO_LIMIT', 'limit'],
    ['withdraw no breach', () => withdrawBreach(running), 'NO_STANDING_BREACH', 'breachedAt'],
    ['an instant with fractions', () => pauseClock(running, { at: T + 0.5 }), 'INVALID_INSTANT', 'at'],
    [
      'a kind with a slash',
      () => promiseClock({ kind: 'a/b', cycle: 1, n: 1, limit: wd(1), policyVersion: 1, startedAt: T }, calendar),
      'INVALID_CLOCK',
      'kind',
    ],
    [
      'cycle zero',
      () => promiseClock({ kind: 'total', cycle: 0, n: 1, limit: wd(1), policyVersion: 1, startedAt: T }, calendar),
      'INVALID_CLOCK',
      'cycle',
    ],
  ])('%s', (_, act, code, field) => {
    expect(act).toThrow(refused(code, field));
  });

  it('a calendar of another name', () => {
    const other = compileCalendar({ ...cnLanshanCalendar(), calendarId: 'other' });
    expect(() => clockView(running, other, DEFAULT_LIGHT_POLICY, T)).toThrow(refused('CALENDAR_MISMATCH', 'calendarId'));
  });
});
