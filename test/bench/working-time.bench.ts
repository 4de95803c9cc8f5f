import {
  type CompiledCalendar,
  cnLanshanCalendar,
  compileCalendar,
  type DueInput,
  deriveDue,
  explainTime,
  type Limit,
} from '@huicai/working-time';
import dayjs from 'dayjs';
import utc from 'dayjs/plugin/utc.js';
import { medians, type Result, round } from './support/measure.js';
import { printReport } from './support/report.js';

dayjs.extend(utc);

const ROUNDS = 5;
const INPUTS = 100_000;
const SLOW_INPUTS = 5_000;
const MINUTE_MS = 60_000;
const FROM = Date.parse('2025-01-01T00:00:00+08:00');
const OFFSET_MINUTES = 480;

type Counted = Extract<Limit, { kind: 'workingTime' | 'workingDays' }>;
type Input = DueInput & { readonly limit: Counted };

/** Deadlines and explanations by the cumulative index, beside walking day by day with a library people use for dates. */
async function main(): Promise<void> {
  const version = cnLanshanCalendar();
  const calendar = compileCalendar(version);
  const changed = compileCalendar({
    ...version,
    version: 2,
    exceptions: [...version.exceptions.filter(({ date }) => date !== '2026-02-02'), { date: '2026-02-02', kind: 'closed' }],
  });
  const plain = inputs(calendar, false);
  const paused = inputs(calendar, true);
  const dates = { off: datesOf('closed', version), opened: datesOf('opened', version) };
  refuseDifferences(plain.slice(0, SLOW_INPUTS), dates);
  const results = await medians(ROUNDS, [
    () => measured('deadlines', plain, deriveDue),
    () => measured('deadlines, a quarter paused', paused, deriveDue),
    () => measured('explanations', paused.slice(0, INPUTS / 10), explained),
    () => measured('deadlines under a changed calendar', paused, (input) => deriveDue({ ...input, calendar: changed })),
    () => measured('deadlines, day by day with dayjs', plain.slice(0, SLOW_INPUTS), (input) => dayByDay(input, dates)),
  ]);
  const value = (name: string) => results.find((result) => result.name === name)!.value;
  printReport(
    {
      bench: 'working-time',
      load: `${INPUTS} limits of 1 to 2000 minutes or 1 to 30 working days from 2025 on, one core, median of ${ROUNDS} rounds taken in turn`,
      results,
      ratios: {
        'deadlines: this / day by day': round(value('deadlines') / value('deadlines, day by day with dayjs')),
        '100,000 open clocks under a changed calendar, seconds': round(100_000 / value('deadlines under a changed calendar')),
      },
    },
    process.argv.includes('--json'),
  );
}

/** The same ones at every run. */
function inputs(calendar: CompiledCalendar, withPauses: boolean): Input[] {
  let seed = 20_260_101;
  const upTo = (n: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % n;
  };
  return Array.from({ length: INPUTS }, (_, i): Input => {
    const start = FROM + upTo(600 * 1440) * MINUTE_MS;
    const from = start + upTo(3_000) * MINUTE_MS;
    const pauses = withPauses && i % 4 === 0 ? [{ from, to: from + upTo(5_000) * MINUTE_MS }] : [];
    const limit: Counted =
      i % 2 === 0 ? { kind: 'workingTime', minutes: 1 + upTo(2_000) } : { kind: 'workingDays', days: 1 + upTo(30) };
    return { start, limit, pauses, calendar };
  });
}

async function measured(name: string, on: readonly Input[], work: (input: Input) => unknown): Promise<Result> {
  const from = performance.now();
  for (const input of on) work(input);
  return { name, value: Math.round(on.length / ((performance.now() - from) / 1_000)), unit: '/s' };
}

const explained = (input: Input): unknown => explainTime({ ...input, until: deriveDue(input).due! });

interface Dates {
  readonly off: ReadonlySet<string>;
  readonly opened: ReadonlySet<string>;
}

const datesOf = (kind: string, { exceptions }: ReturnType<typeof cnLanshanCalendar>): ReadonlySet<string> =>
  new Set(exceptions.filter((exception) => exception.kind === kind).map(({ date }) => date));

/** What people write: a day at a time, the holidays in a set. Office 09:00–12:00 and 13:00–17:00. */
function dayByDay({ start, limit }: Input, { off, opened }: Dates): number {
  const works = (day: dayjs.Dayjs) => {
    const date = day.format('YYYY-MM-DD');
    return opened.has(date) || (!off.has(date) && day.day() !== 0 && day.day() !== 6);
  };
  const began = dayjs(start).utcOffset(OFFSET_MINUTES);
  let day = began.startOf('day');
  if (limit.kind === 'workingDays') {
    for (let left = limit.days; left > 0; ) {
      day = day.add(1, 'day');
      if (works(day)) left--;
    }
    return day.hour(17).valueOf();
  }
  for (let left = limit.minutes; ; day = day.add(1, 'day')) {
    if (!works(day)) continue;
    for (const [opens, closes] of [
      [9, 12],
      [13, 17],
    ] as const) {
      const from = day.hour(opens).isBefore(began) ? began : day.hour(opens);
      const minutes = day.hour(closes).diff(from, 'minute');
      if (minutes >= left) return from.add(left, 'minute').valueOf();
      left -= Math.max(0, minutes);
    }
  }
}

/** Two that do not agree are not compared. */
function refuseDifferences(on: readonly Input[], dates: Dates): void {
  for (const input of on) {
    const { due } = deriveDue(input);
    if (due !== dayByDay(input, dates))
      throw new Error(`From ${new Date(input.start).toISOString()}, ${JSON.stringify(input.limit)}: the two differ`);
  }
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
});
