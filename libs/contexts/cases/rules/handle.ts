import { checkOwnRoom } from './assign.js';
import { returnDueOf } from './move.js';
import { provided, rule } from './rule.js';

/** A specialist of the department takes the case; of two who try, one finds it taken. */
export const take = rule({
  command: 'TakeCase',
  from: ['SIGNED_FOR'],
  roles: ['specialist'],
  wholeDepartment: true,
  needs: ['own-work', 'time', 'channels'],
  when: provided('nobody has taken it', (state) => state.specialistId === null),
  decide: (_, state, facts) => {
    checkOwnRoom(facts);
    return [{ type: 'CaseTaken', data: { specialistId: facts.caller.specialistId!, ...returnDueOf(state, facts) } }];
  },
});

export const contact = rule({
  command: 'ContactRequester',
  from: ['DISPATCHED', 'SIGNED_FOR'],
  roles: ['specialist', 'department'],
  decide: (data) => [{ type: 'RequesterContacted', data }],
});
