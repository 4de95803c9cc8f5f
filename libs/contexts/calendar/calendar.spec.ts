import { canonicalJson, systemCommandId } from '@huicai/kernel';
import { cnLanshanCalendar, deriveDue, parseInstant } from '@huicai/working-time';
import { specOf } from '../../kernel/spec-dsl.js';
import { calendar } from './calendar.js';
import type { CalendarVersionData } from './contract.js';
import {
  calendarDataOf,
  calendarOf,
  calendarToPromiseBy,
  calendarVersionOf,
  compiledVersion,
  foldCalendar,
  noCalendar,
  officeDay,
  versionKnownAt,
} from './facts.js';

const facts = { now: parseInstant('2026-01-01T00:00:00Z'), actor: { id: 'user-admin', role: 'admin' } } as const;
const version = (n: number, changes: Partial<CalendarVersionData> = {}): CalendarVersionData => ({
  ...calendarDataOf(cnLanshanCalendar(n)),
  ...changes,
});

describe('a calendar', () => {
  const { given } = specOf(calendar);
  const publish = (data: CalendarVersionData) => ({ type: 'PublishCalendarVersion', data: { calendar: data } }) as const;
  const published = (data: CalendarVersionData) => ({ type: 'CalendarVersionPublished', data: { calendar: data } }) as const;

  it('is published version by version, and every version stays', () => {
    const state = given([published(version(1))])
      .when(publish(version(2, { statutoryDays: [] })), facts)
      .then([published(version(2, { statutoryDays: [] }))]);
    expect(state.versions.map((v) => v.version)).toEqual([1, 2]);
    expect(compiledVersion(state, 1).version).toBe(1);
    expect(compiledVersion(state, 2)).toBe(compiledVersion(state, 2));
    expect(() => compiledVersion(state, 3)).toThrow('No version 3');
    expect(() => compiledVersion(state, 0)).toThrow('No version 0');
  });

  describe('of a year that was not published', () => {
    const [before, office] = [version(1), facts.actor.id];
    const notice = { date: '2026-12-31', kind: 'opened' as const, noticeYear: 2027 };
    const next = version(2, { publishedYears: [...before.publishedYears, 2027], exceptions: [...before.exceptions, notice] });

    it('is put on clocks that run from the first day its notice names, by an event that can be undone', () => {
      const state = given([published(before)])
        .when(publish(next), facts)
        .then([
          published(next),
          {
            type: 'CalendarChangeApplied',
            data: {
              changeId: systemCommandId('calendar-year', 'cn-lanshan', 2),
              mode: 'prospective',
              to: 2,
              fromDay: '2026-12-31',
              reason: '2027年节假日安排公布',
              approvedBy: office,
            },
          },
        ]);
      const clock = { startedAt: facts.now - 1, stoppedAt: null, calendarVersion: 1 };
      const start = parseInstant('2026-12-30T10:00:00+08:00');
      const due = (calendars: typeof state) =>
        deriveDue({ start, limit: { kind: 'workingDays', days: 2 }, calendar: calendarOf(clock, calendars) });
      expect(due({ versions: state.versions })).toMatchObject({ provisional: true });
      expect(due(state)).toMatchObject({ provisional: false });
    });

    it('changes nothing where the office begins with it, or the year was published', () => {
      const system = { now: facts.now, actor: { id: 'reference-data', role: 'system' } } as const;
      given([published(before)])
        .when(publish(next), system)
        .then([published(next)]);
      given([published(before)])
        .when(publish(version(2)), facts)
        .then([published(version(2))]);
      given([])
        .when(publish(before), facts)
        .then([published(before)]);
    });
  });

  it.each([0, 1, 3])('refuses version %d after version 1', (n) => {
    given([published(version(1))])
      .when(publish(version(n)), facts)
      .thenRefused('version-not-next', { field: 'calendar.version', params: { next: 2 } });
  });

  it('keeps its weekdays through an event and back', () => {
    const original = cnLanshanCalendar();
    const data = calendarDataOf(original);
    canonicalJson(data);
    const { 6: _sat, 7: _sun, ...working } = original.weekly;
    expect(calendarVersionOf(data)).toEqual({ ...original, weekly: working });
  });

  it.each([
    [{ zone: 'Mars/Olympus' }, 'calendar.zone', 'unknown-zone'],
    [{ publishedYears: [] }, 'calendar.publishedYears', 'no-published-year'],
    [{ weekly: [] }, 'calendar.weekly', 'no-working-weekday'],
    [{ exceptions: [{ date: '2026-02-30', kind: 'closed' as const }] }, 'calendar.exceptions[0].date', 'date-invalid'],
  ])('refuses %j', (changes, field, code) => {
    given([])
      .when(publish(version(1, changes)), facts)
      .thenRefused(code, { field });
  });

  it('names a wrong hour where the caller wrote it', () => {
    const weekly = [
      { weekday: 1 as const, intervals: [{ from: '09:00', to: '12:00' }] },
      { weekday: 3 as const, intervals: [{ from: '09:00', to: '08:00' }] },
    ];
    given([])
      .when(publish(version(1, { weekly })), facts)
      .thenRefused('interval-reversed', { field: 'calendar.weekly[1].intervals[0]' });
  });

  it('refuses a weekday given twice instead of dropping one', () => {
    const weekly = [
      { weekday: 1 as const, intervals: [{ from: '09:00', to: '12:00' }] },
      { weekday: 1 as const, intervals: [{ from: '13:00', to: '17:00' }] },
    ];
    given([])
      .when(publish(version(1, { weekly })), facts)
      .thenRefused('weekday-repeated', { field: 'calendar.weekly[1].weekday' });
  });

  it('stays the same calendar in the zone of the office', () => {
    given([published(version(1))])
      .when(publish(version(2, { calendarId: 'other' })), facts)
      .thenRefused('other-calendar', { field: 'calendar.calendarId' });
    given([])
      .when(publish(version(1, { zone: 'Asia/Tokyo' })), facts)
      .thenRefused('not-the-office-zone', { field: 'calendar.zone' });
  });
});

