import { WorkingTimeError } from './errors.js';

/**
 * Local dates as integers: days since 1970-01-01 in whatever zone the caller means. No time, no offset, so plain integer
 * arithmetic on them is exact.
 */
export type EpochDay = number;

export const MINUTE_MS = 60_000;
/** A day of 24 hours. Only valid as the length of a local day where the zone's offset has been proven constant. */
export const DAY_MS = 86_400_000;

/** Year, month 1..12 and day 1..31 of an epoch day. */
export function civilOf(day: EpochDay): { year: number; month: number; day: number } {
  const date = new Date(day * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Epoch day of a civil date; undefined when there is no such date (30 February). */
export function epochDayOf(year: number, month: number, day: number): EpochDay | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const same = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return same ? date.getTime() / DAY_MS : undefined;
}

/** 1 January of a year. */
export const firstDayOf = (year: number): EpochDay => epochDayOf(year, 1, 1) as EpochDay;

/** ISO weekday of an epoch day: Monday 1 … Sunday 7. */
export function isoWeekdayOf(day: EpochDay): IsoWeekday {
  return (((((day + 3) % 7) + 7) % 7) + 1) as IsoWeekday;
}

export type IsoWeekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/**
 * Reads `YYYY-MM-DD`.
 * @throws WorkingTimeError INVALID_DATE naming `field`
 */
export function parseLocalDate(text: unknown, field: string): EpochDay {
  const match = typeof text === 'string' ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) : null;
  const day = match ? epochDayOf(Number(match[1]), Number(match[2]), Number(match[3])) : undefined;
  if (day === undefined) throw new WorkingTimeError('INVALID_DATE', field, `${JSON.stringify(text)} is not a date YYYY-MM-DD`);
  return day;
}

/** Writes an epoch day as `YYYY-MM-DD`. */
export function formatLocalDate(day: EpochDay): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Reads a time of day `HH:MM` (00:00 to 24:00) as minutes since local midnight.
 * @throws WorkingTimeError INVALID_TIME_OF_DAY naming `field`
 */
export function parseTimeOfDay(text: unknown, field: string): number {
  const match = typeof text === 'string' ? /^(\d{2}):(\d{2})$/.exec(text) : null;
  const minutes = match ? Number(match[1]) * 60 + Number(match[2]) : Number.NaN;
  if (!match || Number(match[2]) > 59 || minutes > 1440) {
    throw new WorkingTimeError('INVALID_TIME_OF_DAY', field, `${JSON.stringify(text)} is not a time HH:MM from 00:00 to 24:00`);
  }
  return minutes;
}
