import type { CompiledCalendar } from './compiled-calendar.js';
import { checkInstant, type Instant } from './instant.js';
import { checkLimit, type Limit } from './limit.js';
import { type Pause, pausedSpans, type Span } from './pauses.js';

/**
 * Why a stretch of time counts or not:
 * `office` office hours · `off-hours` a working day outside them · `weekly-off` a day the week says is off · `statutory` off by
 * law in a year not published · `closed` a dated exception · `paused` · `start-day` the first day of limits in days, which does
 * not count · `calendar-day` a day of natural days · `window` time up to a calendar window.
 */
export type LedgerReason =
  | 'office'
  | 'off-hours'
  | 'weekly-off'
  | 'statutory'
  | 'closed'
  | 'paused'
  | 'start-day'
  | 'calendar-day'
  | 'window';

export interface LedgerEntry {
  readonly from: Instant;
  readonly to: Instant;
  readonly counted: boolean;
  readonly reason: LedgerReason;
  /** Name of the calendar exception behind it: 国庆节, 调休上班. */
  readonly name?: string;
  /** Id of the event that began the pause; of the first one where several overlap. */
  readonly cause?: string;
  /** The days lie in a year that is not published. */
  readonly provisional?: true;
}

export interface LedgerInput {
  readonly start: Instant;
  /** End of the ledger, excluded. Before the start: an empty ledger. */
  readonly until: Instant;
  readonly limit: Limit;
  readonly pauses?: readonly Pause[];
  readonly calendar: CompiledCalendar;
}

export interface Ledger {
  /** From start to `until` without gap or overlap; neighbours differ in something. */
  readonly entries: readonly LedgerEntry[];
  /** Sum of the counted entries in ms. */
  readonly usedMs: number;
}

/**
 * Explains the time between start and `until`, stretch by stretch, by the unit of the limit:
 * working time and no limit count office hours; working days count office hours after the start day; natural days count whole
 * calendar days after the start day, except those wholly inside a pause; a window counts all time.
 * @throws WorkingTimeError INVALID_INSTANT, INVALID_LIMIT, PAUSE_REVERSED, OUTSIDE_COVERED_YEARS
 */
export function explainTime({ start, until, limit, pauses = [], calendar }: LedgerInput): Ledger {
  checkInstant(start, 'start');
  checkInstant(until, 'until');
  checkLimit(limit);
  const spans = pausedSpans(pauses, start, until);
  const entries =
    limit.kind === 'calendarWindow'
      ? [{ from: start, to: Math.max(start, until), counted: true, reason: 'window' as const }]
      : dayByDay(calendar, start, until, limit, pausesInUnit(calendar, limit, spans).map(withCause(pauses)));
  return summarise(entries.filter(({ from, to }) => from < to));
}

/**
 * The sum of `explainTime` without its entries, for the many clocks of a list; in ms.
 * @throws as `explainTime`
 */
export function usedTime({ start, until, limit, pauses = [], calendar }: LedgerInput): number {
  checkInstant(start, 'start');
  checkInstant(until, 'until');
  const nextDay = () => calendar.startOf(calendar.dayOf(start) + 1);
  switch (checkLimit(limit).kind) {
    case 'calendarWindow':
      return Math.max(0, until - start);
    case 'naturalDays': {
      const from = nextDay();
      const paused = pausesInUnit(calendar, limit, pausedSpans(pauses, start, until));
      const pausedMs = paused.reduce((sum, span) => sum + Math.max(0, Math.min(span.to, until) - Math.max(span.from, from)), 0);
      return Math.max(0, until - from) - pausedMs;
    }
    case 'workingDays':
      return unpausedOfficeTime(calendar, nextDay(), until, pausedSpans(pauses, start, until));
    default:
      return unpausedOfficeTime(calendar, start, until, pausedSpans(pauses, start, until));
  }
}

/** Office time between two instants outside pauses, in ms; 0 when `to` is not later. */
export function unpausedOfficeTime(calendar: CompiledCalendar, from: Instant, to: Instant, pauses: readonly Span[]): number {
  let ms = calendar.officeTime(from, to);
  for (const pause of pauses) ms -= calendar.officeTime(Math.max(pause.from, from), Math.min(pause.to, to));
  return ms;
}

type PausedSpan = Span & { readonly cause?: string };

/** Natural days know whole paused days only, the rest of a pause does not stop them. */
function pausesInUnit(calendar: CompiledCalendar, limit: Limit, spans: readonly Span[]): Span[] {
  if (limit.kind !== 'naturalDays') return [...spans];
  return spans
    .map(({ from, to }) => ({
      from: calendar.startOf(calendar.dayOf(from - 1) + 1),
      to: calendar.startOf(calendar.dayOf(to)),
    }))
    .filter(({ from, to }) => from < to);
}

