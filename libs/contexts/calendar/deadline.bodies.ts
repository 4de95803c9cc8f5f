import { Code, Nested, NestedList, OneOf, object, WholeNumber } from '@huicai/http';
import { InstantField } from '../instant-field.js';
import { LEDGER_SHAPE } from '../ledger.js';

export const CALENDAR_ID = /^[a-z][a-z0-9-]{0,31}$/;
const KINDS = ['workingTime', 'workingDays', 'naturalDays'] as const;
/** What can not be counted in the years of any calendar is refused by the calendar; this keeps numbers sane. */
const MOST_DAYS = 10_000;
const MOST_MINUTES = 10_000_000;
const MOST_PAUSES = 500;

export class LimitBody {
  @OneOf(KINDS, 'Unit: minutes of office time, working days, or calendar days rolled to the next working day')
  readonly kind!: (typeof KINDS)[number];
  @WholeNumber(1, MOST_MINUTES, 'Minutes, for workingTime alone', { optional: true })
  readonly minutes?: number;
  @WholeNumber(1, MOST_DAYS, 'Days, for workingDays and naturalDays', { optional: true })
  readonly days?: number;
}

export class PauseSpanBody {
  @InstantField('Since when nothing counts')
  readonly from!: string;
  @InstantField('From when on it counts again')
  readonly to!: string;
}

/** What `POST /working-time/deadline` and each line of `deadline --ndjson` say. */
export class DeadlineBody {
  @InstantField('When the time starts')
  readonly start!: string;
  @Nested(() => LimitBody, 'How long it is')
  readonly limit!: LimitBody;
  @Code('Calendar, such as cn-lanshan', CALENDAR_ID)
  readonly calendar!: string;
  @InstantField('Under what was known of the calendar then; what is known now unless told', { optional: true })
  readonly asKnownAt?: string;
  @NestedList(() => PauseSpanBody, 'Pauses; where they overlap they are one', MOST_PAUSES, { optional: true })
  readonly pauses?: readonly PauseSpanBody[];
}

export const DEADLINE_SHAPE = object({
  due: 'instant',
  provisional: 'flag',
  calendar: 'text',
  calendarVersion: 'integer',
  ledger: LEDGER_SHAPE,
});
