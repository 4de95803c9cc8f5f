import { list, nullable, object } from '@huicai/http';

const LIMIT = { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } } };

const CLOCK = object({
  clockId: 'text',
  kind: 'text',
  status: 'text',
  limit: LIMIT,
  startedAt: 'instant',
  stoppedAt: 'instant?',
  promisedDue: 'instant?',
  due: 'instant?',
  dueIfResumedNow: 'instant?',
  light: 'text?',
  yellowAt: 'instant?',
  redAt: 'instant?',
  severeAt: 'instant?',
  paused: 'flag',
  provisional: 'flag',
  overdue: 'flag',
  onTime: 'flag?',
  remaining: nullable(object({ officeMinutes: 'number', workingDays: 'integer' })),
  calendarVersion: 'integer',
  policyVersion: 'integer',
});

const ROUTING = object({
  channelId: 'text',
  version: 'integer',
  rule: 'integer',
  departmentId: 'text',
  priority: 'text',
  fastTrack: 'flag',
});

const MILESTONES = {
  acceptedAt: 'instant?',
  contactedAt: 'instant?',
  submittedAt: 'instant?',
  closedAt: 'instant?',
} as const;

const CALLBACKS = list(object({ at: 'instant', reachability: 'text', resolved: 'flag?', satisfaction: 'integer?' }));

/** What `GET /cases/{id}` shows. */
export const CASE_SHAPE = object({
  id: 'uuid',
  number: 'text',
  status: 'text',
  cycle: 'integer',
  itemCode: 'text',
  itemName: 'text?',
  catalogueVersion: 'text',
  channelId: 'text',
  area: 'text?',
  routing: nullable(ROUTING),
  urgency: 'text',
  talent: object({ id: 'uuid', name: 'text?', phone: 'text?' }),
  concerns: list(object({ relation: 'text', name: 'text?' })),
  matter: 'text',
  result: nullable(object({ outcome: 'text', reply: 'text' })),
  department: nullable(object({ id: 'text', name: 'text?' })),
  coDepartmentIds: list('text'),
  specialistId: 'uuid?',
  registeredAt: 'instant',
  ...MILESTONES,
  paused: nullable(object({ since: 'instant', reasonCode: 'text', endsAt: 'instant?', repliedAt: 'instant?' })),
  opinions: list(object({ clockId: 'text', departmentId: 'text', asked: 'flag', status: 'text', givenAt: 'instant?' })),
  pauseAsked: nullable(object({ at: 'instant', reasonCode: 'text' })),
  proposal: nullable(object({ at: 'instant', outcome: 'text' })),
  deferred: nullable(object({ until: 'day', materials: 'text?', receivedAt: 'instant?', overdue: 'flag' })),
  extensionAsked: nullable(object({ workingDays: 'integer', at: 'instant' })),
  callbacks: CALLBACKS,
  rating: 'integer?',
  ratingReceipt: nullable(object({ externalRatingId: 'text', status: 'text', at: 'instant' })),
  appeal: nullable(object({ at: 'instant', decidedAt: 'instant?', upheld: 'flag?' })),
  rectifications: list(
    object({
      cycle: 'integer',
      departmentId: 'text?',
      clockId: 'text?',
      status: 'text',
      openedAt: 'instant',
      submittedAt: 'instant?',
      measure: 'text?',
      callbacks: CALLBACKS,
    }),
  ),
  supervisions: list(
    object({ cycle: 'integer', cause: 'text', raisedAt: 'instant', workedOffAt: 'instant?', closedAt: 'instant?' }),
  ),
  direct: 'flag',
  corrections: 'integer',
  returns: object({ count: 'integer', departmentIds: list('text') }),
  supplement: nullable(object({ until: 'day', since: 'instant', asked: 'integer', materials: 'text?' })),
  reminders: object({ count: 'integer', lastAt: 'instant?' }),
  talentWroteAt: 'instant?',
  tags: list(object({ code: 'text', name: 'text?' })),
  breaches: list(object({ clockId: 'text', due: 'instant', excuse: nullable(object({ at: 'instant', reasonCode: 'text' })) })),
  clocks: list(CLOCK),
  sealedCycles: list(
    object({
      cycle: 'integer',
      departmentId: 'text?',
      outcome: 'text?',
      callbacks: 'integer',
      rating: 'integer?',
      ...MILESTONES,
    }),
  ),
  possibleSteps: list('text'),
  revision: 'bigint',
});

const CHANGE = {
  type: 'object',
  required: ['kind'],
  properties: {
    kind: { type: 'string', enum: ['PAUSE', 'EXTENSION', 'CALENDAR', 'POLICY'] },
    from: { type: 'string' },
    to: { type: ['string', 'null'] },
    workingDays: { type: 'integer' },
    grantedAt: { type: 'string' },
    appliedAt: { type: 'string' },
    reason: { type: 'string' },
    reasonCode: { type: 'string' },
  },
};

/** What was promised, what holds today, and what moved it. */
export const PROMISE_SHAPE = nullable(
  object({
    first: 'instant?',
    today: 'instant?',
    ifResumedNow: 'instant?',
    provisional: 'flag',
    overdue: 'flag',
    onTime: 'flag?',
    changes: list(CHANGE),
  }),
);

/** What `GET /my/cases` shows. */
export const MY_CASES_SHAPE = object({
  items: list(
    object({
      id: 'uuid',
      number: 'text',
      itemCode: 'text',
      itemName: 'text?',
      status: 'text',
      progress: 'text',
      next: 'text',
      registeredAt: 'instant',
      promise: PROMISE_SHAPE,
      needed: list(object({ kind: 'text', materials: 'text?', until: 'day', answered: 'flag', overdue: 'flag' })),
      message: object({ deskWrote: 'flag', lastAt: 'instant?' }),
      rating: object({ given: 'integer?', open: 'flag' }),
      possibleSteps: list('text'),
      revision: 'bigint',
    }),
  ),
  next: 'text?',
});
