import {
  type CompiledCalendar,
  cnLanshanCalendar,
  compileCalendar,
  deriveDue,
  type EpochDay,
  formatLocalDate,
  type Limit,
  type Pause,
  parseLocalDate,
} from '@huicai/working-time';
import { DEFAULT_POLICY } from '../contexts/calendar/default-policy.js';
import type { Urgency } from '../contexts/cases/contract.js';
import type { Draw } from './draw.js';

const MINUTE_MS = 60_000;

/** The office's hours under the calendar and the policy it starts with. Instants are epoch milliseconds, whole seconds. */
export class Office {
  readonly calendar: CompiledCalendar = compileCalendar(cnLanshanCalendar());

  dayOf(at: number): EpochDay {
    return this.calendar.dayOf(at);
  }

  /** YYYY-MM-DD, office time. */
  dateOf(day: EpochDay): string {
    return formatLocalDate(day);
  }

  /** A moment of a day. @param clock HH:MM, office time */
  at(day: EpochDay, clock: string): number {
    const [hours, minutes] = clock.split(':').map(Number);
    return this.calendar.startOf(day) + (hours! * 60 + minutes!) * MINUTE_MS;
  }

  /** A moment of a day between two times of day, in whole seconds. */
  moment(day: EpochDay, draw: Draw, from: string, to: string): number {
    return draw.int(this.at(day, from) / 1000, this.at(day, to) / 1000) * 1000;
  }

  /** The instant `minutes` of office time later, in whole seconds. @param minutes more than 0 */
  after(at: number, minutes: number): number {
    return this.calendar.afterOfficeTime(at, Math.max(1, Math.round(minutes * 60)) * 1000);
  }

  /** The instant at which a part of the office time between two instants has passed. @param part above 0, at most 1 */
  part(from: number, to: number, part: number): number {
    return this.after(from, (this.calendar.officeTime(from, to) * part) / MINUTE_MS);
  }

  /** The nth working day before (negative) or after a working day; 0 is the day itself. */
  workingDay(day: EpochDay, n: number): EpochDay {
    let found = day;
    if (n > 0) return this.calendar.workingDayAfter(day, n);
    for (let i = 0; i > n; i--) found = this.calendar.workingDayBefore(found);
    return found;
  }

  /** All working days from one day to another, both included. */
  workingDays(from: EpochDay, to: EpochDay): EpochDay[] {
    const days: EpochDay[] = [];
    for (let day = from; day <= to; day++) if (this.calendar.isWorkingDay(day)) days.push(day);
    return days;
  }

  due(urgency: Urgency, start: number, pauses: readonly Pause[], addedWorkingDays: number): number {
    return deriveDue({ start, limit: this.limit(urgency), pauses, addedWorkingDays, calendar: this.calendar }).due!;
  }

  private limit(urgency: Urgency): Limit {
    return DEFAULT_POLICY.handling.find((rule) => rule.urgency === urgency)!.limit;
  }
}

export interface YearSpan {
  /** The working day the year ends with, YYYY-MM-DD. */
  readonly anchor: string;
  readonly firstDay: EpochDay;
  readonly anchorDay: EpochDay;
  /** Local midnight before the first day, and close of business of the last. Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** The twelve months that end with an anchor. @throws RangeError when the anchor is no working day of the office */
export function yearEnding(anchor: string, office: Office): YearSpan {
  const anchorDay = parseLocalDate(anchor, 'anchor');
  if (!office.calendar.isWorkingDay(anchorDay)) throw new RangeError(`${anchor} is not a working day of the office`);
  const [year, rest] = [Number(anchor.slice(0, 4)), anchor.slice(4).replace('-02-29', '-02-28')];
  const firstDay = parseLocalDate(`${year - 1}${rest}`, 'anchor') + 1;
  return { anchor, firstDay, anchorDay, from: office.calendar.startOf(firstDay), to: office.calendar.closeOf(anchorDay) };
}

/** The last working day before the day of an instant, YYYY-MM-DD. */
export function lastWorkingDayBefore(now: number, office: Office): string {
  return office.dateOf(office.calendar.workingDayBefore(office.dayOf(now)));
}
