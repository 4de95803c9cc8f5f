import fc from 'fast-check';
import type { CalendarException, CalendarVersion, Interval } from './calendar.js';
import { compileCalendar } from './compiled-calendar.js';
import { type DueInput, deriveDue, dueIfResumedAt } from './due.js';
import { explainTime } from './ledger.js';
import type { Limit } from './limit.js';
import type { Pause } from './pauses.js';
import { SteppingOracle } from './stepping-oracle.fixture.js';

const OFFSETS = { 'Asia/Shanghai': 480, 'Asia/Kathmandu': 345, 'America/Phoenix': -420 } as const;
type Zone = keyof typeof OFFSETS;

const HOURS: readonly (readonly Interval[])[] = [
  [
    { from: '09:00', to: '12:00' },
    { from: '13:00', to: '17:00' },
  ],
  [{ from: '08:30', to: '11:45' }],
  [{ from: '00:00', to: '24:00' }],
  [
    { from: '16:00', to: '24:00' },
    { from: '00:00', to: '00:07' },
  ],
  [
    { from: '10:00', to: '10:11' },
    { from: '10:11', to: '11:13' },
    { from: '22:59', to: '23:00' },
  ],
];
const hours = fc.constantFrom(...HOURS);
const dayIn = (base: string) => Math.floor(Date.parse(`${base}T00:00:00Z`) / 86_400_000);

const exceptionOn = (base: string) =>
  fc
    .record({ day: fc.integer({ min: 0, max: 40 }), kind: fc.constantFrom('closed', 'opened', 'half', 'standard'), hours })
    .map(({ day, kind, hours: intervals }): CalendarException => {
      const date = new Date((dayIn(base) + day) * 86_400_000).toISOString().slice(0, 10);
      if (kind === 'closed') return { date, kind };
      return kind === 'standard' ? { date, kind: 'opened' } : { date, kind: kind as 'opened' | 'half', intervals };
    });

/** A calendar, a start near its exceptions, pauses in local minutes after the start. */
const scene = fc
  .record({
    zone: fc.constantFrom(...(Object.keys(OFFSETS) as Zone[])),
    base: fc.constantFrom('2026-09-14', '2026-12-14'),
    weekly: fc.tuple(
      hours,
      ...Array.from({ length: 6 }, () => fc.oneof({ weight: 3, arbitrary: hours }, { weight: 2, arbitrary: fc.constant([]) })),
    ),
    startMinute: fc.integer({ min: 0, max: 20 * 1440 }),
    pauses: fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 9 * 1440 }),
        fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 6 * 1440 })),
      ),
      { maxLength: 4 },
    ),
  })
  .chain((parts) =>
    fc
      .uniqueArray(exceptionOn(parts.base), { maxLength: 10, selector: ({ date }) => date })
      .map((exceptions) => ({ ...parts, exceptions })),
  )
  .map(({ zone, base, weekly, startMinute, pauses, exceptions }) => {
    const version: CalendarVersion = {
      calendarId: 'any',
      version: 1,
      zone,
      weekly: Object.fromEntries(weekly.map((intervals, i) => [i + 1, intervals])),
      publishedYears: [2026],
      statutoryDays: ['01-01', '01-04'],
      exceptions,
    };
    const localStart = dayIn(base) * 1440 + startMinute;
    const localPauses = pauses.map(([from, length]) => ({ from: localStart + from, to: localStart + from + length }));
    const instant = (local: number) => (local - OFFSETS[zone]) * 60_000;
    return {
      oracle: new SteppingOracle(version, localPauses),
      localStart,
      startDay: Math.floor(localStart / 1440),
      instant,
      calendar: compileCalendar(version),
      start: instant(localStart),
      pauses: localPauses.map(({ from, to }) => ({ from: instant(from), to: instant(to) })),
    };
  });

