import { cnLanshanCalendar, cnLanshanHistory } from './calendars/cn-lanshan.js';
import { compileCalendar } from './compiled-calendar.js';
import { deriveDue } from './due.js';
import { parseInstant } from './instant.js';
import type { Limit } from './limit.js';
import { formatLocalDate, parseLocalDate } from './local-date.js';

const calendar = compileCalendar(cnLanshanCalendar());
const at = (local: string) => parseInstant(`${local}+08:00`);
const wd = (days: number): Limit => ({ kind: 'workingDays', days });
const nd = (days: number): Limit => ({ kind: 'naturalDays', days });
const minutes = (n: number): Limit => ({ kind: 'workingTime', minutes: n });
const window = (local: string): Limit => ({ kind: 'calendarWindow', at: at(local) });
const pause = (from: string, to: string) => ({ from: at(from), to: at(to) });

describe('every day from 2019 to 2026', () => {
  const first = (year: number) => parseLocalDate(`${year}-01-01`, 'year');
  const daysOf = (year: number) => Array.from({ length: first(year + 1) - first(year) }, (_, i) => first(year) + i);
  const isWeekend = (day: number) => [0, 6].includes(new Date(`${formatLocalDate(day)}T00:00:00Z`).getUTCDay());

  it.each([
    [2019, 250, '02-02 02-03 04-28 05-05 09-29 10-12'],
    [2020, 249, '01-19 04-26 05-09 06-28 09-27 10-10'],
    [2021, 250, '02-07 02-20 04-25 05-08 09-18 09-26 10-09'],
    [2022, 249, '01-29 01-30 04-02 04-24 05-07 10-08 10-09'],
    [2023, 249, '01-28 01-29 04-23 05-06 06-25 10-07 10-08'],
    [2024, 251, '02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12'],
    [2025, 248, '01-26 02-08 04-27 09-28 10-11'],
    [2026, 248, '01-04 02-14 02-28 05-09 09-20 10-10'],
  ])('%i has %i working days, the weekends among them %s', (year, count, weekends) => {
    const working = daysOf(year).filter((day) => calendar.isWorkingDay(day));
    expect(working).toHaveLength(count);
    const worked = working.filter(isWeekend).map((day) => formatLocalDate(day).slice(5));
    expect(worked.join(' ')).toBe(weekends);
  });

  it('has a version for each notice, in the order they were announced', () => {
    const history = cnLanshanHistory();
    expect(history.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const announced = history.map(({ announcedAt }) => parseInstant(announcedAt!));
    expect([...announced].sort((a, b) => a - b)).toEqual(announced);
    for (const version of history) compileCalendar(version);
    expect(history.at(-1)).toEqual(cnLanshanCalendar(10));
  });

  it('knows what the Spring Festival of 2020 was to be before it was made longer', () => {
    const [before, after] = cnLanshanHistory().slice(2, 4).map(compileCalendar);
    const works = (of: typeof before, date: string) => of!.isWorkingDay(parseLocalDate(date, 'date'));
    for (const date of ['2020-01-31', '2020-02-01']) {
      expect([date, works(before, date), works(after, date)]).toEqual([date, true, false]);
    }
    for (const date of ['2020-01-19', '2020-02-03', '2020-10-10']) {
      expect([date, works(before, date), works(after, date)]).toEqual([date, true, true]);
    }
  });
});

describe('dues by the official calendars', () => {
  it.each<[string, string, Limit, string]>([
    // 2025
    ['Spring Festival, with a Sunday worked before it', '2025-01-24T10:00', wd(1), '2025-01-26T17:00'],
    ['over Spring Festival to a worked Saturday', '2025-01-26T10:00', wd(5), '2025-02-08T17:00'],
    ['minutes over Spring Festival', '2025-01-27T16:00', minutes(90), '2025-02-05T09:30'],
    ['natural days rolled out of Spring Festival', '2025-01-25T10:00', nd(7), '2025-02-05T17:00'],
    ['Qingming on a Friday', '2025-04-03T10:00', wd(1), '2025-04-07T17:00'],
    ['to the Sunday worked for Labour Day', '2025-04-25T10:00', wd(1), '2025-04-27T17:00'],
    ['over Labour Day', '2025-04-30T10:00', wd(1), '2025-05-06T17:00'],
    ['over Dragon Boat', '2025-05-30T17:01', wd(1), '2025-06-03T17:00'],
    ['to the Sunday worked for National Day', '2025-09-26T10:00', wd(1), '2025-09-28T17:00'],
    ['over National Day and the Saturday worked for it', '2025-09-30T10:00', wd(3), '2025-10-11T17:00'],
    ['minutes over National Day', '2025-09-30T16:30', minutes(60), '2025-10-09T09:30'],
    ['natural days rolled out of National Day', '2025-09-29T10:00', nd(3), '2025-10-09T17:00'],
    ['from a worked Saturday', '2025-10-11T10:00', wd(1), '2025-10-13T17:00'],
    ['natural days to a worked Saturday', '2025-10-08T10:00', nd(3), '2025-10-11T17:00'],
    ['into the year after', '2025-12-31T16:59', minutes(2), '2026-01-04T09:01'],
    // 2026
    ['New Year to the Sunday worked for it', '2025-12-31T10:00', wd(1), '2026-01-04T17:00'],
    ['to the Saturday worked for Spring Festival', '2026-02-13T10:00', wd(1), '2026-02-14T17:00'],
    ['over Spring Festival to the Saturday after', '2026-02-14T10:00', wd(5), '2026-02-28T17:00'],
    ['minutes over Spring Festival', '2026-02-14T16:00', minutes(120), '2026-02-24T10:00'],
    ['over Qingming, whose Monday is off', '2026-04-03T10:00', wd(1), '2026-04-07T17:00'],
    ['over Labour Day to the Saturday worked for it', '2026-04-30T10:00', wd(4), '2026-05-09T17:00'],
    ['over Dragon Boat', '2026-06-18T10:00', wd(1), '2026-06-22T17:00'],
    ['natural days rolled out of Mid-Autumn', '2026-09-22T10:00', nd(3), '2026-09-28T17:00'],
    ['over National Day', '2026-09-30T10:00', wd(1), '2026-10-08T17:00'],
    // Around opening, lunch and close
    ['exactly at opening', '2026-10-12T09:00', minutes(60), '2026-10-12T10:00'],
    ['a minute before opening', '2026-10-12T08:59', minutes(60), '2026-10-12T10:00'],
    ['exactly at the beginning of lunch', '2026-10-12T12:00', minutes(1), '2026-10-12T13:01'],
    ['in the middle of lunch', '2026-10-12T12:30', minutes(1), '2026-10-12T13:01'],
    ['all of a day', '2026-10-12T09:00', minutes(420), '2026-10-12T17:00'],
    ['a minute more than a day', '2026-10-12T09:00', minutes(421), '2026-10-13T09:01'],
    ['exactly at closing', '2026-10-12T17:00', minutes(1), '2026-10-13T09:01'],
    ['a minute after closing', '2026-10-12T17:01', wd(1), '2026-10-13T17:00'],
    ['a minute after closing, minutes', '2026-10-12T17:01', minutes(1), '2026-10-13T09:01'],
    ['exactly at opening, days', '2026-10-12T09:00', wd(1), '2026-10-13T17:00'],
    ['exactly at closing, days', '2026-10-12T17:00', wd(1), '2026-10-13T17:00'],
    ['a minute after closing on a worked Saturday', '2025-10-11T17:01', minutes(60), '2025-10-13T10:00'],
    ['a Sunday', '2026-10-11T23:59', minutes(120), '2026-10-12T11:00'],
    ['a Sunday, natural days', '2026-10-11T10:00', nd(1), '2026-10-12T17:00'],
    ['a worked Sunday', '2025-09-28T16:00', minutes(120), '2025-09-29T10:00'],
    ['in the middle of National Day', '2025-10-05T10:00', minutes(60), '2025-10-09T10:00'],
    ['in the middle of National Day, days', '2025-10-05T10:00', wd(1), '2025-10-09T17:00'],
    ['a window that ends in National Day', '2026-09-22T10:00', window('2026-10-01T12:00'), '2026-10-01T12:00'],
  ])('%s', (_, start, limit, due) => {
    expect(deriveDue({ start: at(start), limit, calendar })).toEqual({ due: at(due), provisional: false });
  });

  const hour = ['2025-10-13T10:00', minutes(60)] as const;
  it.each<[string, string, Limit, readonly { from: number; to: number }[], string]>([
    [
      'a holiday paused takes nothing',
      '2025-09-30T10:00',
      wd(1),
      [pause('2025-10-01T00:00', '2025-10-09T00:00')],
      '2025-10-09T17:00',
    ],
    [
      'a worked Saturday paused takes a day',
      '2025-10-10T10:00',
      wd(1),
      [pause('2025-10-11T09:00', '2025-10-11T17:00')],
      '2025-10-13T17:00',
    ],
    [
      'lunch paused takes nothing',
      '2025-10-13T10:00',
      minutes(240),
      [pause('2025-10-13T12:00', '2025-10-13T13:00')],
      '2025-10-13T15:00',
    ],
    [
      'from before closing to after opening',
      '2025-10-13T16:00',
      minutes(120),
      [pause('2025-10-13T16:30', '2025-10-14T09:30')],
      '2025-10-14T11:00',
    ],
    ['from the start on', '2025-10-13T10:00', minutes(60), [pause('2025-10-13T10:00', '2025-10-13T11:00')], '2025-10-13T12:00'],
    ['up to the due', '2025-10-13T10:00', minutes(60), [pause('2025-10-13T10:30', '2025-10-13T11:00')], '2025-10-13T11:30'],
    [
      'over a whole holiday with whole days beside it',
      '2026-09-29T10:00',
      wd(3),
      [pause('2026-09-30T09:00', '2026-10-08T17:00')],
      '2026-10-12T17:00',
    ],
    [
      'natural days through a holiday',
      '2026-09-29T10:00',
      nd(3),
      [pause('2026-09-30T00:00', '2026-10-08T00:00')],
      '2026-10-10T17:00',
    ],
    [
      'that overlap',
      ...hour,
      [pause('2025-10-13T10:30', '2025-10-13T11:00'), pause('2025-10-13T10:45', '2025-10-13T11:15')],
      '2025-10-13T11:45',
    ],
    [
      'that touch',
      ...hour,
      [pause('2025-10-13T10:30', '2025-10-13T11:00'), pause('2025-10-13T11:00', '2025-10-13T11:15')],
      '2025-10-13T11:45',
    ],
    [
      'one inside the other',
      ...hour,
      [pause('2025-10-13T10:30', '2025-10-13T11:15'), pause('2025-10-13T10:40', '2025-10-13T10:50')],
      '2025-10-13T11:45',
    ],
    ['of no length', ...hour, [pause('2025-10-13T10:30', '2025-10-13T10:30')], '2025-10-13T11:00'],
    ['begun before the start', ...hour, [pause('2025-10-13T09:00', '2025-10-13T10:30')], '2025-10-13T11:30'],
    ['over before the start', ...hour, [pause('2025-10-13T09:00', '2025-10-13T09:30')], '2025-10-13T11:00'],
    ['from the due on', ...hour, [pause('2025-10-13T11:00', '2025-10-13T12:00')], '2025-10-13T11:00'],
    ['less than a day', '2025-10-13T10:00', wd(1), [pause('2025-10-14T09:00', '2025-10-14T12:00')], '2025-10-14T17:00'],
    [
      'a morning and an afternoon, which are a day',
      '2025-10-13T10:00',
      wd(2),
      [pause('2025-10-14T09:00', '2025-10-14T12:00'), pause('2025-10-15T13:00', '2025-10-15T17:00')],
      '2025-10-16T17:00',
    ],
    ['over New Year', '2025-12-31T10:00', minutes(120), [pause('2025-12-31T11:00', '2026-01-04T09:00')], '2026-01-04T10:00'],
    [
      'a window goes on',
      '2026-09-22T10:00',
      window('2026-10-01T12:00'),
      [pause('2026-09-23T09:00', '2026-09-28T17:00')],
      '2026-10-01T12:00',
    ],
  ])('paused: %s', (_, start, limit, pauses, due) => {
    expect(deriveDue({ start: at(start), limit, pauses, calendar }).due).toBe(at(due));
  });

  it.each<[string, string, Limit, number, string]>([
    ['working days over National Day', '2025-09-28T10:00', wd(2), 2, '2025-10-10T17:00'],
    ['the most there may be, over Spring Festival', '2026-02-13T10:00', wd(1), 10, '2026-03-06T17:00'],
    ['minutes, to a worked Saturday', '2025-10-10T10:00', minutes(120), 1, '2025-10-11T17:00'],
    ['natural days, from a worked Saturday', '2025-10-08T10:00', nd(3), 1, '2025-10-13T17:00'],
    ['a window that ends in National Day', '2026-09-22T10:00', window('2026-10-01T12:00'), 1, '2026-10-08T17:00'],
  ])('extended: %s', (_, start, limit, addedWorkingDays, due) => {
    expect(deriveDue({ start: at(start), limit, addedWorkingDays, calendar }).due).toBe(at(due));
  });

  it.each<[string, string, Limit, string]>([
    ['working days', '2026-12-31T10:00', wd(1), '2027-01-04T17:00'],
    ['minutes', '2026-12-31T16:59', minutes(2), '2027-01-04T09:01'],
    ['natural days', '2026-12-31T10:00', nd(1), '2027-01-04T17:00'],
  ])('%s into a year with no list are provisional', (_, start, limit, due) => {
    expect(deriveDue({ start: at(start), limit, calendar })).toEqual({ due: at(due), provisional: true });
  });
});
