import { cnLanshanCalendar } from './calendars/cn-lanshan.js';
import { compileCalendar } from './compiled-calendar.js';
import { type DueInput, deriveDue, dueIfResumedAt } from './due.js';
import { formatInstant, parseInstant } from './instant.js';
import type { Limit } from './limit.js';
import type { Pause } from './pauses.js';

const calendar = compileCalendar(cnLanshanCalendar());

/** Wall time in Shanghai. */
const at = (local: string) => parseInstant(`${local}+08:00`);
const show = (instant: number | null) => (instant === null ? null : formatInstant(instant, 'Asia/Shanghai').slice(0, 16));
const wd = (days: number): Limit => ({ kind: 'workingDays', days });
const hours = (n: number): Limit => ({ kind: 'workingTime', minutes: n * 60 });
const nd = (days: number): Limit => ({ kind: 'naturalDays', days });
const window = (local: string): Limit => ({ kind: 'calendarWindow', at: at(local) });
const pause = (from: string, to: string | null): Pause => ({ from: at(from), to: to === null ? null : at(to) });
const input = (start: string, limit: Limit, pauses: Pause[] = [], addedWorkingDays = 0): DueInput => ({
  start: at(start),
  limit,
  pauses,
  calendar,
  addedWorkingDays,
});
const due = (...args: Parameters<typeof input>) => show(deriveDue(input(...args)).due);

describe('working days', () => {
  it.each([
    ['from a Sunday off', '2026-10-11T10:00', 1, '2026-10-12T17:00'],
    ['from a Friday after the close', '2026-10-16T17:01', 1, '2026-10-19T17:00'],
    ['over National Day with a working Saturday', '2026-09-30T09:00', 5, '2026-10-13T17:00'],
    ['into a working Sunday', '2026-09-18T11:00', 1, '2026-09-20T17:00'],
    ['through a working Sunday and over Mid-Autumn', '2026-09-18T11:00', 6, '2026-09-28T17:00'],
    ['from the first minute of a day', '2026-10-12T00:00', 1, '2026-10-13T17:00'],
    ['from the last minute of a day', '2026-10-12T23:59', 1, '2026-10-13T17:00'],
    ['across a year', '2025-12-31T10:00', 2, '2026-01-05T17:00'],
  ])('%s', (_, start, days, expected) => {
    expect(due(start, wd(days))).toBe(expected);
  });

  it.each([
    // 6/7 of Tuesday, all of Wednesday, 5/7 of Thursday
    ['two whole days', [pause('2026-10-13T10:00', '2026-10-15T15:00')], '2026-10-21T17:00'],
    ['less than a day', [pause('2026-10-13T10:00', '2026-10-13T17:00')], '2026-10-19T17:00'],
    [
      'parts of days that make up one',
      [pause('2026-10-13T09:00', '2026-10-13T12:00'), pause('2026-10-14T13:00', '2026-10-14T17:00')],
      '2026-10-20T17:00',
    ],
    [
      'seven sevenths of seven days',
      [13, 14, 15, 16, 19, 20, 21].map((d) => pause(`2026-10-${d}T09:00`, `2026-10-${d}T10:00`)),
      '2026-10-19T17:00',
    ],
    ['the start day only, which does not count', [pause('2026-10-12T10:00', '2026-10-12T17:00')], '2026-10-19T17:00'],
    ['a weekend', [pause('2026-10-17T00:00', '2026-10-19T00:00')], '2026-10-19T17:00'],
    // 16 Oct moves the due to 20 Oct, and by that 20 Oct, paused as well, comes into the span
    [
      'days that come into the span by moving',
      [pause('2026-10-16T09:00', '2026-10-16T17:00'), pause('2026-10-20T09:00', '2026-10-20T17:00')],
      '2026-10-21T17:00',
    ],
    ['days after the due', [pause('2026-10-20T09:00', '2026-10-23T17:00')], '2026-10-19T17:00'],
  ])('pauses of %s', (_, pauses, expected) => {
    expect(due('2026-10-12T10:00', wd(5), pauses)).toBe(expected);
  });

  it('adds parts of days of different length exactly', () => {
    const version = cnLanshanCalendar();
    const half = { date: '2026-10-14', kind: 'half' as const, intervals: [{ from: '09:00', to: '12:00' }] };
    const withHalfDay = compileCalendar({ ...version, exceptions: [...version.exceptions, half] });
    // 2/3 of the half day and 140 of the 420 minutes of a full one are one whole day, not 0.9999…
    const pauses = [pause('2026-10-14T09:00', '2026-10-14T11:00'), pause('2026-10-15T13:00', '2026-10-15T15:20')];
    const moved = deriveDue({ ...input('2026-10-12T10:00', wd(5), pauses), calendar: withHalfDay }).due;
    expect(show(moved)).toBe('2026-10-20T17:00');
    const less = [pauses[0]!, pause('2026-10-15T13:00', '2026-10-15T15:19')];
    expect(show(deriveDue({ ...input('2026-10-12T10:00', wd(5), less), calendar: withHalfDay }).due)).toBe('2026-10-19T17:00');
  });
});

