import { WorkingTimeError } from './errors.js';
import { zoneOffsetAt } from './instant.js';
import { DAY_MS, firstDayOf, formatLocalDate, MINUTE_MS } from './local-date.js';

/** Offsets found constant over a year, its last day before and its first day after included; versions of one zone share them. */
const provenOffsets = new Map<string, number>();

/**
 * Offset of a zone in ms, looked at on every day of the years: only a constant one makes local days 24 hours long.
 * @throws WorkingTimeError UNKNOWN_ZONE, ZONE_OFFSET_CHANGES, ZONE_OFFSET_NOT_WHOLE_MINUTES
 */
export function provenOffset(zone: string, firstYear: number, lastYear: number): number {
  const offset = zoneOffsetAt(zone, firstDayOf(firstYear) * DAY_MS);
  for (let year = firstYear; year <= lastYear; year++) proveOffset(zone, year, offset);
  if (offset % MINUTE_MS === 0) return offset;
  throw new WorkingTimeError('ZONE_OFFSET_NOT_WHOLE_MINUTES', 'zone', `the offset of ${zone} has seconds, ISO 8601 has none`);
}

function proveOffset(zone: string, year: number, offset: number): void {
  const key = `${zone} ${year}`;
  if (provenOffsets.get(key) === offset) return;
  for (let at = (firstDayOf(year) - 1) * DAY_MS; at <= (firstDayOf(year + 1) + 1) * DAY_MS; at += DAY_MS) {
    if (zoneOffsetAt(zone, at) !== offset) {
      throw new WorkingTimeError(
        'ZONE_OFFSET_CHANGES',
        'zone',
        `zone ${zone} changes its offset on or before ${formatLocalDate(at / DAY_MS)}; zones with daylight saving are not supported`,
      );
    }
  }
  provenOffsets.set(key, offset);
}
