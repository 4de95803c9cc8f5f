import type { CalendarVersion } from './calendar.js';
import { WorkingTimeError } from './errors.js';
import { formatAtOffset, type Instant } from './instant.js';
import {
  civilOf,
  DAY_MS,
  type EpochDay,
  epochDayOf,
  firstDayOf,
  formatLocalDate,
  isoWeekdayOf,
  MINUTE_MS,
} from './local-date.js';
import { type DayPattern, type ParsedCalendar, parseCalendar } from './validate-calendar.js';
import { provenOffset } from './zone-proof.js';

/** Why a day has the hours it has. */
export interface DayFacts {
  readonly kind: 'week' | 'weekly-off' | 'statutory' | 'closed' | 'opened' | 'half';
  readonly name?: string;
  /** The day's year is not published. */
  readonly provisional: boolean;
}

/**
 * Validates a calendar version and lays it out for fast look-ups. It covers the years from five before the first to ten after
 * the last published one; questions outside are refused, never guessed.
 * @throws WorkingTimeError see `parseCalendar`; UNKNOWN_ZONE; ZONE_OFFSET_CHANGES (daylight saving within the covered years)
 */
export function compileCalendar(version: CalendarVersion): CompiledCalendar {
  const parsed = parseCalendar(version);
  const { firstYear, lastYear } = parsed;
  return new CompiledCalendar(version, new DaysOfVersion(parsed), provenOffset(version.zone, firstYear, lastYear));
}

const DAY_OFF: DayPattern = [];

/** What a calendar says of each single day. */
interface Days {
  readonly firstYear: number;
  readonly lastYear: number;
  patternOf(day: EpochDay): DayPattern;
  isProvisional(day: EpochDay): boolean;
  factsOf(day: EpochDay): DayFacts;
}

/**
 * Two calendars one after the other: the days before `cut` are those of the one, from `cut` on those of the other, whose version it
 * has. For what goes by another calendar from a day on, and keeps what has passed.
 * @throws WorkingTimeError OUTSIDE_COVERED_YEARS when one of them does not reach the cut, UNKNOWN_ZONE when their zones differ
 */
export function spliceCalendars(before: CompiledCalendar, after: CompiledCalendar, cut: EpochDay): CompiledCalendar {
  if (before.zone !== after.zone)
    throw new WorkingTimeError('UNKNOWN_ZONE', 'zone', `${after.zone} can not follow on ${before.zone}`);
  for (const each of [before, after]) each.factsOf(cut);
  return new CompiledCalendar(
    after,
    {
      firstYear: before.coveredYears.from,
      lastYear: after.coveredYears.to,
      patternOf: (day) => (day < cut ? before : after).patternOn(day),
      isProvisional: (day) => (day < cut ? before : after).isProvisional(day, day),
      factsOf: (day) => (day < cut ? before : after).factsOf(day),
    },
    after.offset,
  );
}

/** The days of one version. */
class DaysOfVersion implements Days {
  /** Days off by law in years that are not published. */
  private readonly statutory = new Set<EpochDay>();

  constructor(private readonly parsed: ParsedCalendar) {
    for (let year = parsed.firstYear; year <= parsed.lastYear; year++)
      if (!parsed.publishedYears.has(year)) this.addStatutoryDays(year);
  }

  get firstYear(): number {
    return this.parsed.firstYear;
  }

  get lastYear(): number {
    return this.parsed.lastYear;
  }

  private addStatutoryDays(year: number): void {
    for (const monthAndDay of this.parsed.statutoryDays) {
      const day = epochDayOf(year, Math.floor(monthAndDay / 100), monthAndDay % 100);
      if (day !== undefined) this.statutory.add(day);
    }
  }

  patternOf(day: EpochDay): DayPattern {
    const exception = this.parsed.exceptions.get(day);
    if (exception) return exception.pattern;
    return this.statutory.has(day) ? DAY_OFF : this.parsed.weekly[isoWeekdayOf(day)]!;
  }

  isProvisional(day: EpochDay): boolean {
    return !this.parsed.publishedYears.has(civilOf(day).year);
  }

  factsOf(day: EpochDay): DayFacts {
    const provisional = this.isProvisional(day);
    const exception = this.parsed.exceptions.get(day);
    if (exception) {
      const { kind, name } = exception.source;
      return { kind, provisional, ...(name === undefined ? {} : { name }) };
    }
    if (this.parsed.weekly[isoWeekdayOf(day)]!.length === 0) return { kind: 'weekly-off', provisional };
    return { kind: this.statutory.has(day) ? 'statutory' : 'week', provisional };
  }
}

