import {
  type Check,
  Codes,
  Day,
  Field,
  freeText,
  Label,
  list,
  listOf,
  Nested,
  NestedList,
  OneOf,
  object,
  pattern,
  WholeNumber,
  wholeNumber,
  YesNo,
} from '@huicai/http';
import { InstantField } from '../instant-field.js';

const CSV_CHARACTERS = 60_000;
/** Files come with either kind of line end. */
const csvText: Check = (value, owner) =>
  freeText(CSV_CHARACTERS)(typeof value === 'string' ? value.replaceAll('\r\n', '\n') : value, owner);

/** Judged by the calendar itself, which says what is wrong with it. */
const TIME = pattern(/^.{1,5}$/, 'time-of-day-invalid');
const TIME_SCHEMA = { type: String, pattern: '^\\d{2}:\\d{2}$', example: '09:00' };

export class IntervalBody {
  @Field(TIME, { ...TIME_SCHEMA, description: 'Opens, HH:MM' })
  readonly from!: string;
  @Field(TIME, { ...TIME_SCHEMA, description: 'Closes, HH:MM, up to 24:00' })
  readonly to!: string;
}

export class NoticeDayBody {
  @Day('The day')
  readonly date!: string;
  @YesNo('True for a day off, false for a make-up working day')
  readonly isOffDay!: boolean;
  @Label('What people call it', 50, { optional: true })
  readonly name?: string;
  @NestedList(() => IntervalBody, 'Hours of a working day, where they are not the standard ones', 10, { optional: true })
  readonly hours?: readonly IntervalBody[];
}

export class WeekdayBody {
  @WholeNumber(1, 7, 'ISO weekday, Monday 1 to Sunday 7')
  readonly weekday!: 1 | 2 | 3 | 4 | 5 | 6 | 7;
  @NestedList(() => IntervalBody, 'Office hours', 10)
  readonly intervals!: readonly IntervalBody[];
}

const KINDS = ['closed', 'opened', 'half'] as const;

export class ExceptionBody {
  @Day('The day')
  readonly date!: string;
  @OneOf(KINDS, 'closed, opened (a standard day without hours of its own), or half')
  readonly kind!: (typeof KINDS)[number];
  @NestedList(() => IntervalBody, 'Hours of the day', 10, { optional: true })
  readonly intervals?: readonly IntervalBody[];
  @Label('What people call it', 50, { optional: true })
  readonly name?: string;
  @WholeNumber(1900, 2999, 'Year of the holiday notice it comes from', { optional: true })
  readonly noticeYear?: number;
}

/** A calendar in full. */
export class CalendarBody {
  @Label('IANA time zone', 64)
  readonly zone!: string;
  @NestedList(() => WeekdayBody, 'Office hours by weekday; a weekday left out is off', 7)
  readonly weekly!: readonly WeekdayBody[];
  @Field(listOf(wholeNumber(1900, 2999), 100), {
    type: 'array',
    items: { type: 'integer' },
    maxItems: 100,
    description: 'Years whose holidays are known',
  } as never)
  readonly publishedYears!: readonly number[];
  @Codes('Dates MM-DD off by law, for years that are not published', /^\d{2}-\d{2}$/, 366)
  readonly statutoryDays!: readonly string[];
  @NestedList(() => ExceptionBody, 'Dated exceptions; each replaces its day', 2_000)
  readonly exceptions!: readonly ExceptionBody[];
}

/** The next version of a calendar: by a holiday notice (`days` or `csv`) on the version before, or in full (`calendar`). */
export class PublishCalendarVersionBody {
  @NestedList(() => NoticeDayBody, 'All days of the holiday notice of one year', 366, { optional: true })
  readonly days?: readonly NoticeDayBody[];
  @Field(
    csvText,
    {
      type: String,
      maxLength: CSV_CHARACTERS,
      description: 'The same as CSV: a head line with date, isOffDay and, if wanted, name and hours',
    },
    { optional: true },
  )
  readonly csv?: string;
  @WholeNumber(1900, 2999, 'Year of the notice; may be left out when all its days lie in it', { optional: true })
  readonly year?: number;
  @Nested(() => CalendarBody, 'The calendar in full', { optional: true })
  readonly calendar?: CalendarBody;
  @InstantField('Since when it was known, when it was announced before it is recorded here', { optional: true })
  readonly announcedAt?: string;
}

const VERSION = {
  version: 'integer',
  zone: 'text',
  publishedYears: list('integer'),
  announcedAt: 'instant?',
  knownSince: 'instant',
} as const;

/** What `GET /calendars/{id}` shows. */
export const CALENDAR_SHAPE = object({ id: 'text', versions: list(object(VERSION)) });

const INTERVALS = list({ $ref: '#/components/schemas/IntervalBody' });

/** What `GET /calendars/{id}/versions/{version}` shows. */
export const CALENDAR_VERSION_SHAPE = object({
  ...VERSION,
  weekly: list(object({ weekday: 'integer', intervals: INTERVALS })),
  statutoryDays: list('text'),
  exceptions: list({ $ref: '#/components/schemas/ExceptionBody' }),
});