describe('what was known of a calendar', () => {
  const { given } = specOf(calendar);
  const publish = (data: CalendarVersionData) => ({ type: 'PublishCalendarVersion', data: { calendar: data } }) as const;
  const published = (data: CalendarVersionData) => ({ type: 'CalendarVersionPublished', data: { calendar: data } }) as const;
  const announced = (n: number, announcedAt: string) => version(n, { announcedAt });
  const { announcedAt: _, ...silent } = version(2);

  it('is known since its announcement, and without one since it was recorded', () => {
    const first = foldCalendar(noCalendar, published(announced(1, '2020-01-27T00:00:00+08:00')), { occurredAt: facts.now });
    const both = foldCalendar(first, published(silent), { occurredAt: facts.now });
    const known = (at: string) => versionKnownAt(both, parseInstant(at))?.version;
    expect(known('2020-01-26T15:59:59.999Z')).toBeUndefined();
    expect(known('2020-01-26T16:00:00Z')).toBe(1);
    expect(known('2025-12-31T23:59:59.999Z')).toBe(1);
    expect(known('2026-01-01T00:00:00Z')).toBe(2);
  });

  it.each([
    // A played year may begin before anything was announced.
    ['2019-06-01T00:00:00Z', 1],
    ['2020-01-26T15:59:59.999Z', 1],
    ['2020-01-26T16:00:00Z', 1],
    ['2025-12-31T23:59:59.999Z', 1],
    ['2026-01-01T00:00:00Z', 2],
  ])('is what promises of %s go by: version %d', (at, promisedBy) => {
    const versions = [
      { ...cnLanshanCalendar(1), knownSince: parseInstant('2020-01-27T00:00:00+08:00') },
      { ...cnLanshanCalendar(2), knownSince: facts.now },
    ];
    expect(calendarToPromiseBy({ versions }, parseInstant(at)).version).toBe(promisedBy);
  });

  it('promises nothing without a version', () => {
    expect(() => calendarToPromiseBy(noCalendar, facts.now)).toThrow('No version 1');
  });

  it('is no version from the future', () => {
    given([])
      .when(publish(announced(1, '2026-01-01T00:00:00.001Z')), facts)
      .thenRefused('calendar-from-the-future', { field: 'calendar.announcedAt' });
    given([])
      .when(publish(announced(1, '2026-01-01T00:00:00Z')), facts)
      .then([published(announced(1, '2026-01-01T00:00:00Z'))]);
  });

  it('comes in order', () => {
    const before = [published(announced(1, '2020-01-27T00:00:00+08:00'))];
    given(before)
      .when(publish(announced(2, '2020-01-26T23:59:59+08:00')), facts)
      .thenRefused('calendar-announced-out-of-order', { field: 'calendar.announcedAt' });
    given(before)
      .when(publish(announced(2, '27.1.2020')), facts)
      .thenRefused('instant-invalid', { field: 'calendar.announcedAt' });
  });
});

describe('the day of the office', () => {
  it.each([
    ['2026-09-30T15:59:59.999Z', '2026-09-30'],
    ['2026-09-30T16:00:00Z', '2026-10-01'],
    ['2026-12-31T16:00:00Z', '2027-01-01'],
  ])('at %s is %s', (instant, day) => {
    expect(officeDay(parseInstant(instant))).toBe(day);
  });
});
