import { type CalendarVersion, CN_STATUTORY_DAYS, exceptionsForRange } from '../calendar.js';
import { type CalendarBase, type Notice, withNotice } from '../notice.js';
import { CN_NOTICES, type CnNotice } from './cn-notices.js';

const HOURS = [
  { from: '09:00', to: '12:00' },
  { from: '13:00', to: '17:00' },
] as const;

const BASE: CalendarBase = {
  calendarId: 'cn-lanshan',
  version: 0,
  zone: 'Asia/Shanghai',
  weekly: { 1: HOURS, 2: HOURS, 3: HOURS, 4: HOURS, 5: HOURS, 6: [], 7: [] },
  publishedYears: [],
  statutoryDays: CN_STATUTORY_DAYS,
  exceptions: [],
};

function noticeOf({ year, announced, off, working }: CnNotice): Notice {
  const days = off.flatMap(([from, to, name]) =>
    exceptionsForRange(from, to, { kind: 'closed' }).map(({ date }) => ({ date, isOffDay: true, name })),
  );
  const makeUp = working.map((date) => ({ date, isOffDay: false, name: '调休上班' }));
  return { year, days: [...days, ...makeUp], announcedAt: `${announced}T00:00:00+08:00` };
}

/**
 * The SLA calendar of the district office: Monday to Friday 09:00–12:00 and 13:00–17:00 in Asia/Shanghai, with the holidays and
 * make-up days of mainland China from 2019 to 2026, one version for each notice, known since it was announced. It says nothing
 * about when the windows are open to the public.
 */
export function cnLanshanHistory(): readonly CalendarVersion[] {
  const versions: CalendarVersion[] = [];
  for (const notice of CN_NOTICES) versions.push(withNotice(versions.at(-1) ?? BASE, noticeOf(notice)));
  return versions;
}

/** The same as it stands after the last notice, under the number a test or a caller of their own gives it. */
export function cnLanshanCalendar(version = 1): CalendarVersion {
  return { ...cnLanshanHistory().at(-1)!, version };
}
