import { rule } from './rule.js';

/** A specialist of the department takes the case; of two who try, one finds it taken. */
export const take = rule({
  command: 'TakeCase',
  from: ['SIGNED_FOR'],
  roles: ['specialist'],
  wholeDepartment: true,
  when: (state) => state.specialistId === null,
  decide: (_, __, facts) => [{ type: 'CaseTaken', data: { specialistId: facts.caller.specialistId! } }],
});

export const contact = rule({
  command: 'ContactRequester',
  from: ['DISPATCHED', 'SIGNED_FOR'],
  roles: ['specialist', 'department'],
  decide: (data) => [{ type: 'RequesterContacted', data }],
});
