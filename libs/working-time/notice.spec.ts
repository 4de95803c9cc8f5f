import { cnLanshanCalendar } from './calendars/cn-lanshan.js';
import { compileCalendar } from './compiled-calendar.js';
import { withNotice, yearOfDays } from './notice.js';
import { parseDaysCsv } from './notice-text.js';

const base = cnLanshanCalendar();
const off = (date: string) => ({ date, isOffDay: true, name: '元旦' });
const refused = (code: string, field: string) => expect.objectContaining({ name: 'WorkingTimeError', code, field });

describe('the version after a notice', () => {
  it('publishes its year, and compiles', () => {
    const next = withNotice(base, { year: 2027, days: [off('2027-01-01')], announcedAt: '2026-11-04T00:00:00+08:00' });
    expect([next.version, next.publishedYears.at(-1), next.announcedAt]).toEqual([2, 2027, '2026-11-04T00:00:00+08:00']);
    expect(next.exceptions.at(-1)).toEqual({ date: '2027-01-01', kind: 'closed', name: '元旦', noticeYear: 2027 });
    expect(compileCalendar(next).coveredYears).toEqual({ from: 2014, to: 2037 });
  });

  it('forgets what an earlier notice of the year said, and nothing of other years', () => {
    const next = withNotice(base, { year: 2026, days: [off('2026-01-01')] });
    const of = (year: number) => next.exceptions.filter(({ noticeYear }) => noticeYear === year);
    expect(of(2026)).toHaveLength(1);
    expect(of(2025)).toEqual(base.exceptions.filter(({ noticeYear }) => noticeYear === 2025));
    expect(next.announcedAt).toBeUndefined();
  });

  it('goes by the later notice where two years name a date, and by the office itself before either', () => {
    const first = withNotice(base, { year: 2027, days: [off('2027-01-01'), off('2027-12-31')] });
    const second = withNotice(first, { year: 2028, days: [{ date: '2027-12-31', isOffDay: false }] });
    expect(second.exceptions.filter(({ date }) => date === '2027-12-31')).toEqual([
      { date: '2027-12-31', kind: 'opened', noticeYear: 2028 },
    ]);
    const own = { date: '2027-01-01', kind: 'opened' as const, name: '值班' };
    const third = withNotice({ ...base, exceptions: [own] }, { year: 2027, days: [off('2027-01-01'), off('2027-01-02')] });
    expect(third.exceptions.map(({ date, name }) => [date, name])).toEqual([
      ['2027-01-01', '值班'],
      ['2027-01-02', '元旦'],
    ]);
  });

  it.each([
    ['2026-12-01', true],
    ['2028-01-31', true],
    ['2026-11-30', false],
    ['2028-02-01', false],
  ])('of 2027 may name %s: %s', (date, allowed) => {
    const make = () => withNotice(base, { year: 2027, days: [off(date)] });
    if (allowed) expect(make().version).toBe(2);
    else expect(make).toThrow(refused('EXCEPTION_OUTSIDE_NOTICE_YEAR', 'days[0].date'));
  });

  it('needs a year that is one', () => {
    expect(() => withNotice(base, { year: 20270, days: [off('2027-01-01')] })).toThrow(refused('INVALID_NOTICE', 'year'));
    expect(yearOfDays([off('2027-01-01'), off('2027-10-01')])).toBe(2027);
    expect(() => yearOfDays([off('2026-12-31'), off('2027-01-01')])).toThrow(refused('NOTICE_YEAR_UNCLEAR', 'year'));
    expect(() => yearOfDays([])).toThrow(refused('INVALID_NOTICE', 'days'));
  });
});

describe('days as CSV', () => {
  it('reads columns in any order, quotes, a mark at the beginning and either line end', () => {
    const text =
      '\uFEFFname,date,isOffDay,hours\r\n"元旦, ""节""",2027-01-01,TRUE,\n,2027-01-02,false,09:00-12:00 13:00-16:30\r\n\r\n';
    expect(parseDaysCsv(text)).toEqual([
      { date: '2027-01-01', isOffDay: true, name: '元旦, "节"' },
      {
        date: '2027-01-02',
        isOffDay: false,
        hours: [
          { from: '09:00', to: '12:00' },
          { from: '13:00', to: '16:30' },
        ],
      },
    ]);
  });

  it.each([
    ['nothing', '', 'csv.line[1]'],
    ['no column of dates', 'isOffDay,name\ntrue,元旦', 'csv.line[1]'],
    ['an unknown column', 'date,isOffDay,weekday\n', 'csv.line[1]'],
    ['a column twice', 'date,isOffDay,date\n', 'csv.line[1]'],
    ['a cell too many', 'date,isOffDay\n2027-01-01,true\n2027-01-02,true,x', 'csv.line[3]'],
    ['an empty line between', 'date,isOffDay\n\n2027-01-02,true', 'csv.line[2]'],
    ['an open quote', 'date,isOffDay,name\n2027-01-01,true,"元旦', 'csv.line[2]'],
    ['yes for true', 'date,isOffDay\n2027-01-01,yes', 'csv.line[2].isOffDay'],
    ['hours without an end', 'date,isOffDay,hours\n2027-01-01,false,09:00', 'csv.line[2].hours'],
  ])('refuses %s', (_, text, field) => {
    expect(() => parseDaysCsv(text)).toThrow(refused('INVALID_NOTICE', field));
  });
});
