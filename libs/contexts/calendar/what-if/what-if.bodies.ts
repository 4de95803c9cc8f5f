import {
  type Check,
  Day,
  Field,
  list,
  listOf,
  Nested,
  NestedList,
  nullable,
  OneOf,
  object,
  oneOf,
  WholeNumber,
} from '@huicai/http';
import { NoticeDayBody } from '../calendar.bodies.js';
import type { ClockKind, PolicyLimit } from '../contract.js';
import { Limited, PolicyRuleBody } from '../policy.bodies.js';
import { MOST_RULES } from '../policy-checks.js';

const CLOCKS = [
  'total',
  'signFor',
  'firstContact',
  'opinion',
  'handling',
  'callback',
  'rectification',
] as const satisfies readonly ClockKind[];
const PAUSE_RULES = ['AS_RECORDED', 'NONE', 'CAPPED'] as const;
const kinds: Check = listOf(oneOf(CLOCKS), CLOCKS.length);

export class OtherLimitsBody {
  @Limited('Signing for it; as it was when left out', { optional: true })
  readonly signFor?: PolicyLimit;
  @Limited('First contact; as it was when left out', { optional: true })
  readonly firstContact?: PolicyLimit;
  @Limited('Opinion; as it was when left out', { optional: true })
  readonly opinion?: PolicyLimit;
  @Limited('Callback; as it was when left out', { optional: true })
  readonly callback?: PolicyLimit;
  @Limited('Putting right a bad review; as it was when left out', { optional: true })
  readonly rectification?: PolicyLimit;
  @NestedList(
    () => PolicyRuleBody,
    'Rules; the first that is about a case decides, a case none is about keeps its limits',
    MOST_RULES,
    {
      optional: true,
    },
  )
  readonly rules?: readonly PolicyRuleBody[];
}

export class OtherCalendarBody {
  @WholeNumber(1, 999_999_999, 'A version of the office calendar', { optional: true })
  readonly version?: number;
  @NestedList(() => NoticeDayBody, 'Or all days of a holiday notice of one year, on the latest version', 366, { optional: true })
  readonly days?: readonly NoticeDayBody[];
}

export class OtherPausesBody {
  @OneOf(PAUSE_RULES, 'AS_RECORDED; NONE: no pause counts; CAPPED: each pause ends at the close of its nth working day')
  readonly rule!: (typeof PAUSE_RULES)[number];
  @WholeNumber(1, 250, 'For CAPPED alone', { optional: true })
  readonly maxWorkingDays?: number;
}

/** What `POST /sla/what-if` takes: a period, and at least one thing that would have been otherwise. */
export class WhatIfBody {
  @Day('First day: clocks that started from then on')
  readonly from!: string;
  @Day('Last day')
  readonly to!: string;
  @Field(
    kinds,
    { type: 'array', items: { type: 'string', enum: [...CLOCKS] }, description: 'Kinds of clocks; all when left out' } as never,
    { optional: true },
  )
  readonly clocks?: readonly ClockKind[];
  @Nested(() => OtherLimitsBody, 'Other limits', { optional: true })
  readonly limits?: OtherLimitsBody;
  @Nested(() => OtherCalendarBody, 'Another calendar', { optional: true })
  readonly calendar?: OtherCalendarBody;
  @Nested(() => OtherPausesBody, 'Another rule of pauses', { optional: true })
  readonly pauses?: OtherPausesBody;
}

const COUNTS = { clocks: 'integer', before: 'integer', after: 'integer' } as const;
const GROUPS = list(object({ group: 'text', ...COUNTS }));
const JUDGEMENT = object({ due: 'instant?', breached: 'flag' });

/** What it answers: numbers of clocks, and of breaches as it was and as it would be. */
export const WHAT_IF_SHAPE = object({
  ...COUNTS,
  byDepartment: GROUPS,
  byItem: GROUPS,
  bySpecialist: GROUPS,
  flipped: 'integer',
  flips: list(
    object({
      caseId: 'uuid',
      number: 'text',
      itemCode: 'text',
      clockId: 'text',
      departmentId: 'text?',
      specialistId: 'uuid?',
      before: nullable(JUDGEMENT),
      after: nullable(JUDGEMENT),
    }),
  ),
});
