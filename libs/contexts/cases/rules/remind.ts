import { illegal } from '@huicai/kernel';
import { officeDay } from '../../calendar/facts.js';
import { rule } from './rule.js';

/** Somebody asks to get on with it (催办): counted, and once a day for each person, so that the count says something. */
export const remind = rule({
  command: 'RemindCase',
  from: ['REGISTERED', 'ACCEPTED', 'DISPATCHED', 'SIGNED_FOR', 'SUBMITTED'],
  roles: ['talent', 'employer', 'window', 'supervisor'],
  decide: (_, state, { now, actor }) => {
    const today = officeDay(now);
    if (state.reminders.some(({ by, at }) => by === actor.id && officeDay(at) === today)) throw illegal('reminded-already');
    return [{ type: 'ReminderSent', data: {} }];
  },
});
