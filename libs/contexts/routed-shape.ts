import { list, object } from '@huicai/http';

/** Where a matter goes and why, as pages show it. */
export const ROUTED_SHAPE = object({
  on: 'day',
  source: 'text',
  departmentId: 'text?',
  priority: 'text',
  fastTrack: 'flag',
  version: 'integer?',
  rule: 'integer?',
  passedOver: list(object({ rule: 'integer', mismatches: list('text') })),
});
