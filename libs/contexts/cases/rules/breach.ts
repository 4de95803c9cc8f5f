import { dueOf } from '../clocks.js';
import { rule } from './rule.js';

/** Fired by the timer after due. Nothing is written when the clock has stopped in time, moved on or is already recorded. */
export const recordBreach = rule({
  command: 'RecordBreach',
  from: ['ACCEPTED', 'DISPATCHED', 'SIGNED_FOR', 'SUBMITTED', 'RESULT_ACCEPTED', 'CLOSED', 'WITHDRAWN'],
  roles: ['system'],
  needs: ['time-as-promised'],
  decide: ({ clockId, due }, state, facts) => {
    const clock = state.clocks.find((c) => c.clockId === clockId);
    if (!clock || state.standingBreaches.includes(clockId)) return [];
    const now = dueOf(clock, facts.time);
    if (now === null || now !== Date.parse(due) || facts.now < now) return [];
    if (clock.stoppedAt !== null && clock.stoppedAt <= now) return [];
    return [{ type: 'BreachRecorded', data: { clockId, due, departmentId: state.clockDepartments[clockId] ?? null } }];
  },
});