describe('working time', () => {
  it.each([
    ['over a three-day holiday', '2026-09-24T16:30', 2, '2026-09-28T10:30'],
    ['up to the lunch break, not past it', '2026-10-12T10:00', 2, '2026-10-12T12:00'],
    ['over the lunch break', '2026-10-12T11:30', 1, '2026-10-12T13:30'],
    ['from before the opening', '2026-10-12T06:00', 1, '2026-10-12T10:00'],
    ['from a day off', '2026-10-11T12:00', 7, '2026-10-12T17:00'],
    ['from the close', '2026-10-12T17:00', 1, '2026-10-13T10:00'],
  ])('%s', (_, start, n, expected) => {
    expect(due(start, hours(n))).toBe(expected);
  });

  it('keeps milliseconds', () => {
    const start = at('2026-10-12T10:00') + 1;
    expect(deriveDue({ start, limit: hours(2), calendar }).due).toBe(at('2026-10-12T13:00') + 1);
  });

  it.each([
    ['inside the budget', [pause('2026-10-12T10:30', '2026-10-12T11:00')], '2026-10-12T13:30'],
    ['over night', [pause('2026-10-12T11:00', '2026-10-13T09:00')], '2026-10-13T10:00'],
    ['at lunch', [pause('2026-10-12T12:00', '2026-10-12T13:00')], '2026-10-12T12:00'],
    [
      'that overlap, counted once',
      [pause('2026-10-12T10:30', '2026-10-12T11:00'), pause('2026-10-12T10:45', '2026-10-12T11:15')],
      '2026-10-12T13:45',
    ],
    ['begun before the start', [pause('2026-10-12T09:00', '2026-10-12T10:30')], '2026-10-12T13:30'],
    ['from the due on', [pause('2026-10-12T12:00', '2026-10-14T12:00')], '2026-10-12T12:00'],
  ])('pauses %s', (_, pauses, expected) => {
    expect(due('2026-10-12T10:00', hours(2), pauses)).toBe(expected);
  });
});

