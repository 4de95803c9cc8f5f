import { isReviewOpen } from './rectification.js';
import { provided, rule } from './rule.js';

/** Put away (归档): nothing is changed any more. Not while somebody still has an eye on it. */
export const archive = rule({
  command: 'ArchiveCase',
  from: ['CLOSED', 'DECLINED', 'WITHDRAWN'],
  roles: ['window', 'supervisor'],
  when: provided(
    'no supervision stands, and nothing is left to be done about a bad review',
    (state) => state.supervisions.every(({ closedAt }) => closedAt !== null) && !isReviewOpen(state),
  ),
  decide: () => [{ type: 'CaseArchived', data: {} }],
});
