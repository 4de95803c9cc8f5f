import { deriveDue } from '@huicai/working-time';
import { calendarToPromiseBy, officeDay } from '../../calendar/facts.js';
import { returnAfter } from '../../channels/facts.js';
import { type CaseFacts, type CaseStatus, ONCE_ACCEPTED } from '../state.js';
import { type CaseRuleFacts, rule } from './rule.js';

/** Where the specialist still has something to do. */
export const IN_HAND: readonly CaseStatus[] = ['DISPATCHED', 'SIGNED_FOR'];
const OPEN: readonly CaseStatus[] = [...IN_HAND, 'SUBMITTED', 'RESULT_ACCEPTED'];

/** Until when whoever gets the case now must have acted, lest it go back; nothing where the department sets no time. */
export function returnDueOf(
  { departmentId }: CaseFacts,
  { now, time, channels }: CaseRuleFacts,
): { readonly returnDue?: string } {
  const minutes = departmentId === null ? null : returnAfter(channels, departmentId, officeDay(now));
  if (minutes === null) return {};
  const calendar = calendarToPromiseBy(time.calendar, now);
  const { due } = deriveDue({ start: now, limit: { kind: 'workingTime', minutes }, calendar });
  return { returnDue: new Date(due!).toISOString() };
}

/** Fired by the timer when the time to act is over. Nothing is written when somebody has acted, or has it no more. */
export const returnToQueue = rule({
  command: 'ReturnToQueue',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  decide: ({ specialistId, due }, state, { now }) => {
    const waits = state.takeBack !== null && state.specialistId === specialistId && state.takeBack.due === Date.parse(due);
    return waits && now >= state.takeBack!.due ? [{ type: 'CaseReturnedToQueue', data: { specialistId, due } }] : [];
  },
});

/** One matter of a hand-over of all somebody has. Nothing is written when it is closed, or with somebody else, meanwhile. */
export const handOver = rule({
  command: 'HandOverCase',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  needs: ['time', 'channels'],
  decide: (data, state, facts) => {
    if (state.specialistId !== data.fromSpecialistId || !OPEN.includes(state.status)) return [];
    const returnDue = IN_HAND.includes(state.status) ? returnDueOf(state, facts) : {};
    return [{ type: 'CaseHandedOver', data: { ...data, ...returnDue } }];
  },
});
