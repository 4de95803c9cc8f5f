import type { CalendarVersion, Interval } from './calendar.js';

/** Minutes since 1970-01-01T00:00 of the wall clock. */
type Stretch = { readonly from: number; readonly to: number };

const asMinutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/**
 * The arithmetic of working time done the slow way, to test the fast one against: it walks minute by minute, or day by day, and
 * reads the calendar's JSON as it goes. It shares no code with what it judges. All times are whole minutes of the wall clock,
 * days are days since 1970-01-01.
 */
export class SteppingOracle {
  private readonly cache = new Map<number, boolean[]>();

  constructor(
    private readonly version: CalendarVersion,
    private readonly pauses: readonly Stretch[],
  ) {}

  isPaused(local: number): boolean {
    return this.pauses.some(({ from, to }) => from <= local && local < to);
  }

  /** One boolean per minute of the day. */
  officeOf(day: number): boolean[] {
    const known = this.cache.get(day);
    if (known) return known;
    const intervals = this.intervalsOf(day).map(({ from, to }) => ({ from: asMinutes(from), to: asMinutes(to) }));
    const minutes = Array.from({ length: 1440 }, (_, m) => intervals.some(({ from, to }) => from <= m && m < to));
    this.cache.set(day, minutes);
    return minutes;
  }

  private intervalsOf(day: number): readonly Interval[] {
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
    const standard =
      ([1, 2, 3, 4, 5, 6, 7] as const).map((w) => this.version.weekly[w] ?? []).find((list) => list.length > 0) ?? [];
    const exception = this.version.exceptions.find((e) => e.date === date);
    if (exception) return exception.kind === 'closed' ? [] : (exception.intervals ?? standard);
    const published = this.version.publishedYears.includes(Number(date.slice(0, 4)));
    if (!published && this.version.statutoryDays.includes(date.slice(5))) return [];
    const weekday = new Date(day * 86_400_000).getUTCDay();
    return this.version.weekly[(weekday === 0 ? 7 : weekday) as 1] ?? [];
  }

  isOffice(local: number): boolean {
    return this.officeOf(Math.floor(local / 1440))[local % 1440]!;
  }

  usedMinutes(from: number, to: number): number {
    let used = 0;
    for (let m = from; m < to; m++) if (this.isOffice(m) && !this.isPaused(m)) used++;
    return used;
  }

  afterMinutes(start: number, budget: number): number {
    let used = 0;
    for (let m = start; ; m++) {
      while (m % 1440 === 0 && !this.officeOf(m / 1440).includes(true)) m += 1440;
      if (this.isOffice(m) && !this.isPaused(m)) used++;
      if (used === budget) return m + 1;
    }
  }

  closeOf(day: number): number {
    return day * 1440 + this.officeOf(day).lastIndexOf(true) + 1;
  }

  /** The smallest number n of days with budget + ⌊Σ paused parts of the first n days⌋ ≤ n. */
  afterWorkingDays(startDay: number, budget: number): number {
    let numerator = 0n;
    let denominator = 1n;
    let n = 0;
    for (let day = startDay + 1; ; day++) {
      const office = this.officeOf(day).flatMap((open, m) => (open ? [day * 1440 + m] : []));
      if (office.length === 0) continue;
      n++;
      const length = BigInt(office.length);
      numerator = numerator * length + BigInt(office.filter((m) => this.isPaused(m)).length) * denominator;
      denominator *= length;
      if (BigInt(budget) + numerator / denominator <= BigInt(n)) return this.closeOf(day);
    }
  }

  afterNaturalDays(startDay: number, budget: number): number {
    let day = startDay;
    for (let counted = 0; counted < budget; ) {
      day++;
      const minutes = Array.from({ length: 1440 }, (_, m) => day * 1440 + m);
      if (!minutes.every((m) => this.isPaused(m))) counted++;
    }
    while (!this.officeOf(day).includes(true)) day++;
    return this.closeOf(day);
  }
}
