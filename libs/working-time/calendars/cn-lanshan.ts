import { type CalendarException, type CalendarVersion, CN_STATUTORY_DAYS, exceptionsForRange } from '../calendar.js';

const HOURS = [
  { from: '09:00', to: '12:00' },
  { from: '13:00', to: '17:00' },
] as const;

/** Days off and make-up working days by year of the notice (source: domain.md §2.7). */
const NOTICES: readonly { year: number; off: readonly [from: string, to: string, name: string][]; working: readonly string[] }[] =
  [
    {
      year: 2025,
      off: [
        ['2025-01-01', '2025-01-01', '元旦'],
        ['2025-01-28', '2025-02-04', '春节'],
        ['2025-04-04', '2025-04-06', '清明节'],
        ['2025-05-01', '2025-05-05', '劳动节'],
        ['2025-05-31', '2025-06-02', '端午节'],
        ['2025-10-01', '2025-10-08', '国庆节、中秋节'],
      ],
      working: ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'],
    },
    {
      year: 2026,
      off: [
        ['2026-01-01', '2026-01-03', '元旦'],
        ['2026-02-15', '2026-02-23', '春节'],
        ['2026-04-04', '2026-04-06', '清明节'],
        ['2026-05-01', '2026-05-05', '劳动节'],
        ['2026-06-19', '2026-06-21', '端午节'],
        ['2026-09-25', '2026-09-27', '中秋节'],
        ['2026-10-01', '2026-10-07', '国庆节'],
      ],
      working: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
    },
  ];

/**
 * The SLA calendar of the district office as first loaded: Monday to Friday 09:00–12:00 and 13:00–17:00 in Asia/Shanghai, with
 * the holidays and make-up days of mainland China for 2025 and 2026. It says nothing about when the windows are open to the
 * public.
 */
export function cnLanshanCalendar(version = 1): CalendarVersion {
  const exceptions: CalendarException[] = NOTICES.flatMap(({ year, off, working }) => [
    ...off.flatMap(([from, to, name]) => exceptionsForRange(from, to, { kind: 'closed', name, noticeYear: year })),
    ...working.map((date) => ({ date, kind: 'opened' as const, name: '调休上班', noticeYear: year })),
  ]);
  return {
    calendarId: 'cn-lanshan',
    version,
    zone: 'Asia/Shanghai',
    weekly: { 1: HOURS, 2: HOURS, 3: HOURS, 4: HOURS, 5: HOURS, 6: [], 7: [] },
    publishedYears: NOTICES.map(({ year }) => year),
    statutoryDays: CN_STATUTORY_DAYS,
    exceptions: exceptions.sort((a, b) => (a.date < b.date ? -1 : 1)),
  };
}
