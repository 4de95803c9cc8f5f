import { type CalendarVersion, exceptionsForRange } from './calendar.js';
import { cnLanshanCalendar } from './calendars/cn-lanshan.js';
import { compileCalendar } from './compiled-calendar.js';
import { formatInstant } from './instant.js';
import { formatLocalDate, parseLocalDate } from './local-date.js';

const version = cnLanshanCalendar();
const calendar = compileCalendar(version);
const day = (date: string) => parseLocalDate(date, 'date');
const hoursOn = (date: string, of = calendar) =>
  of
    .intervalsOn(day(date))
    .map(({ from, to }) => [from, to].map((at) => formatInstant(at, of.zone).slice(11, 16)).join('-'))
    .join(' ');
const STANDARD = '09:00-12:00 13:00-17:00';

describe('cn-lanshan', () => {
  const datesOf = (year: number) =>
    Array.from({ length: day(`${year}-12-31`) - day(`${year}-01-01`) + 1 }, (_, i) => day(`${year}-01-01`) + i);
  const isWeekend = (d: number) => [0, 6].includes(new Date(`${formatLocalDate(d)}T00:00:00Z`).getUTCDay());

  it.each([
    [2025, ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11']],
    [2026, ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10']],
  ])('%i: the weekends that work are exactly the make-up days', (year, expected) => {
    const worked = datesOf(year).filter((d) => isWeekend(d) && calendar.isWorkingDay(d));
    expect(worked.map(formatLocalDate)).toEqual(expected);
    expect(worked.map((d) => hoursOn(formatLocalDate(d)))).toEqual(expected.map(() => STANDARD));
  });

  it.each([
    [
      2025,
      [
        '01-01',
        '01-28',
        '01-29',
        '01-30',
        '01-31',
        '02-03',
        '02-04',
        '04-04',
        '05-01',
        '05-02',
        '05-05',
        '06-02',
        '10-01',
        '10-02',
        '10-03',
        '10-06',
        '10-07',
        '10-08',
      ],
    ],
    [
      2026,
      [
        '01-01',
        '01-02',
        '02-16',
        '02-17',
        '02-18',
        '02-19',
        '02-20',
        '02-23',
        '04-06',
        '05-01',
        '05-04',
        '05-05',
        '06-19',
        '09-25',
        '10-01',
        '10-02',
        '10-05',
        '10-06',
        '10-07',
      ],
    ],
  ])('%i: the weekdays off are exactly the holidays', (year, expected) => {
    const off = datesOf(year).filter((d) => !isWeekend(d) && !calendar.isWorkingDay(d));
    expect(off.map((d) => formatLocalDate(d).slice(5))).toEqual(expected);
  });

  it('names its exceptions and survives JSON', () => {
    expect(calendar.factsOf(day('2026-10-04'))).toEqual({ kind: 'closed', name: '国庆节', provisional: false });
    expect(calendar.factsOf(day('2026-10-10'))).toEqual({ kind: 'opened', name: '调休上班', provisional: false });
    expect(JSON.parse(JSON.stringify(version))).toEqual(version);
    expect(compileCalendar(JSON.parse(JSON.stringify(version))).closeOf(day('2026-10-12'))).toBe(
      calendar.closeOf(day('2026-10-12')),
    );
  });
});

describe('exceptions replace their day', () => {
  const edited = (extra: CalendarVersion['exceptions']) => compileCalendar({ ...version, exceptions: extra });

  it('closed, half, opened with and without hours', () => {
    const own = edited([
      { date: '2026-10-12', kind: 'closed', name: '停电' },
      { date: '2026-10-13', kind: 'half', intervals: [{ from: '09:00', to: '12:00' }] },
      { date: '2026-10-17', kind: 'opened' },
      { date: '2026-10-18', kind: 'opened', intervals: [{ from: '10:00', to: '11:30' }] },
      { date: '2026-10-14', kind: 'opened', intervals: [{ from: '18:00', to: '24:00' }] },
    ]);
    expect(['12', '13', '17', '18', '14'].map((d) => hoursOn(`2026-10-${d}`, own))).toEqual([
      '',
      '09:00-12:00',
      STANDARD,
      '10:00-11:30',
      '18:00-00:00',
    ]);
    expect(own.officeMinutesOn(day('2026-10-13'))).toBe(180);
  });

  it('a standard day has the hours of the first weekday that has any', () => {
    const own = compileCalendar({
      ...version,
      weekly: { 1: [], 3: [{ from: '08:00', to: '10:00' }], 5: [{ from: '08:00', to: '18:00' }] },
      exceptions: [{ date: '2026-10-17', kind: 'opened' }],
    });
    expect(hoursOn('2026-10-17', own)).toBe('08:00-10:00');
  });

  it('they also replace a statutory day of a year not published', () => {
    const own = edited([{ date: '2027-10-01', kind: 'half', intervals: [{ from: '09:00', to: '10:00' }] }]);
    expect(hoursOn('2027-10-01', own)).toBe('09:00-10:00');
    expect(own.factsOf(day('2027-10-01'))).toEqual({ kind: 'half', provisional: true });
    expect(own.factsOf(day('2027-05-03'))).toEqual({ kind: 'week', provisional: true });
    expect(own.factsOf(day('2029-05-01'))).toEqual({ kind: 'statutory', provisional: true });
  });

  it('in a published year the exceptions alone say what is off', () => {
    expect(edited([]).factsOf(day('2026-05-01'))).toEqual({ kind: 'week', provisional: false });
    expect(hoursOn('2026-05-01', edited([]))).toBe(STANDARD);
  });

  it('a notice may reach into the year before it', () => {
    const own = edited([{ date: '2024-12-28', kind: 'opened', noticeYear: 2025 }]);
    expect(own.isWorkingDay(day('2024-12-28'))).toBe(true);
  });

  it('ranges cross years, and end after they start', () => {
    const range = exceptionsForRange('2026-12-30', '2027-01-02', { kind: 'closed', name: '元旦' });
    expect(range.map(({ date }) => date)).toEqual(['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02']);
    expect(range.every(({ kind, name }) => kind === 'closed' && name === '元旦')).toBe(true);
    expect(() => exceptionsForRange('2026-10-02', '2026-10-01', { kind: 'closed' })).toThrow(
      expect.objectContaining({ code: 'RANGE_REVERSED', field: 'to' }),
    );
  });
});

describe('office hours across lunch and up to midnight', () => {
  it('touching intervals and a close at 24:00', () => {
    const own = compileCalendar({
      ...version,
      weekly: {
        1: [
          { from: '20:00', to: '24:00' },
          { from: '18:00', to: '20:00' },
        ],
      },
      exceptions: [],
    });
    const monday = day('2026-10-12');
    expect(hoursOn('2026-10-12', own)).toBe('18:00-20:00 20:00-00:00');
    expect(own.closeOf(monday)).toBe(own.startOf(monday + 1));
    expect(own.closesUpTo(own.closeOf(monday)) - own.closesUpTo(own.closeOf(monday) - 1)).toBe(1);
    expect(own.afterOfficeTime(own.startOf(monday), 360 * 60_000)).toBe(own.closeOf(monday));
  });
});

describe('zones', () => {
  const inZone = (zone: string) => compileCalendar({ ...version, zone });

  it.each([
    ['Asia/Shanghai', '2026-10-12T09:00:00+08:00'],
    ['Asia/Kathmandu', '2026-10-12T09:00:00+05:45'],
    ['America/Phoenix', '2026-10-12T09:00:00-07:00'],
    ['UTC', '2026-10-12T09:00:00+00:00'],
  ])('%s', (zone, opening) => {
    const own = inZone(zone);
    expect(formatInstant(own.openingOf(day('2026-10-12')), zone)).toBe(opening);
    expect(own.dayOf(own.startOf(day('2026-10-12')))).toBe(day('2026-10-12'));
    expect(own.dayOf(own.startOf(day('2026-10-12')) - 1)).toBe(day('2026-10-11'));
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Africa/Casablanca', 'Australia/Lord_Howe'])('%s changes its offset', (zone) => {
    expect(() => inZone(zone)).toThrow(expect.objectContaining({ code: 'ZONE_OFFSET_CHANGES', field: 'zone' }));
  });

  it('a zone that once had daylight saving is refused for those years only', () => {
    expect(() => compileCalendar({ ...version, publishedYears: [1990], exceptions: [] })).toThrow(
      expect.objectContaining({ code: 'ZONE_OFFSET_CHANGES' }),
    );
  });

  it.each(['Mars/Olympus', '+08:00', '', 7 as unknown as string])('%p is no zone', (zone) => {
    expect(() => inZone(zone)).toThrow(expect.objectContaining({ code: 'UNKNOWN_ZONE', field: 'zone' }));
  });
});

describe('refusals', () => {
  const bad = (part: object) => () => compileCalendar({ ...version, ...part });
  const monday = (...intervals: unknown[]) => ({ weekly: { 1: intervals } });
  const exceptions = (...list: unknown[]) => ({ exceptions: list });
  const morning = { from: '09:00', to: '12:00' };

  it.each([
    ['overlapping intervals', monday(morning, { from: '11:59', to: '13:00' }), 'INTERVALS_OVERLAP', 'weekly.1[1]'],
    ['overlapping intervals out of order', monday({ from: '11:00', to: '13:00' }, morning), 'INTERVALS_OVERLAP', 'weekly.1[0]'],
    ['an interval that ends before it starts', monday({ from: '12:00', to: '09:00' }), 'INTERVAL_REVERSED', 'weekly.1[0]'],
    ['an empty interval', monday({ from: '12:00', to: '12:00' }), 'INTERVAL_REVERSED', 'weekly.1[0]'],
    ['a time with one digit', monday({ from: '9:00', to: '12:00' }), 'INVALID_TIME_OF_DAY', 'weekly.1[0].from'],
    ['a time after midnight', monday({ from: '09:00', to: '24:01' }), 'INVALID_TIME_OF_DAY', 'weekly.1[0].to'],
    ['sixty minutes', monday({ from: '09:60', to: '12:00' }), 'INVALID_TIME_OF_DAY', 'weekly.1[0].from'],
    ['null for an interval', monday(null), 'INVALID_TIME_OF_DAY', 'weekly.1[0].from'],
    ['text for a list of intervals', { weekly: { 1: '09:00' } }, 'INVALID_CALENDAR', 'weekly.1'],
    ['an eighth weekday', { weekly: { 1: [morning], 8: [] } }, 'INVALID_CALENDAR', 'weekly.8'],
    ['no weekly hours', { weekly: undefined }, 'INVALID_CALENDAR', 'weekly'],
    ['a week without office hours', { weekly: { 1: [] } }, 'NO_WORKING_WEEKDAY', 'weekly'],
    ['no published year', { publishedYears: [] }, 'NO_PUBLISHED_YEAR', 'publishedYears'],
    ['a year that is text', { publishedYears: ['2026'] }, 'INVALID_CALENDAR', 'publishedYears[0]'],
    ['two centuries', { publishedYears: [1950, 2149] }, 'INVALID_CALENDAR', 'publishedYears'],
    ['a statutory day that does not exist', { statutoryDays: ['02-30'] }, 'INVALID_DATE', 'statutoryDays[0]'],
    ['a date that does not exist', exceptions({ date: '2026-02-29', kind: 'closed' }), 'INVALID_DATE', 'exceptions[0].date'],
    ['null for an exception', exceptions(null), 'INVALID_CALENDAR', 'exceptions[0]'],
    [
      'two exceptions on one date',
      exceptions({ date: '2026-10-12', kind: 'closed' }, { date: '2026-10-12', kind: 'opened' }),
      'DUPLICATE_DATE',
      'exceptions[1].date',
    ],
    ['an unknown kind', exceptions({ date: '2026-10-12', kind: 'open' }), 'INVALID_CALENDAR', 'exceptions[0].kind'],
    [
      'a closed day with hours',
      exceptions({ date: '2026-10-12', kind: 'closed', intervals: [morning] }),
      'CLOSED_DAY_WITH_HOURS',
      'exceptions[0].intervals',
    ],
    [
      'a half day without hours',
      exceptions({ date: '2026-10-12', kind: 'half' }),
      'HALF_DAY_WITHOUT_HOURS',
      'exceptions[0].intervals',
    ],
    [
      'an opened day with empty hours',
      exceptions({ date: '2026-10-12', kind: 'opened', intervals: [] }),
      'OPENED_DAY_WITH_EMPTY_HOURS',
      'exceptions[0].intervals',
    ],
    [
      'hours that overlap on one date',
      exceptions({ date: '2026-10-12', kind: 'half', intervals: [morning, morning] }),
      'INTERVALS_OVERLAP',
      'exceptions[0].intervals[1]',
    ],
    [
      'a notice of a year not published',
      exceptions({ date: '2027-01-02', kind: 'closed', noticeYear: 2027 }),
      'NOTICE_YEAR_NOT_PUBLISHED',
      'exceptions[0].noticeYear',
    ],
    [
      'a date out of reach of its notice',
      exceptions({ date: '2028-01-02', kind: 'closed', noticeYear: 2026 }),
      'EXCEPTION_OUTSIDE_NOTICE_YEAR',
      'exceptions[0].noticeYear',
    ],
    ['a mistyped century', exceptions({ date: '2206-10-12', kind: 'closed' }), 'OUTSIDE_COVERED_YEARS', 'exceptions[0].date'],
    ['an id that is empty', { calendarId: '' }, 'INVALID_CALENDAR', 'calendarId'],
    ['a version that does not count', { version: 0 }, 'INVALID_CALENDAR', 'version'],
  ])('%s', (_, part, code, field) => {
    expect(bad(part)).toThrow(expect.objectContaining({ name: 'WorkingTimeError', code, field }));
  });

  it('null for a calendar', () => {
    expect(() => compileCalendar(null as unknown as CalendarVersion)).toThrow(
      expect.objectContaining({ code: 'INVALID_CALENDAR' }),
    );
  });

  it('questions outside the covered years', () => {
    expect(calendar.isWorkingDay(day('2036-12-31'))).toBe(true);
    expect(() => calendar.isWorkingDay(day('2037-01-01'))).toThrow(expect.objectContaining({ code: 'OUTSIDE_COVERED_YEARS' }));
    expect(() => calendar.isWorkingDay(day('2013-12-31'))).toThrow(expect.objectContaining({ code: 'OUTSIDE_COVERED_YEARS' }));
    expect(() => calendar.workingDayBefore(day('2014-01-01'))).toThrow(
      expect.objectContaining({ code: 'OUTSIDE_COVERED_YEARS' }),
    );
  });
});
