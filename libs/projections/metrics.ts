import type { Queryable } from './queryable.js';

/** The span a rate is taken over, milliseconds. */
const SPAN_MS = 60_000;
/** A count no worker has renewed for so long says nothing of now, milliseconds. */
const STALE_MS = 10_000;

interface Sample {
  readonly at: number;
  readonly total: number;
}

/** Counts the events a worker gives to each projection, and how many a second it was over the last minute. */
export class ProjectionMeter {
  private readonly totals = new Map<string, number>();
  private readonly samples = new Map<string, Sample[]>();

  /**
   * @param takes event types by projection
   * @param now milliseconds of a clock that never goes back
   */
  constructor(
    private readonly takes: ReadonlyMap<string, ReadonlySet<string>>,
    private readonly now: () => number = () => performance.now(),
  ) {
    for (const name of takes.keys()) {
      this.totals.set(name, 0);
      this.samples.set(name, [{ at: now(), total: 0 }]);
    }
  }

  /** Counts a batch that was written; gives how many events of it each projection took. */
  note(batch: readonly { readonly type: string }[]): Map<string, number> {
    const taken = new Map<string, number>();
    for (const [name, types] of this.takes) {
      const count = batch.reduce((sum, { type }) => (types.has(type) ? sum + 1 : sum), 0);
      if (count === 0) continue;
      taken.set(name, count);
      this.totals.set(name, this.totals.get(name)! + count);
    }
    return taken;
  }

  /** Total and events a second of each projection, as of now. To be asked about once a second: each asking is a point of the span. */
  read(): { readonly name: string; readonly events: number; readonly perSecond: number }[] {
    const at = this.now();
    return [...this.totals].map(([name, total]) => {
      const samples = this.samples.get(name)!;
      samples.push({ at, total });
      // The one before the span's beginning stays: it is where the span began.
      while (samples.length > 2 && samples[1]!.at <= at - SPAN_MS) samples.shift();
      const [first] = samples as [Sample];
      const seconds = (at - first.at) / 1_000;
      return { name, events: total, perSecond: seconds > 0 ? (total - first.total) / seconds : 0 };
    });
  }
}

/** Writes down what a meter says. */
export async function writeRates(db: Queryable, meter: ProjectionMeter): Promise<void> {
  const rates = meter.read();
  await db.query(
    `insert into ops.projection_rate (name, events, per_second, at) select u.*, now() from unnest($1::text[], $2::int8[], $3::float8[]) as u
     on conflict (name) do update set events = excluded.events, per_second = excluded.per_second, at = excluded.at`,
    [rates.map(({ name }) => name), rates.map(({ events }) => events), rates.map(({ perSecond }) => perSecond)],
  );
}

/** Events a second over the last minute, by projection; only those a worker has spoken of within the last 10 s. */
export async function readRates(db: Queryable): Promise<Map<string, number>> {
  const { rows } = await db.query<{ name: string; rate: number }>(
    `select name, per_second as rate from ops.projection_rate where at > now() - $1 * interval '1 millisecond'`,
    [STALE_MS],
  );
  return new Map(rows.map(({ name, rate }) => [name, rate]));
}
