import { flow } from '@huicai/projections';
import type { CalendarEvent, PolicyEvent } from './contract.js';

/** Deciders and folds read calendars and policies from their own streams, by version, so no table stands between. */
export const calendarFlow = flow<CalendarEvent | PolicyEvent>('calendar', {
  CalendarVersionPublished: {},
  CalendarChangeApplied: {},
  CalendarChangeUndone: {},
  PolicyVersionPublished: {},
  PolicyChangeApplied: {},
  PolicyChangeUndone: {},
});
