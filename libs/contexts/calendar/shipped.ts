import { cnLanshanHistory } from '@huicai/working-time';
import { type CalendarFacts, knownVersion, noCalendar } from './facts.js';

/** The calendars every office starts with, for questions asked without one running. Each of their versions was announced. */
export function shippedCalendar(calendarId: string): CalendarFacts {
  const versions = cnLanshanHistory();
  if (versions[0]?.calendarId !== calendarId) return noCalendar;
  return { versions: versions.map((version) => knownVersion(version, 0)) };
}