/**
 * A calendar laid out for arithmetic. Days are epoch days in the calendar's zone, instants are epoch milliseconds, office time
 * is in milliseconds. Every method throws WorkingTimeError OUTSIDE_COVERED_YEARS rather than guess outside its years.
 */
export class CompiledCalendar {
  readonly calendarId: string;
  readonly version: number;
  readonly zone: string;
  private readonly firstDay: EpochDay;
  private readonly days: number;
  private readonly patterns: DayPattern[] = [];
  /** All arrays are indexed by `day - firstDay`; the `…Before` ones hold sums over all earlier days and have one entry more. */
  private readonly patternOf: Uint16Array;
  private readonly minutesBefore: Int32Array;
  private readonly workingBefore: Int32Array;
  private readonly provisionalBefore: Int32Array;
  /** Office minutes of each pattern. */
  private readonly minutesOf: number[] = [];
  /** Looked up once asked for. */
  private readonly facts: (DayFacts | undefined)[] = [];
  /** Indexes of the working days, in order. */
  private readonly working: Int32Array;

  constructor(
    { calendarId, version, zone }: Pick<CalendarVersion, 'calendarId' | 'version' | 'zone'>,
    private readonly source: Days,
    /** Of its zone from UTC, milliseconds. */
    readonly offset: number,
  ) {
    this.calendarId = calendarId;
    this.version = version;
    this.zone = zone;
    this.firstDay = firstDayOf(source.firstYear);
    this.days = firstDayOf(source.lastYear + 1) - this.firstDay;
    this.patternOf = new Uint16Array(this.days);
    this.minutesBefore = new Int32Array(this.days + 1);
    this.workingBefore = new Int32Array(this.days + 1);
    this.provisionalBefore = new Int32Array(this.days + 1);
    const working: number[] = [];
    const numbers = new Map<DayPattern, number>();
    for (let i = 0; i < this.days; i++) {
      const pattern = source.patternOf(this.firstDay + i);
      let number = numbers.get(pattern);
      if (number === undefined) {
        number = this.patterns.push(pattern) - 1;
        this.minutesOf.push(pattern.reduce((sum, { from, to }) => sum + to - from, 0));
        numbers.set(pattern, number);
      }
      const minutes = this.minutesOf[number]!;
      if (minutes > 0) working.push(i);
      this.patternOf[i] = number;
      this.minutesBefore[i + 1] = this.minutesBefore[i]! + minutes;
      this.workingBefore[i + 1] = working.length;
      this.provisionalBefore[i + 1] = this.provisionalBefore[i]! + (source.isProvisional(this.firstDay + i) ? 1 : 0);
    }
    this.working = Int32Array.from(working);
  }

  /** First and last year it can be asked about. */
  get coveredYears(): { readonly from: number; readonly to: number } {
    return { from: this.source.firstYear, to: this.source.lastYear };
  }

  /** Whether an instant lies in the covered years. */
  covers(at: Instant): boolean {
    const i = this.dayOf(at) - this.firstDay;
    return i >= 0 && i < this.days;
  }

  /** An instant of the covered years in the calendar's wall time, as `formatInstant` writes it. */
  format(at: Instant): string {
    return formatAtOffset(at, this.offset);
  }

  /** Local day an instant lies on. */
  dayOf(at: Instant): EpochDay {
    return Math.floor((at + this.offset) / DAY_MS);
  }

  /** Local midnight at which a day begins. */
  startOf(day: EpochDay): Instant {
    return day * DAY_MS - this.offset;
  }

  /** Why a day has the hours it has, in words for an explanation. */
  factsOf(day: EpochDay): DayFacts {
    const i = this.indexOf(day);
    let facts = this.facts[i];
    if (!facts) {
      facts = this.source.factsOf(day);
      this.facts[i] = facts;
    }
    return facts;
  }

  /** Office hours of a day as instants, in order; none on a day off. */
  intervalsOn(day: EpochDay): readonly { readonly from: Instant; readonly to: Instant }[] {
    const midnight = this.startOf(day);
    return this.patternOn(day).map(({ from, to }) => ({ from: midnight + from * MINUTE_MS, to: midnight + to * MINUTE_MS }));
  }

  /** Office time of a whole day, in minutes; 0 on a day off. */
  officeMinutesOn(day: EpochDay): number {
    const i = this.indexOf(day);
    return this.minutesBefore[i + 1]! - this.minutesBefore[i]!;
  }

  isWorkingDay(day: EpochDay): boolean {
    return this.officeMinutesOn(day) > 0;
  }

  /** When the first office hours of a working day begin. */
  openingOf(workingDay: EpochDay): Instant {
    return this.startOf(workingDay) + this.patternOn(workingDay)[0]!.from * MINUTE_MS;
  }

