import {
  type Check,
  Code,
  Day,
  type Fault,
  Field,
  FreeText,
  list,
  listOf,
  Nested,
  NestedList,
  nullable,
  OneOf,
  object,
  oneOf,
  WholeNumber,
  wholeNumber,
} from '@huicai/http';
import { REASON_CODES } from '../reason-codes.js';
import type { TalentCategory } from '../talents/contract.js';
import type { PolicyLimit, Urgency } from './contract.js';
import { MOST_LIMIT_DAYS, MOST_LIMIT_MINUTES, MOST_RULES, POLICY_LIMIT_KINDS } from './policy-checks.js';
import { CATEGORIES, COUNTING, isSeasonClose, LIMIT_KINDS, URGENCIES } from './policy-limits.js';

export const POLICY_ID = /^[a-z][a-z0-9-]{0,31}$/;
export const ITEM_CODE = /^\d{2}$/;

const AMOUNTS = ['days', 'minutes', 'closes'];

/** The field that says how much, and what it may say. */
const UNITS: Readonly<Record<string, readonly [unit: string, check: Check]>> = {
  workingTime: ['minutes', wholeNumber(1, MOST_LIMIT_MINUTES)],
  workingDays: ['days', wholeNumber(1, MOST_LIMIT_DAYS)],
  naturalDays: ['days', wholeNumber(1, MOST_LIMIT_DAYS)],
  calendarWindow: [
    'closes',
    (value) => (typeof value === 'string' && isSeasonClose(value) ? undefined : { code: 'season-invalid' }),
  ],
};

/** A limit: its kind and, but for `none`, its amount in the unit of that kind alone. */
const limit: Check = (value, owner) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { code: 'wrong-type', params: { expected: 'object' } };
  const said = value as Readonly<Record<string, unknown>>;
  const { kind } = said;
  const unknown = kind === undefined ? { code: 'field-required' } : oneOf(POLICY_LIMIT_KINDS)(kind, owner);
  if (unknown) return { ...unknown, at: '.kind' };
  const [unit, check] = UNITS[kind as string] ?? [];
  for (const name of Object.keys(said).filter((each) => each !== 'kind' && each !== unit)) {
    if (AMOUNTS.includes(name)) return { code: 'limit-of-other-unit', at: `.${name}` };
    return { code: 'unknown-field', at: /^[\w-]{1,64}$/.test(name) ? `.${name}` : '' };
  }
  if (unit === undefined) return undefined;
  const amount = said[unit];
  const wrong = amount === undefined ? { code: 'field-required' } : check!(amount, owner);
  return wrong && { ...wrong, at: `.${unit}` };
};

const LIMIT = {
  type: 'object',
  required: ['kind'],
  properties: {
    kind: { type: 'string', enum: [...POLICY_LIMIT_KINDS] },
    minutes: { type: 'integer', minimum: 1, maximum: MOST_LIMIT_MINUTES, description: 'For workingTime alone' },
    days: { type: 'integer', minimum: 1, maximum: MOST_LIMIT_DAYS, description: 'For workingDays and naturalDays' },
    closes: {
      type: 'string',
      example: '08-31T17:00',
      description: 'For calendarWindow: when the season closes every year, office time',
    },
  },
  additionalProperties: false,
};

/** A field of a body that holds a limit. */
export const Limited = (description: string, options?: { optional?: boolean }) =>
  Field(limit, { ...LIMIT, description } as never, options);

const share: Check = (value): Fault | undefined => {
  if (typeof value !== 'number') return { code: 'wrong-type', params: { expected: 'number' } };
  return value >= 0 && value <= 1 ? undefined : { code: 'out-of-range', params: { min: 0, max: 1 } };
};

const Share = (description: string) => Field(share, { type: Number, minimum: 0, maximum: 1, description });

export class RuleLimitsBody {
  @Limited('Handling by the department, from each dispatch')
  readonly handling!: PolicyLimit;
  @Limited('Promise to the talent, from acceptance; as handling when left out', { optional: true })
  readonly total?: PolicyLimit;
  @Limited('Signing for it; as the version says when left out, like those below', { optional: true })
  readonly signFor?: PolicyLimit;
  @Limited('First contact with the requester', { optional: true })
  readonly firstContact?: PolicyLimit;
  @Limited('The department’s opinion', { optional: true })
  readonly opinion?: PolicyLimit;
  @Limited('Callback after the result', { optional: true })
  readonly callback?: PolicyLimit;
  @Limited('Putting right a bad review', { optional: true })
  readonly rectification?: PolicyLimit;
}

export class PolicyRuleBody {
  @Code('Item of the service list; any when left out', ITEM_CODE, { optional: true })
  readonly itemCode?: string;
  @OneOf(URGENCIES, 'Urgency; any when left out', { optional: true })
  readonly urgency?: Urgency;
  @OneOf(CATEGORIES, 'Category of the talent; any when left out', { optional: true })
  readonly category?: TalentCategory;
  @Nested(() => RuleLimitsBody, 'What is promised')
  readonly limits!: RuleLimitsBody;
  @Limited('What the law allows (法定时限), in the same unit; total and handling may not be longer', { optional: true })
  readonly statutory?: PolicyLimit;
}

