import { type BaseFacts, type Decider, invalid } from '@huicai/kernel';
import { compileCalendar, WorkingTimeError } from '@huicai/working-time';
import type { CalendarCommand, CalendarEvent, PolicyCommand, PolicyEvent } from './contract.js';
import {
  type CalendarFacts,
  calendarVersionOf,
  foldCalendar,
  foldPolicy,
  noCalendar,
  noPolicy,
  type PolicyFacts,
} from './facts.js';

/** Working days and office hours as versioned data. A version never changes; a correction is a new one. */
export const calendar: Decider<CalendarCommand, CalendarEvent, CalendarFacts, BaseFacts> = {
  aggregate: 'calendar',
  initialState: () => noCalendar,
  evolve: foldCalendar,
  decide: ({ data }, state) => {
    if (data.calendar.version !== state.versions.length + 1)
      throw invalid('version-not-next', 'calendar.version', { next: state.versions.length + 1 });
    refusing('calendar', () => compileCalendar(calendarVersionOf(data.calendar)));
    return [{ type: 'CalendarVersionPublished', data }];
  },
};

/** Limits, extension rules and lights as versioned data. */
export const policy: Decider<PolicyCommand, PolicyEvent, PolicyFacts, BaseFacts> = {
  aggregate: 'policy',
  initialState: () => noPolicy,
  evolve: foldPolicy,
  decide: ({ data }, state) => {
    if (data.policy.version !== state.versions.length + 1)
      throw invalid('version-not-next', 'policy.version', { next: state.versions.length + 1 });
    return [{ type: 'PolicyVersionPublished', data }];
  },
};

function refusing(prefix: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof WorkingTimeError) throw invalid('calendar-invalid', `${prefix}.${error.field}`, { code: error.code });
    throw error;
  }
}
