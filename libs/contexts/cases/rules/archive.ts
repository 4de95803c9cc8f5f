import { provided, rule } from './rule.js';

/** Put away (归档): nothing is changed any more. Not while somebody still has an eye on it. */
export const archive = rule({
  command: 'ArchiveCase',
  from: ['CLOSED', 'DECLINED', 'WITHDRAWN'],
  roles: ['window', 'supervisor'],
  when: provided('no supervision stands', (state) => state.supervisions.every(({ closedAt }) => closedAt !== null)),
  decide: () => [{ type: 'CaseArchived', data: {} }],
});
