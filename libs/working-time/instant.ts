import { WorkingTimeError } from './errors.js';
import { DAY_MS, epochDayOf, MINUTE_MS } from './local-date.js';

/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

const ISO = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * Reads an ISO 8601 instant. The offset (`Z` or `±HH:MM`) is required, because a wall time alone names no instant; at most
 * three decimals of a second, because finer ones would be lost. `24:00` is the end of that date.
 * @throws WorkingTimeError INVALID_INSTANT naming `field`
 */
export function parseInstant(text: string, field = 'instant'): Instant {
  const refuse = (why: string) => new WorkingTimeError('INVALID_INSTANT', field, `${JSON.stringify(text)} ${why}`);
  const match = typeof text === 'string' ? ISO.exec(text) : null;
  if (!match) throw refuse('is not an ISO 8601 instant with offset, such as 2026-10-12T17:00:00+08:00');
  const part = (i: number) => Number(match[i] ?? 0);
  const day = epochDayOf(part(1), part(2), part(3));
  if (day === undefined) throw refuse('names a date that does not exist');
  const ms = Number((match[7] ?? '0').padEnd(3, '0'));
  const timeOfDay = (part(4) * 60 + part(5)) * MINUTE_MS + part(6) * 1000 + ms;
  if (part(5) > 59 || part(6) > 59 || timeOfDay > DAY_MS) throw refuse('names a time of day that does not exist');
  const offset = part(10) * 60 + part(11);
  if (part(11) > 59 || offset > 14 * 60 || match[8] === '-00:00') throw refuse('has an offset that does not exist');
  return day * DAY_MS + timeOfDay - (match[9] === '-' ? -offset : offset) * MINUTE_MS;
}

/**
 * Refuses what is no instant (fractions of a millisecond, NaN, strings from unchecked input).
 * @throws WorkingTimeError INVALID_INSTANT naming `field`
 */
export function checkInstant(value: Instant, field: string): Instant {
  if (!Number.isSafeInteger(value)) {
    throw new WorkingTimeError('INVALID_INSTANT', field, `${String(value)} is not a whole number of epoch milliseconds`);
  }
  return value;
}

/** Making a formatter costs a hundred times what using one does. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * Offset of an IANA zone from UTC at an instant, in milliseconds, east positive.
 * @throws WorkingTimeError UNKNOWN_ZONE
 */
export function zoneOffsetAt(zone: string, at: Instant): number {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = makeFormatter(zone);
    formatters.set(zone, formatter);
  }
  const name = formatter.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name);
  if (!match) throw new WorkingTimeError('UNKNOWN_ZONE', 'zone', `the offset ${name} of zone ${zone} can not be read`);
  const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return (match[1] === '-' ? -seconds : seconds) * 1000;
}

function makeFormatter(zone: string): Intl.DateTimeFormat {
  // Intl also takes bare offsets ("+08:00"); a rule that outlives a change of law needs the place, so only names pass.
  if (typeof zone !== 'string' || !/^[A-Za-z]/.test(zone)) {
    throw new WorkingTimeError('UNKNOWN_ZONE', 'zone', `${JSON.stringify(zone)} is not an IANA zone name`);
  }
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    throw new WorkingTimeError('UNKNOWN_ZONE', 'zone', `${JSON.stringify(zone)} is not an IANA zone name`);
  }
}

/**
 * Writes an instant in the wall time of a zone, with its offset: `2026-10-12T17:00:00+08:00`; milliseconds only when there
 * are any. `parseInstant` reads it back to the same instant.
 * @throws WorkingTimeError INVALID_INSTANT, UNKNOWN_ZONE, ZONE_OFFSET_NOT_WHOLE_MINUTES (local mean time of old dates)
 */
export function formatInstant(at: Instant, zone: string): string {
  checkInstant(at, 'instant');
  const offset = zoneOffsetAt(zone, at);
  if (offset % MINUTE_MS !== 0) {
    throw new WorkingTimeError(
      'ZONE_OFFSET_NOT_WHOLE_MINUTES',
      'zone',
      `the offset of ${zone} then has seconds, ISO 8601 has none`,
    );
  }
  return formatAtOffset(at, offset);
}

/** As `formatInstant` where the offset is known. @param offset whole minutes in milliseconds, east positive */
export function formatAtOffset(at: Instant, offset: number): string {
  const wall = new Date(at + offset).toISOString();
  const minutes = Math.abs(offset) / MINUTE_MS;
  const two = (n: number) => String(n).padStart(2, '0');
  const suffix = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${at % 1000 === 0 ? wall.slice(0, -5) : wall.slice(0, -1)}${suffix}`;
}