  /** When the last office hours of a working day end. */
  closeOf(workingDay: EpochDay): Instant {
    return this.startOf(workingDay) + this.patternOn(workingDay).at(-1)!.to * MINUTE_MS;
  }

  /** The nth (1, 2 …) working day strictly after a day. */
  workingDayAfter(day: EpochDay, nth: number): EpochDay {
    return this.nthWorkingDay(this.workingBefore[this.indexOf(day) + 1]! + nth - 1, day);
  }

  /** The last working day strictly before a day. */
  workingDayBefore(day: EpochDay): EpochDay {
    return this.nthWorkingDay(this.workingBefore[this.indexOf(day)]! - 1, day);
  }

  /** The day itself when it is a working day, else the next one. */
  workingDayFrom(day: EpochDay): EpochDay {
    return this.nthWorkingDay(this.workingBefore[this.indexOf(day)]!, day);
  }

  /** Number of working days from `first` to `last`, both included; 0 when `last` lies before. */
  workingDaysIn(first: EpochDay, last: EpochDay): number {
    return last < first ? 0 : this.workingBefore[this.indexOf(last) + 1]! - this.workingBefore[this.indexOf(first)]!;
  }

  /** Number of working days from the beginning of the covered years until the day before. */
  workingDaysBefore(day: EpochDay): number {
    return this.workingBefore[this.indexOf(day)]!;
  }

  /** Number of working days that have closed since the covered years began, up to and including an instant. */
  closesUpTo(at: Instant): number {
    const day = this.dayOf(at);
    const before = this.workingBefore[this.indexOf(day)]!;
    return this.isWorkingDay(day) && this.closeOf(day) <= at ? before + 1 : before;
  }

  /** Office time between two instants in ms; 0 when `to` is not later. */
  officeTime(from: Instant, to: Instant): number {
    return to <= from ? 0 : this.officeTimeBefore(to) - this.officeTimeBefore(from);
  }

  /** The earliest instant at which `ms` (> 0) of office time have passed since `from`: a close rather than the next opening. */
  afterOfficeTime(from: Instant, ms: number): Instant {
    const target = this.officeTimeBefore(from) + ms;
    let low = 0;
    let high = this.days;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.minutesBefore[middle + 1]! * MINUTE_MS >= target) high = middle;
      else low = middle + 1;
    }
    if (low >= this.days) throw this.outside(`${ms / MINUTE_MS} office minutes after ${formatLocalDate(this.dayOf(from))}`);
    const day = this.firstDay + low;
    let left = target - this.minutesBefore[low]! * MINUTE_MS;
    for (const interval of this.patternOn(day)) {
      const length = (interval.to - interval.from) * MINUTE_MS;
      if (left <= length) return this.startOf(day) + interval.from * MINUTE_MS + left;
      left -= length;
    }
    throw new Error('office minutes of a day and their sum disagree');
  }

  /** Whether any day from `first` to `last`, both included, lies in a year that is not published. */
  isProvisional(first: EpochDay, last: EpochDay): boolean {
    return last >= first && this.provisionalBefore[this.indexOf(last) + 1]! > this.provisionalBefore[this.indexOf(first)]!;
  }

  private officeTimeBefore(at: Instant): number {
    const day = this.dayOf(at);
    const i = this.indexOf(day);
    const sinceMidnight = at - this.startOf(day);
    let ms = this.minutesBefore[i]! * MINUTE_MS;
    for (const { from, to } of this.patterns[this.patternOf[i]!]!) {
      ms += Math.max(0, Math.min(sinceMidnight, to * MINUTE_MS) - from * MINUTE_MS);
    }
    return ms;
  }

  /** Office hours of a day in minutes after its midnight. */
  patternOn(day: EpochDay): DayPattern {
    return this.patterns[this.patternOf[this.indexOf(day)]!]!;
  }

  private nthWorkingDay(n: number, from: EpochDay): EpochDay {
    const i = this.working[n];
    if (i === undefined) throw this.outside(`the working day asked for from ${formatLocalDate(from)}`);
    return this.firstDay + i;
  }

  private indexOf(day: EpochDay): number {
    const i = day - this.firstDay;
    if (!(i >= 0 && i < this.days)) throw this.outside('the date asked for');
    return i;
  }

  private outside(what: string): WorkingTimeError {
    return new WorkingTimeError(
      'OUTSIDE_COVERED_YEARS',
      'calendar',
      `${what} lies outside ${this.source.firstYear}–${this.source.lastYear}, the years calendar ${this.calendarId} v${this.version} covers`,
    );
  }
}