export class ExtensionRulesBody {
  @WholeNumber(0, MOST_LIMIT_DAYS, 'How often a case can be extended in a cycle')
  readonly times!: number;
  @WholeNumber(0, MOST_LIMIT_DAYS, 'Working days of one extension, at most')
  readonly maxWorkingDays!: number;
  @WholeNumber(0, MOST_LIMIT_DAYS, 'Working days of limit and extensions together, at most')
  readonly totalMaxWorkingDays!: number;
}

export class ReturnWindowBody {
  @WholeNumber(1, MOST_LIMIT_DAYS, 'Working days in which a department can return a case')
  readonly workingDays!: number;
  @WholeNumber(1, MOST_LIMIT_DAYS, 'Working days after which it can not any more (hard stop); in between it is late', {
    optional: true,
  })
  readonly hardStopWorkingDays?: number;
}

export class RatingWindowBody {
  @WholeNumber(1, MOST_LIMIT_DAYS, 'Working days in which a closed case can be rated')
  readonly workingDays!: number;
}

export class LightsBody {
  @Share('Last part of a limit in minutes that is yellow')
  readonly yellowFraction!: number;
  @WholeNumber(1, MOST_LIMIT_DAYS, 'From this many working days on, yellow begins the day before the due')
  readonly yellowDayBeforeFromDays!: number;
  @WholeNumber(1, MOST_LIMIT_DAYS, 'Severe from the close of this working day after the due')
  readonly severeAfterWorkingDays!: number;
}

export class PolicyBody {
  @Day('First day it is in force; today or later')
  readonly effectiveFrom!: string;
  @Limited('Signing for it (签收), where no rule says otherwise, like those below')
  readonly signFor!: PolicyLimit;
  @Limited('First contact (首次联系)')
  readonly firstContact!: PolicyLimit;
  @Limited('Opinion (办理意见)')
  readonly opinion!: PolicyLimit;
  @Limited('Callback (回访)')
  readonly callback!: PolicyLimit;
  @Limited('Putting right a bad review (差评整改)')
  readonly rectification!: PolicyLimit;
  @NestedList(
    () => PolicyRuleBody,
    'Rules; the first that is about a case decides, and some rule is about every case',
    MOST_RULES,
  )
  readonly rules!: readonly PolicyRuleBody[];
  @Nested(() => ExtensionRulesBody, 'Extensions (延期)')
  readonly extension!: ExtensionRulesBody;
  @Nested(() => ReturnWindowBody, 'Returning a case (退单)')
  readonly returnWindow!: ReturnWindowBody;
  @Nested(() => RatingWindowBody, 'Late ratings (评价期限); five working days when left out', { optional: true })
  readonly ratingWindow?: RatingWindowBody;
  @Field(
    listOf(oneOf(REASON_CODES.PauseClock), REASON_CODES.PauseClock.length),
    {
      type: String,
      isArray: true,
      enum: [...REASON_CODES.PauseClock],
      description: 'Reasons of pauses (中止) that a supervisor or the department has to agree to; none when left out',
    },
    { optional: true },
  )
  readonly pauseApproval?: readonly string[];
  @Field(
    listOf(oneOf(URGENCIES), URGENCIES.length),
    {
      type: String,
      isArray: true,
      enum: [...URGENCIES],
      description: 'Urgencies whose result a specialist submits with the consent of the department; none when left out',
    },
    { optional: true },
  )
  readonly resultApproval?: readonly Urgency[];
  @Nested(() => LightsBody, 'When lights turn')
  readonly lights!: LightsBody;
  @Share('Share under which a rate is named for attention')
  readonly attentionLine!: number;
}

/** What `POST /policies/{id}/versions` takes: the next version in full. */
export class PublishPolicyVersionBody {
  @Nested(() => PolicyBody, 'The version')
  readonly policy!: PolicyBody;
  @FreeText('Why the limits change', { max: 1_000 })
  readonly reason!: string;
}

const HEAD = {
  version: 'integer',
  effectiveFrom: 'day',
  inForce: 'flag',
  publishedAt: 'instant',
  reason: 'text?',
} as const;

/** What `GET /policies/{id}` shows. */
export const POLICY_SHAPE = object({ id: 'text', versions: list(object(HEAD)) });

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const LIMITS = object(Object.fromEntries(LIMIT_KINDS.map((kind) => [kind, LIMIT])));

/** What `GET /policies/{id}/versions/{version}` shows. */
export const POLICY_VERSION_SHAPE = object({
  ...HEAD,
  calendarId: 'text',
  signFor: LIMIT,
  firstContact: LIMIT,
  opinion: LIMIT,
  callback: LIMIT,
  rectification: LIMIT,
  rules: list(ref('PolicyRuleBody')),
  extension: ref('ExtensionRulesBody'),
  returnWindow: ref('ReturnWindowBody'),
  ratingWindow: ref('RatingWindowBody'),
  pauseApproval: list('text'),
  resultApproval: list('text'),
  lights: ref('LightsBody'),
  attentionLine: 'number',
  counting: object(Object.fromEntries(Object.keys(COUNTING).map((kind) => [kind, object({ start: 'text', end: 'text' })]))),
});

/** What `GET /policies/{id}/resolve` shows. */
export const RESOLVED_SHAPE = object({
  id: 'text',
  version: 'integer',
  effectiveFrom: 'day',
  on: 'day',
  rule: nullable(object({ index: 'integer', itemCode: 'text?', urgency: 'text?', category: 'text?' })),
  limits: LIMITS,
  statutory: nullable(LIMIT),
});