const minutesLimit = fc.integer({ min: 1, max: 1500 });
const daysLimit = fc.integer({ min: 1, max: 8 });
const anyLimit: fc.Arbitrary<Limit> = fc.oneof(
  minutesLimit.map((minutes): Limit => ({ kind: 'workingTime', minutes })),
  daysLimit.map((days): Limit => ({ kind: 'workingDays', days })),
  daysLimit.map((days): Limit => ({ kind: 'naturalDays', days })),
  fc.integer({ min: 0, max: 30 * 86_400_000 }).map((ms): Limit => ({ kind: 'calendarWindow', at: Date.UTC(2026, 9, 1) + ms })),
);
const added = fc.integer({ min: 0, max: 3 });
const dueOf = (input: DueInput) => deriveDue(input).due;
/** The long variant. */
const SOAK = process.env.HUICAI_SOAK === '1';
const RUNS = { numRuns: SOAK ? 2_000 : 200 };

describe('the engine against stepping through the time, minute by minute and day by day', () => {
  it('finds the same dues and the same used minutes on any calendar', () => {
    fc.assert(
      fc.property(
        scene,
        minutesLimit,
        daysLimit,
        added,
        fc.integer({ min: 0, max: 12 * 1440 }),
        ({ oracle, localStart, startDay, instant, ...input }, minutes, days, addedWorkingDays, length) => {
          const due = (limit: Limit, more = 0) => dueOf({ ...input, limit, addedWorkingDays: more });
          const afterMinutes = oracle.afterMinutes(localStart, minutes);
          expect(due({ kind: 'workingTime', minutes })).toBe(instant(afterMinutes));
          expect(due({ kind: 'workingDays', days }, addedWorkingDays)).toBe(
            instant(oracle.afterWorkingDays(startDay, days + addedWorkingDays)),
          );
          expect(due({ kind: 'naturalDays', days })).toBe(instant(oracle.afterNaturalDays(startDay, days)));
          const baseDay = Math.floor((afterMinutes - 1) / 1440);
          expect(due({ kind: 'workingTime', minutes }, addedWorkingDays + 1)).toBe(
            instant(oracle.afterWorkingDays(baseDay, addedWorkingDays + 1)),
          );
          const until = localStart + length;
          const { usedMs } = explainTime({ ...input, until: instant(until), limit: { kind: 'none' } });
          expect(usedMs).toBe(oracle.usedMinutes(localStart, until) * 60_000);
        },
      ),
      { numRuns: SOAK ? 20_000 : 2_000 },
    );
  }, 600_000);
});

