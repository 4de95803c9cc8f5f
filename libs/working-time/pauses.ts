import type { CompiledCalendar } from './compiled-calendar.js';
import { WorkingTimeError } from './errors.js';
import { checkInstant, type Instant } from './instant.js';
import { type EpochDay, MINUTE_MS } from './local-date.js';

/** A stretch in which a clock does not count, from `from` up to `to`; `to: null` while it lasts. */
export interface Pause {
  readonly from: Instant;
  readonly to: Instant | null;
  /** Id of the event that began it. */
  readonly cause?: string;
}

/** A pause that has ended. */
export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

/** Pauses as they act on a clock: sorted, disjoint, none before the start. */
export interface UnitedPauses {
  readonly closed: readonly Span[];
  /** Since when the clock is paused now; null when it runs. Later than every closed span. */
  readonly openSince: Instant | null;
}

const NONE: UnitedPauses = { closed: [], openSince: null };

/**
 * Unites pauses that overlap or touch and cuts off what lies before `start`. Empty ones vanish.
 * @throws WorkingTimeError PAUSE_REVERSED (ends before it starts), INVALID_INSTANT
 */
export function unitePauses(pauses: readonly Pause[], start: Instant): UnitedPauses {
  if (pauses.length === 0) return NONE;
  const spans = pauses.map((pause, i) => {
    checkInstant(pause.from, `pauses[${i}].from`);
    if (pause.to !== null && checkInstant(pause.to, `pauses[${i}].to`) < pause.from) {
      throw new WorkingTimeError('PAUSE_REVERSED', `pauses[${i}].to`, 'the pause ends before it starts');
    }
    return { from: Math.max(pause.from, start), to: pause.to ?? Number.POSITIVE_INFINITY };
  });
  spans.sort((a, b) => a.from - b.from);
  const united: { from: Instant; to: Instant }[] = [];
  for (const { from, to } of spans) {
    const last = united.at(-1);
    if (to <= from) continue;
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else united.push({ from, to });
  }
  const last = united.at(-1);
  if (last?.to !== Number.POSITIVE_INFINITY) return { closed: united, openSince: null };
  return { closed: united.slice(0, -1), openSince: last.from };
}

/**
 * Pauses as they stand at `until`: united, and one that lasts ends there.
 * @throws as `unitePauses`
 */
export function pausedSpans(pauses: readonly Pause[], start: Instant, until: Instant): readonly Span[] {
  const { closed, openSince } = unitePauses(pauses, start);
  return openSince === null || openSince >= until ? closed : [...closed, { from: openSince, to: until }];
}

/**
 * Whole working days that pauses took from the days `first` to `last`: the floor of the sum, over those days, of paused office
 * time divided by the day's office time. Exact: no fraction of a day is ever rounded.
 */
export function pausedWorkingDays(calendar: CompiledCalendar, first: EpochDay, last: EpochDay, pauses: readonly Span[]): number {
  const begin = calendar.startOf(first);
  const end = calendar.startOf(last + 1);
  let whole = 0;
  /** Parts of days by their denominator: the day's office minutes → paused office ms. */
  const parts = new Map<number, number>();
  const addPart = (day: EpochDay, from: Instant, to: Instant) => {
    const paused = calendar.officeTime(from, to);
    const minutes = calendar.officeMinutesOn(day);
    if (paused > 0) parts.set(minutes, (parts.get(minutes) ?? 0) + paused);
  };
  for (const pause of pauses) {
    const from = Math.max(pause.from, begin);
    const to = Math.min(pause.to, end);
    if (to <= from) continue;
    const firstDay = calendar.dayOf(from);
    const lastDay = calendar.dayOf(to - 1);
    if (firstDay === lastDay) {
      addPart(firstDay, from, to);
    } else {
      addPart(firstDay, from, calendar.startOf(firstDay + 1));
      whole += calendar.workingDaysIn(firstDay + 1, lastDay - 1);
      addPart(lastDay, calendar.startOf(lastDay), to);
    }
  }
  return whole + floorOfSum([...parts]);
}

/** Floor of Σ ms ÷ (minutes × 60,000), without rounding: days of different length have different denominators. */
function floorOfSum(parts: readonly (readonly [minutes: number, ms: number])[]): number {
  if (parts.length === 0) return 0;
  if (parts.length === 1) return Math.floor(parts[0]![1] / (parts[0]![0] * MINUTE_MS));
  let numerator = 0n;
  let denominator = 1n;
  for (const [minutes, ms] of parts) {
    const own = BigInt(minutes * MINUTE_MS);
    numerator = numerator * own + BigInt(ms) * denominator;
    denominator *= own;
  }
  return Number(numerator / denominator);
}

/** Whole calendar days, midnight to midnight in the calendar's zone, from `first` to `last` that lie inside pauses. */
export function pausedCalendarDays(calendar: CompiledCalendar, first: EpochDay, last: EpochDay, pauses: readonly Span[]): number {
  let days = 0;
  for (const pause of pauses) {
    const from = Math.max(calendar.dayOf(pause.from - 1) + 1, first);
    const to = Math.min(calendar.dayOf(pause.to) - 1, last);
    days += Math.max(0, to - from + 1);
  }
  return days;
}
