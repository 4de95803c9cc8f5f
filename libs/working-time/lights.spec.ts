import fc from 'fast-check';
import { cnLanshanCalendar } from './calendars/cn-lanshan.js';
import { compileCalendar } from './compiled-calendar.js';
import { deriveDue } from './due.js';
import { formatInstant, parseInstant } from './instant.js';
import { DEFAULT_LIGHT_POLICY, type LightPolicy, lightAt, lightThresholds, NO_LIGHT } from './lights.js';
import type { Limit } from './limit.js';
import type { Pause } from './pauses.js';

const calendar = compileCalendar(cnLanshanCalendar());
const at = (local: string) => parseInstant(`${local}+08:00`);
const show = (instant: number | null) => (instant === null ? null : formatInstant(instant, 'Asia/Shanghai').slice(0, 16));
const wd = (days: number): Limit => ({ kind: 'workingDays', days });
const minutes = (n: number): Limit => ({ kind: 'workingTime', minutes: n });

function thresholds(
  start: number,
  limit: Limit,
  pauses: Pause[] = [],
  addedWorkingDays = 0,
  policy: LightPolicy = DEFAULT_LIGHT_POLICY,
) {
  const input = { start, limit, pauses, addedWorkingDays, calendar };
  return lightThresholds({ ...input, due: deriveDue(input).due, policy });
}

describe('lightThresholds', () => {
  it.each<[string, string, Limit, string, string, number?]>([
    ['5 working days: close of the working day before', '2026-09-30T09:00', wd(5), '2026-10-12T17:00', '2026-10-13T17:00'],
    ['3 working days: close of the day before', '2026-10-12T09:00', wd(3), '2026-10-14T17:00', '2026-10-15T17:00'],
    ['the day before may be a working Saturday', '2026-10-07T09:00', wd(4), '2026-10-10T17:00', '2026-10-12T17:00'],
    ['2 working days: opening of the due day', '2026-10-12T09:00', wd(2), '2026-10-14T09:00', '2026-10-14T17:00'],
    ['1 working day: opening of the due day', '2026-10-16T17:01', wd(1), '2026-10-19T09:00', '2026-10-19T17:00'],
    ['2 working days extended by 1 are 3', '2026-10-12T09:00', wd(2), '2026-10-14T17:00', '2026-10-15T17:00', 1],
    ['2 hours: the last half hour', '2026-10-12T10:00', minutes(120), '2026-10-12T11:30', '2026-10-12T12:00'],
    ['2 hours over a holiday: three quarters used', '2026-09-24T16:30', minutes(120), '2026-09-28T10:00', '2026-09-28T10:30'],
    ['minutes extended by 2 working days', '2026-10-12T10:00', minutes(120), '2026-10-14T09:00', '2026-10-14T17:00', 2],
    ['minutes extended by 3 working days', '2026-10-12T10:00', minutes(120), '2026-10-14T17:00', '2026-10-15T17:00', 3],
    [
      'natural days: close of the working day before',
      '2026-10-12T10:00',
      { kind: 'naturalDays', days: 5 },
      '2026-10-16T17:00',
      '2026-10-19T17:00',
    ],
    [
      'windows on a day off',
      '2026-10-12T10:00',
      { kind: 'calendarWindow', at: at('2026-10-18T12:00') },
      '2026-10-16T17:00',
      '2026-10-18T12:00',
    ],
    [
      'windows that end at midnight belong to the day before',
      '2026-10-12T10:00',
      { kind: 'calendarWindow', at: at('2026-10-16T24:00') },
      '2026-10-15T17:00',
      '2026-10-17T00:00',
    ],
    ['not before the start', '2026-10-15T20:00', { kind: 'naturalDays', days: 1 }, '2026-10-15T20:00', '2026-10-16T17:00'],
  ])('yellow and red: %s', (_, start, limit, yellow, red, added = 0) => {
    const { yellowAt, redAt } = thresholds(at(start), limit, [], added);
    expect([show(yellowAt), show(redAt)]).toEqual([yellow, red]);
  });

  it('severe from the close of the 5th working day after the due', () => {
    const { redAt, severeAt } = thresholds(at('2026-10-08T10:00'), wd(1));
    expect([show(redAt), show(severeAt)]).toEqual(['2026-10-09T17:00', '2026-10-15T17:00']);
  });

  it('pauses do not count towards the three quarters', () => {
    const pauses = [{ from: at('2026-10-12T10:30'), to: at('2026-10-12T11:00') }];
    expect(show(thresholds(at('2026-10-12T10:00'), minutes(120), pauses).yellowAt)).toBe('2026-10-12T12:00');
  });

  it('none while paused, none without a limit; a window is not paused', () => {
    const open = [{ from: at('2026-10-12T10:30'), to: null }];
    const window: Limit = { kind: 'calendarWindow', at: at('2026-10-16T12:00') };
    expect(thresholds(at('2026-10-12T10:00'), minutes(120), open)).toEqual(NO_LIGHT);
    expect(thresholds(at('2026-10-12T10:00'), wd(3), open)).toEqual(NO_LIGHT);
    expect(thresholds(at('2026-10-12T10:00'), { kind: 'none' })).toEqual(NO_LIGHT);
    expect(thresholds(at('2026-10-12T10:00'), window, open)).toEqual(thresholds(at('2026-10-12T10:00'), window));
    expect(lightAt(NO_LIGHT, at('2026-10-12T10:00'))).toBeNull();
  });

  it('none either when the pause began after the due', () => {
    const late = [{ from: at('2026-10-12T13:00'), to: null }];
    expect(thresholds(at('2026-10-12T10:00'), minutes(120), late)).toEqual(NO_LIGHT);
  });

  it('the numbers are policy', () => {
    const policy: LightPolicy = { yellowFraction: 0.5, yellowDayBeforeFromDays: 2, severeAfterWorkingDays: 1 };
    expect(show(thresholds(at('2026-10-12T10:00'), minutes(120), [], 0, policy).yellowAt)).toBe('2026-10-12T11:00');
    expect(show(thresholds(at('2026-10-12T09:00'), wd(2), [], 0, policy).yellowAt)).toBe('2026-10-13T17:00');
    expect(show(thresholds(at('2026-10-12T09:00'), wd(2), [], 0, policy).severeAt)).toBe('2026-10-15T17:00');
    expect(show(thresholds(at('2026-10-12T09:00'), minutes(60), [], 0, { ...policy, yellowFraction: 1 }).yellowAt)).toBe(
      '2026-10-12T09:00',
    );
  });

  it.each([
    [{ yellowFraction: 1.1 }, 'yellowFraction'],
    [{ yellowFraction: Number.NaN }, 'yellowFraction'],
    [{ yellowDayBeforeFromDays: 0 }, 'yellowDayBeforeFromDays'],
    [{ severeAfterWorkingDays: 0 }, 'severeAfterWorkingDays'],
    [{ severeAfterWorkingDays: 1.5 }, 'severeAfterWorkingDays'],
  ])('refuses %j', (part, field) => {
    const policy = { ...DEFAULT_LIGHT_POLICY, ...part };
    expect(() => thresholds(at('2026-10-12T10:00'), wd(1), [], 0, policy)).toThrow(
      expect.objectContaining({ code: 'INVALID_POLICY', field }),
    );
  });
});