describe('laws of the due', () => {
  const bigger = (limit: Limit, by: number): Limit => {
    if (limit.kind === 'workingTime') return { ...limit, minutes: limit.minutes + by };
    if (limit.kind === 'calendarWindow') return { ...limit, at: limit.at + by };
    return limit.kind === 'none' ? limit : { ...limit, days: limit.days + by };
  };

  it('a bigger limit or extension is never due earlier', () => {
    fc.assert(
      fc.property(scene, anyLimit, added, fc.integer({ min: 0, max: 5 }), (input, limit, addedWorkingDays, by) => {
        const due = dueOf({ ...input, limit, addedWorkingDays })!;
        expect(dueOf({ ...input, limit: bigger(limit, by), addedWorkingDays })).toBeGreaterThanOrEqual(due);
        expect(dueOf({ ...input, limit, addedWorkingDays: addedWorkingDays + by })).toBeGreaterThanOrEqual(due);
      }),
      RUNS,
    );
  });

  it('a later start is never due earlier', () => {
    const later = fc.oneof(fc.integer({ min: 0, max: 1440 * 60_000 }), fc.integer({ min: 0, max: 9 * 86_400_000 }));
    fc.assert(
      fc.property(scene, anyLimit, added, later, ({ start, ...input }, limit, addedWorkingDays, by) => {
        const due = (from: number) => dueOf({ ...input, start: from, limit, addedWorkingDays })!;
        expect(due(start + by)).toBeGreaterThanOrEqual(due(start));
      }),
      RUNS,
    );
  });

  it('a longer pause, or one more, is never due earlier; a window never moves', () => {
    const more = fc.integer({ min: 0, max: 5 * 86_400_000 });
    fc.assert(
      fc.property(scene, anyLimit, added, more, more, (input, limit, addedWorkingDays, offset, length) => {
        const due = dueOf({ ...input, limit, addedWorkingDays })!;
        const longer = [
          [...input.pauses, { from: input.start + offset, to: input.start + offset + length }],
          input.pauses.map(({ from, to }) => ({ from, to: to + length })),
        ];
        for (const pauses of longer) {
          const moved = dueOf({ ...input, limit, addedWorkingDays, pauses })!;
          if (limit.kind === 'calendarWindow') expect(moved).toBe(due);
          else expect(moved).toBeGreaterThanOrEqual(due);
        }
      }),
      RUNS,
    );
  });

  it('a pause wholly outside office hours moves neither minutes nor working days', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    const measured = anyLimit.filter(({ kind }) => kind === 'workingTime' || kind === 'workingDays');
    fc.assert(
      fc.property(scene, measured, added, fc.nat(), part, part, (input, limit, addedWorkingDays, pick, a, b) => {
        const until = input.start + 14 * 86_400_000;
        const off = explainTime({ ...input, pauses: [], until, limit: { kind: 'none' } }).entries.filter(
          ({ counted }) => !counted,
        );
        fc.pre(off.length > 0);
        const { from, to } = off[pick % off.length]!;
        const ends = [a, b].map((x) => Math.round(from + x * (to - from))).sort((x, y) => x - y);
        const pauses = [...input.pauses, { from: ends[0]!, to: ends[1]! }];
        expect(dueOf({ ...input, limit, addedWorkingDays, pauses })).toBe(dueOf({ ...input, limit, addedWorkingDays }));
      }),
      RUNS,
    );
  });

  it('pauses act as their union: any overlapping cover in any order gives the same due', () => {
    const cuts = fc.array(fc.tuple(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 3_600_000 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(scene, anyLimit, added, cuts, fc.boolean(), (input, limit, addedWorkingDays, cutters, reverse) => {
        const cover: Pause[] = input.pauses.map((pause) => ({ ...pause }));
        for (const [pick, share, overlap] of cutters) {
          const whole = cover[pick % Math.max(1, cover.length)];
          if (!whole || whole.to === null) continue;
          const middle = Math.round(whole.from + share * (whole.to - whole.from));
          cover.push({ from: Math.max(whole.from, middle - overlap), to: whole.to }, { from: whole.from, to: middle });
          cover.splice(cover.indexOf(whole), 1);
        }
        const pauses = reverse ? cover.reverse() : cover;
        expect(deriveDue({ ...input, limit, addedWorkingDays, pauses })).toEqual(
          deriveDue({ ...input, limit, addedWorkingDays }),
        );
      }),
      RUNS,
    );
  });

  it('a pause that lasts is as one that ends now, once it ends now', () => {
    const ms = fc.integer({ min: 0, max: 9 * 86_400_000 });
    fc.assert(
      fc.property(scene, anyLimit, added, ms, ms, (input, limit, addedWorkingDays, offset, length) => {
        const from = input.start + offset;
        const open = { ...input, limit, addedWorkingDays, pauses: [...input.pauses, { from, to: null }] };
        const ended = {
          ...open,
          pauses: [
            ...input.pauses.map(({ from: f, to }) => ({ from: f, to: f >= from ? f : Math.min(to, from) })),
            { from, to: from + length },
          ],
        };
        expect(dueIfResumedAt(open, from + length)).toEqual(deriveDue(ended));
      }),
      RUNS,
    );
  });

  it('a pause that lasts takes the due away exactly if it began before the due', () => {
    const far = fc.integer({ min: 0, max: 9 * 86_400_000 });
    fc.assert(
      fc.property(
        scene,
        anyLimit,
        added,
        far,
        fc.integer({ min: -1, max: 1 }),
        fc.boolean(),
        (input, limit, more, offset, by, near) => {
          const own = { ...input, limit, addedWorkingDays: more, pauses: [] };
          const due = dueOf(own)!;
          const from = Math.max(input.start, near ? due + by : input.start + offset);
          const held = limit.kind !== 'calendarWindow' && from < due;
          expect(dueOf({ ...own, pauses: [{ from, to: null }] })).toBe(held ? null : due);
        },
      ),
      RUNS,
    );
  });
});