function withCause(pauses: readonly Pause[]): (span: Span) => PausedSpan {
  return (span) => {
    const first = pauses
      .filter(({ from, to }) => from < span.to && (to === null || to > span.from))
      .reduce<Pause | undefined>((a, b) => (a && isBefore(a, b) ? a : b), undefined);
    return first?.cause === undefined ? span : { ...span, cause: first.cause };
  };
}

/** In an order of their own, so that pauses learned of in any order explain alike. */
const isBefore = (a: Pause, b: Pause): boolean => (a.from === b.from ? (a.cause ?? '') <= (b.cause ?? '') : a.from < b.from);

function dayByDay(calendar: CompiledCalendar, start: Instant, until: Instant, limit: Limit, pauses: PausedSpan[]): LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  const startDay = calendar.dayOf(start);
  const cutter = new Cutter(start, until, pauses, entries);
  for (let day = startDay; calendar.startOf(day) < until; day++) addDay(cutter, calendar, day, limit, day === startDay);
  return entries;
}

/** A day from midnight to midnight. */
function addDay(cutter: Cutter, calendar: CompiledCalendar, day: number, limit: Limit, isStartDay: boolean): void {
  const { kind, name, provisional } = calendar.factsOf(day);
  const begins = calendar.startOf(day);
  const ends = calendar.startOf(day + 1);
  const add = (from: Instant, to: Instant, counted: boolean, reason: LedgerReason, named?: string) =>
    cutter.add(from, to, counted, reason, named, provisional);
  if (isStartDay && (limit.kind === 'workingDays' || limit.kind === 'naturalDays')) {
    add(begins, ends, false, 'start-day');
  } else if (limit.kind === 'naturalDays') {
    add(begins, ends, true, 'calendar-day');
  } else if (kind === 'weekly-off' || kind === 'statutory' || kind === 'closed') {
    add(begins, ends, false, kind, name);
  } else {
    let at = begins;
    for (const { from, to } of calendar.intervalsOn(day)) {
      add(at, from, false, 'off-hours');
      add(from, to, true, 'office', name);
      at = to;
    }
    add(at, ends, false, 'off-hours');
  }
}

/** Takes stretches in order and keeps what lies between the ends of the ledger, split where pauses lie in it. */
class Cutter {
  private next = 0;

  constructor(
    private readonly start: Instant,
    private readonly until: Instant,
    private readonly pauses: readonly PausedSpan[],
    private readonly entries: LedgerEntry[],
  ) {}

  add(
    begins: Instant,
    ends: Instant,
    counted: boolean,
    reason: LedgerReason,
    name: string | undefined,
    provisional: boolean,
  ): void {
    let at = Math.max(begins, this.start);
    const to = Math.min(ends, this.until);
    const keep = (from: Instant, end: Instant) => {
      const entry: Mutable<LedgerEntry> = { from, to: end, counted, reason };
      if (name !== undefined) entry.name = name;
      if (provisional) entry.provisional = true;
      this.entries.push(entry);
    };
    for (let i = this.next; i < this.pauses.length; i++) {
      const pause = this.pauses[i]!;
      if (pause.from >= to) break;
      // Stretches come in order, so a pause that lies before one lies before all that follow.
      if (pause.to <= at) {
        this.next = i + 1;
        continue;
      }
      const from = Math.max(pause.from, at);
      const end = Math.min(pause.to, to);
      if (from >= end) continue;
      if (at < from) keep(at, from);
      this.entries.push({
        from,
        to: end,
        counted: false,
        reason: 'paused',
        ...(pause.cause === undefined ? {} : { cause: pause.cause }),
      });
      at = end;
    }
    if (at < to) keep(at, to);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Joins neighbours that differ in nothing. @param parts of this module's own making, given up to it */
function summarise(parts: readonly Mutable<LedgerEntry>[]): Ledger {
  const entries: Mutable<LedgerEntry>[] = [];
  let last: Mutable<LedgerEntry> | undefined;
  let usedMs = 0;
  for (const part of parts) {
    if (part.counted) usedMs += part.to - part.from;
    if (last && isSameStretch(last, part)) last.to = part.to;
    else {
      last = part;
      entries.push(part);
    }
  }
  return { entries, usedMs };
}

function isSameStretch(a: LedgerEntry, b: LedgerEntry): boolean {
  return a.reason === b.reason && a.name === b.name && a.cause === b.cause && a.provisional === b.provisional && a.to === b.from;
}