describe('natural days', () => {
  it.each([
    ['on a working day', '2026-10-12T10:00', 3, [], '2026-10-15T17:00'],
    ['rolled over a weekend', '2026-10-12T10:00', 5, [], '2026-10-19T17:00'],
    ['rolled over National Day', '2026-09-24T10:00', 7, [], '2026-10-08T17:00'],
    ['plus whole days paused', '2026-10-12T10:00', 3, [pause('2026-10-12T12:00', '2026-10-14T12:00')], '2026-10-16T17:00'],
    [
      'plus a day paused from midnight to midnight',
      '2026-10-12T10:00',
      3,
      [pause('2026-10-13T00:00', '2026-10-14T00:00')],
      '2026-10-16T17:00',
    ],
    ['a minute short of a whole day', '2026-10-12T10:00', 3, [pause('2026-10-13T00:01', '2026-10-14T00:00')], '2026-10-15T17:00'],
    [
      'a whole day made of two pauses',
      '2026-10-12T10:00',
      3,
      [pause('2026-10-13T09:00', '2026-10-14T00:00'), pause('2026-10-12T20:00', '2026-10-13T09:00')],
      '2026-10-16T17:00',
    ],
    [
      'days that come into the span by moving',
      '2026-10-12T10:00',
      3,
      [pause('2026-10-15T00:00', '2026-10-17T00:00')],
      '2026-10-19T17:00',
    ],
  ])('%s', (_, start, days, pauses, expected) => {
    expect(due(start, nd(days), pauses)).toBe(expected);
  });
});

describe('calendar windows and no limit', () => {
  it('a window is never rolled and not moved by pauses', () => {
    expect(due('2026-10-12T10:00', window('2026-10-17T12:34'), [pause('2026-10-13T00:00', '2026-10-16T00:00')])).toBe(
      '2026-10-17T12:34',
    );
    expect(due('2026-10-12T10:00', window('2026-10-17T12:34'), [pause('2026-10-13T00:00', null)])).toBe('2026-10-17T12:34');
  });

  it('without a limit there is no due', () => {
    expect(deriveDue(input('2026-10-12T10:00', { kind: 'none' }, [], 3))).toEqual({ due: null, provisional: false });
  });
});

describe('extensions', () => {
  it.each([
    ['working days: the budget', wd(5), 2, '2026-10-21T17:00'],
    ['minutes: working days after the old due', hours(2), 2, '2026-10-14T17:00'],
    ['windows: working days after the old due', window('2026-10-17T12:00'), 1, '2026-10-19T17:00'],
    ['windows that end at midnight belong to the day before', window('2026-10-19T00:00'), 1, '2026-10-19T17:00'],
    ['natural days: working days after the old due', nd(5), 1, '2026-10-20T17:00'],
  ])('%s', (_, limit, added, expected) => {
    expect(due('2026-10-12T10:00', limit, [], added)).toBe(expected);
  });

  it('what was added to minutes is paused like working days', () => {
    expect(due('2026-10-12T10:00', hours(2), [pause('2026-10-13T09:00', '2026-10-13T17:00')], 2)).toBe('2026-10-15T17:00');
    expect(due('2026-10-12T10:00', hours(2), [pause('2026-10-13T09:00', null)], 2)).toBeNull();
  });

  it('a longer budget takes more of a pause into the span', () => {
    const pauses = [pause('2026-10-20T09:00', '2026-10-20T17:00')];
    expect(due('2026-10-12T10:00', wd(5), pauses)).toBe('2026-10-19T17:00');
    expect(due('2026-10-12T10:00', wd(5), pauses, 1)).toBe('2026-10-21T17:00');
  });
});

describe('a pause that lasts', () => {
  it.each([
    ['working days', wd(5), '2026-10-21T17:00'],
    ['minutes', hours(12), '2026-10-16T12:00'],
    ['natural days', nd(7), '2026-10-20T17:00'],
  ])('%s: no due, but one if resumed now', (_, limit, expected) => {
    const paused = input('2026-10-12T10:00', limit, [pause('2026-10-13T10:00', null)]);
    expect(deriveDue(paused)).toEqual({ due: null, provisional: false });
    expect(show(dueIfResumedAt(paused, at('2026-10-15T15:00')).due)).toBe(expected);
  });

  it('does not hide a due that passed before it began', () => {
    const late = input('2026-10-12T10:00', hours(2), [pause('2026-10-12T12:00', null)]);
    expect(show(deriveDue(late).due)).toBe('2026-10-12T12:00');
    expect(deriveDue({ ...late, pauses: [{ from: at('2026-10-12T12:00') - 1, to: null }] }).due).toBeNull();
  });

  it('asked for a time before the pause, it has not happened yet', () => {
    const paused = input('2026-10-12T10:00', hours(2), [pause('2026-10-12T11:00', null)]);
    expect(show(dueIfResumedAt(paused, at('2026-10-12T10:30')).due)).toBe('2026-10-12T12:00');
  });
});

