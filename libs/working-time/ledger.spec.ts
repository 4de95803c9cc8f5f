import fc from 'fast-check';
import { cnLanshanCalendar } from './calendars/cn-lanshan.js';
import { compileCalendar } from './compiled-calendar.js';
import { deriveDue } from './due.js';
import { formatInstant, parseInstant } from './instant.js';
import { explainTime, type LedgerEntry, usedTime } from './ledger.js';
import type { Limit } from './limit.js';
import type { Pause } from './pauses.js';

const calendar = compileCalendar(cnLanshanCalendar());
const at = (local: string) => parseInstant(`${local}+08:00`);
const show = (instant: number) => formatInstant(instant, 'Asia/Shanghai').slice(5, 16).replace('T', ' ');
const line = ({ from, to, counted, reason, name, cause, provisional }: LedgerEntry) =>
  [show(from), show(to), counted ? '+' : '-', reason, name ?? cause, provisional && 'provisional'].filter(Boolean).join(' ');
const explain = (start: string, until: string, limit: Limit, pauses: Pause[] = []) => {
  const { entries, usedMs } = explainTime({ start: at(start), until: at(until), limit, pauses, calendar });
  return [...entries.map(line), `${usedMs / 60_000} min`];
};
const none: Limit = { kind: 'none' };

describe('explainTime', () => {
  it('tells office hours, nights, holidays by name and make-up days', () => {
    expect(explain('2026-09-30T16:30', '2026-10-08T10:00', { kind: 'workingTime', minutes: 90 })).toEqual([
      '09-30 16:30 09-30 17:00 + office',
      '09-30 17:00 10-01 00:00 - off-hours',
      '10-01 00:00 10-08 00:00 - closed 国庆节',
      '10-08 00:00 10-08 09:00 - off-hours',
      '10-08 09:00 10-08 10:00 + office',
      '90 min',
    ]);
    expect(explain('2026-10-10T11:00', '2026-10-12T10:00', none)).toEqual([
      '10-10 11:00 10-10 12:00 + office 调休上班',
      '10-10 12:00 10-10 13:00 - off-hours',
      '10-10 13:00 10-10 17:00 + office 调休上班',
      '10-10 17:00 10-11 00:00 - off-hours',
      '10-11 00:00 10-12 00:00 - weekly-off',
      '10-12 00:00 10-12 09:00 - off-hours',
      '10-12 09:00 10-12 10:00 + office',
      '360 min',
    ]);
  });

  it('names the event behind a pause, and lets a pause last', () => {
    const pauses = [
      { from: at('2026-10-12T10:30'), to: at('2026-10-12T11:00'), cause: 'event-1' },
      { from: at('2026-10-12T10:45'), to: at('2026-10-12T11:15'), cause: 'event-2' },
      { from: at('2026-10-12T16:00'), to: null, cause: 'event-3' },
    ];
    expect(explain('2026-10-12T10:00', '2026-10-13T10:00', none, pauses)).toEqual([
      '10-12 10:00 10-12 10:30 + office',
      '10-12 10:30 10-12 11:15 - paused event-1',
      '10-12 11:15 10-12 12:00 + office',
      '10-12 12:00 10-12 13:00 - off-hours',
      '10-12 13:00 10-12 16:00 + office',
      '10-12 16:00 10-13 10:00 - paused event-3',
      '255 min',
    ]);
  });

  it('the start day of limits in days does not count', () => {
    const pauses = [{ from: at('2026-10-13T00:00'), to: at('2026-10-14T10:00'), cause: 'event-1' }];
    expect(explain('2026-10-12T10:00', '2026-10-15T00:00', { kind: 'workingDays', days: 5 }, pauses)).toEqual([
      '10-12 10:00 10-13 00:00 - start-day',
      '10-13 00:00 10-14 10:00 - paused event-1',
      '10-14 10:00 10-14 12:00 + office',
      '10-14 12:00 10-14 13:00 - off-hours',
      '10-14 13:00 10-14 17:00 + office',
      '10-14 17:00 10-15 00:00 - off-hours',
      '360 min',
    ]);
    expect(explain('2026-10-12T10:00', '2026-10-16T00:00', { kind: 'naturalDays', days: 5 }, pauses)).toEqual([
      '10-12 10:00 10-13 00:00 - start-day',
      '10-13 00:00 10-14 00:00 - paused event-1',
      '10-14 00:00 10-16 00:00 + calendar-day',
      '2880 min',
    ]);
  });

  it('a window counts all time and knows no pause', () => {
    const pauses = [{ from: at('2026-10-12T11:00'), to: null }];
    expect(
      explain('2026-10-12T10:00', '2026-10-12T20:00', { kind: 'calendarWindow', at: at('2026-10-13T10:00') }, pauses),
    ).toEqual(['10-12 10:00 10-12 20:00 + window', '600 min']);
  });

  it('says where a year is not published', () => {
    expect(explain('2026-12-31T16:00', '2027-01-02T00:00', none)).toEqual([
      '12-31 16:00 12-31 17:00 + office',
      '12-31 17:00 01-01 00:00 - off-hours',
      '01-01 00:00 01-02 00:00 - statutory provisional',
      '60 min',
    ]);
  });

  it('is empty before the start', () => {
    expect(explain('2026-10-12T10:00', '2026-10-12T09:00', none)).toEqual(['0 min']);
    expect(explain('2026-10-12T10:00', '2026-10-12T10:00', { kind: 'calendarWindow', at: 0 })).toEqual(['0 min']);
  });
});