describe('lightAt', () => {
  const lights = thresholds(at('2026-10-05T10:00'), wd(2));

  it.each([
    ['2026-10-09T08:59', 'GREEN'],
    ['2026-10-09T09:00', 'YELLOW'],
    ['2026-10-09T17:00', 'YELLOW'],
    ['2026-10-09T17:01', 'RED'],
    ['2026-10-15T16:59', 'RED'],
    ['2026-10-15T17:00', 'SEVERE'],
  ])('%s is %s', (now, light) => {
    expect(lightAt(lights, at(now))).toBe(light);
  });

  it('turns red one millisecond after the due', () => {
    expect(lightAt(lights, lights.redAt! + 1)).toBe('RED');
  });

  it('is red or severe exactly after the due, and thresholds follow one another', () => {
    const start = fc.integer({ min: at('2025-12-01T00:00'), max: at('2026-11-30T00:00') });
    const limit: fc.Arbitrary<Limit> = fc.oneof(
      fc.integer({ min: 1, max: 5000 }).map(minutes),
      fc.integer({ min: 1, max: 30 }).map(wd),
      fc.integer({ min: 1, max: 30 }).map((days): Limit => ({ kind: 'naturalDays', days })),
      start.map((instant): Limit => ({ kind: 'calendarWindow', at: instant })),
    );
    const distance = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -20 * 86_400_000, max: 20 * 86_400_000 }));
    const pauses = fc.array(fc.tuple(fc.nat(8 * 86_400_000), fc.nat(4 * 86_400_000)), { maxLength: 3 });
    fc.assert(
      fc.property(start, limit, pauses, fc.integer({ min: 0, max: 3 }), distance, (from, any, spans, added, off) => {
        const own = thresholds(
          from,
          any,
          spans.map(([a, b]) => ({ from: from + a, to: from + a + b })),
          added,
        );
        const now = own.redAt! + off;
        expect(['RED', 'SEVERE'].includes(lightAt(own, now)!)).toBe(now > own.redAt!);
        expect(own.yellowAt).toBeLessThanOrEqual(own.redAt!);
        expect(own.severeAt).toBeGreaterThan(own.redAt!);
        expect(own.yellowAt).toBeGreaterThanOrEqual(Math.min(from, own.redAt!));
      }),
      { numRuns: 500 },
    );
  });
});
