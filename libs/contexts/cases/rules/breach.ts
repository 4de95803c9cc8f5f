import { dueOf } from '../clocks.js';
import { ONCE_ACCEPTED } from '../state.js';
import { rule } from './rule.js';

/**
 * Fired by the timer after due. Nothing is written when the clock has stopped in time, moved on or is already recorded. A breach that
 * stands for a due a change has moved since is withdrawn; whether the new due is missed too is seen by its own timer.
 */
export const recordBreach = rule({
  command: 'RecordBreach',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  needs: ['time-as-promised'],
  decide: ({ clockId, due }, state, facts) => {
    const clock = state.clocks.find((c) => c.clockId === clockId);
    if (!clock) return [];
    const now = dueOf(clock, facts.time);
    if (clock.breachedAt !== null)
      return now === null || now === clock.breachedAt ? [] : [{ type: 'BreachWithdrawn', data: { clockId } }];
    if (now === null || now !== Date.parse(due) || facts.now < now) return [];
    if (clock.stoppedAt !== null && clock.stoppedAt <= now) return [];
    return [{ type: 'BreachRecorded', data: { clockId, due, departmentId: state.clockDepartments[clockId] ?? null } }];
  },
});