describe('years that are not published', () => {
  it.each([
    ['working days into one', '2026-12-30T10:00', wd(2), '2027-01-04T17:00', true],
    ['working days up to the last published day', '2026-12-30T10:00', wd(1), '2026-12-31T17:00', false],
    ['minutes into one', '2026-12-31T16:00', hours(2), '2027-01-04T10:00', true],
    ['natural days within, rolled into one', '2026-12-30T10:00', nd(2), '2027-01-04T17:00', true],
    ['from one into a published year', '2024-12-31T10:00', wd(1), '2025-01-02T17:00', false],
    ['the fixed days of May in one', '2027-04-30T10:00', wd(1), '2027-05-03T17:00', true],
    ['the fixed days of October in one', '2027-09-30T10:00', wd(1), '2027-10-04T17:00', true],
    ['windows rest on no calendar', '2026-12-30T10:00', window('2027-03-01T12:00'), '2027-03-01T12:00', false],
  ])('%s', (_, start, limit, expected, provisional) => {
    const result = deriveDue(input(start, limit));
    expect([show(result.due), result.provisional]).toEqual([expected, provisional]);
  });
});

describe('refusals', () => {
  it.each([
    [
      'a pause that ends before it starts',
      input('2026-10-12T10:00', wd(1), [pause('2026-10-14T10:00', '2026-10-14T09:59')]),
      'PAUSE_REVERSED',
      'pauses[0].to',
    ],
    ['half a minute', input('2026-10-12T10:00', { kind: 'workingTime', minutes: 0.5 }), 'INVALID_LIMIT', 'limit.minutes'],
    ['no days', input('2026-10-12T10:00', wd(0)), 'INVALID_LIMIT', 'limit.days'],
    ['negative days', input('2026-10-12T10:00', nd(-1)), 'INVALID_LIMIT', 'limit.days'],
    ['an unknown unit', input('2026-10-12T10:00', { kind: 'weeks', days: 1 } as unknown as Limit), 'INVALID_LIMIT', 'limit.kind'],
    ['no limit object', input('2026-10-12T10:00', undefined as unknown as Limit), 'INVALID_LIMIT', 'limit.kind'],
    [
      'a window that is text',
      input('2026-10-12T10:00', { kind: 'calendarWindow', at: '2026' } as unknown as Limit),
      'INVALID_INSTANT',
      'limit.at',
    ],
    ['a start with fractions', { ...input('2026-10-12T10:00', wd(1)), start: 1.5 }, 'INVALID_INSTANT', 'start'],
    ['a start that is no number', { ...input('2026-10-12T10:00', wd(1)), start: Number.NaN }, 'INVALID_INSTANT', 'start'],
    ['a negative extension', input('2026-10-12T10:00', wd(1), [], -1), 'INVALID_EXTENSION', 'addedWorkingDays'],
    ['a start before the covered years', input('2013-12-31T10:00', wd(1)), 'OUTSIDE_COVERED_YEARS', 'calendar'],
    ['a due after the covered years', input('2026-10-12T10:00', wd(9999)), 'OUTSIDE_COVERED_YEARS', 'calendar'],
    ['minutes after the covered years', input('2026-10-12T10:00', hours(99_999)), 'OUTSIDE_COVERED_YEARS', 'calendar'],
  ])('%s', (_, bad, code, field) => {
    expect(() => deriveDue(bad)).toThrow(expect.objectContaining({ name: 'WorkingTimeError', code, field }));
  });
});