describe('laws of the ledger', () => {
  const instant = fc.integer({ min: at('2026-08-01T00:00'), max: at('2026-11-30T00:00') });
  const pauses = fc.array(
    fc.tuple(fc.nat(8 * 86_400_000), fc.nat(4 * 86_400_000)).map(([from, length]) => ({ from, to: from + length })),
    { maxLength: 4 },
  );
  const limit: fc.Arbitrary<Limit> = fc.oneof(
    fc.constant(none),
    fc.integer({ min: 1, max: 3000 }).map((minutes): Limit => ({ kind: 'workingTime', minutes })),
    fc.integer({ min: 1, max: 9 }).map((days): Limit => ({ kind: 'workingDays', days })),
    fc.integer({ min: 1, max: 9 }).map((days): Limit => ({ kind: 'naturalDays', days })),
    instant.map((at): Limit => ({ kind: 'calendarWindow', at })),
  );

  it('entries follow one another from start to end, and the counted ones sum up', () => {
    fc.assert(
      fc.property(instant, fc.nat(20 * 86_400_000), limit, pauses, (start, length, any, spans) => {
        const own = spans.map(({ from, to }) => ({ from: start + from, to: start + to }));
        const { entries, usedMs } = explainTime({ start, until: start + length, limit: any, pauses: own, calendar });
        const ends = [start, ...entries.map(({ to }) => to)];
        expect(entries.map(({ from }) => from)).toEqual(ends.slice(0, -1));
        expect(ends.at(-1)).toBe(start + length);
        expect(entries.every(({ from, to }) => from < to)).toBe(true);
        expect(entries.filter(({ counted }) => counted).reduce((sum, { from, to }) => sum + to - from, 0)).toBe(usedMs);
        expect(usedTime({ start, until: start + length, limit: any, pauses: own, calendar })).toBe(usedMs);
      }),
      { numRuns: 300 },
    );
  });

  it('minutes are used up exactly at the due, and not a millisecond before', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 1, max: 3000 }), pauses, (start, minutes, spans) => {
        const own = spans.map(({ from, to }) => ({ from: start + from, to: start + to }));
        const input = { start, limit: { kind: 'workingTime', minutes } as const, pauses: own, calendar };
        const due = deriveDue(input).due!;
        expect(explainTime({ ...input, until: due }).usedMs).toBe(minutes * 60_000);
        expect(explainTime({ ...input, until: due - 1 }).usedMs).toBe(minutes * 60_000 - 1);
      }),
      { numRuns: 300 },
    );
  });

  const causes = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 4, maxLength: 4 });

  it('pauses learned of in any order give the same ledger and the same due', () => {
    fc.assert(
      fc.property(instant, fc.nat(20 * 86_400_000), limit, pauses, causes, fc.nat(), (start, length, any, spans, names, seed) => {
        // Whole days, so that several begin at one instant.
        const days = (ms: number) => Math.floor(ms / 86_400_000) * 86_400_000;
        const own = spans.map(({ from, to }, i) => ({ from: start + days(from), to: start + to, cause: names[i]! }));
        const other = [...own].sort((a, b) => ((a.from * 31 + seed) % 97) - ((b.from * 31 + seed) % 97)).reverse();
        const input = { start, until: start + length, limit: any, calendar };
        expect(explainTime({ ...input, pauses: other })).toEqual(explainTime({ ...input, pauses: own }));
        expect(deriveDue({ ...input, pauses: other })).toEqual(deriveDue({ ...input, pauses: own }));
      }),
      { numRuns: 300 },
    );
  });

  it('a pause split in two at any instant changes nothing', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(instant, fc.nat(20 * 86_400_000), limit, pauses, fc.nat(), share, (start, length, any, spans, pick, part) => {
        fc.pre(spans.length > 0);
        const own = spans.map(({ from, to }) => ({ from: start + from, to: start + to, cause: 'paused' }));
        const { from, to, cause } = own[pick % own.length]!;
        const middle = Math.round(from + part * (to - from));
        const halves = [
          { from: middle, to, cause },
          ...own.filter((_, i) => i !== pick % own.length),
          { from, to: middle, cause },
        ];
        const input = { start, until: start + length, limit: any, calendar };
        expect(explainTime({ ...input, pauses: halves })).toEqual(explainTime({ ...input, pauses: own }));
        expect(deriveDue({ ...input, pauses: halves })).toEqual(deriveDue({ ...input, pauses: own }));
      }),
      { numRuns: 300 },
    );
  });
});
