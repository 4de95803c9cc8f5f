import type { LiveProjection } from './live-projection.js';
import type { Queryable } from './queryable.js';

/** How fresh a read model is. */
export interface Freshness {
  /** Everything recorded up to this instant is in the view; null when that can be said of no instant: before the worker's first word, while the view is being filled, after it has stopped. */
  readonly asOf: Date | null;
  readonly position: bigint | null;
  /** Why the projection no longer follows, when it has stopped. */
  readonly failed: string | null;
  /** Partitions that lack events because one of them could not be folded: of the one asked about, or of all. */
  readonly parked: number;
}

/** What the worker says of how far it is. */
export interface Beat {
  /** Last event seen, of whatever kind. */
  readonly position: bigint | undefined;
  /** Last event in the store, asked for after `at`. */
  readonly head: bigint | undefined;
  readonly at: Date;
  /** Everything recorded up to then was seen; undefined when that can be said of no later instant than before. */
  readonly asOf: Date | undefined;
  /** Furthest checkpoint of any projection: one that stands before it lacks something. */
  readonly handled: bigint | undefined;
}

/** The worker's word on how far it is, for every reader. @throws Error of PostgreSQL */
export async function beat(db: Queryable, { position, head, at, asOf, handled }: Beat): Promise<void> {
  await db.query(
    `insert into ops.heartbeat as h (name, position, head, at, as_of, handled) values ('worker', $1, $2, $3, $4, $5)
     on conflict (name) do update set position = excluded.position, head = excluded.head, at = excluded.at,
       as_of = coalesce(excluded.as_of, h.as_of), handled = case when excluded.as_of is null then h.handled else excluded.handled end`,
    [position?.toString() ?? null, head?.toString() ?? null, at, asOf ?? null, handled?.toString() ?? null],
  );
}

/** Looks at the end of the log that are remembered. */
const MOST_LOOKS = 600;

/**
 * Up to which instant everything was seen. Under a steady load the end of the log is always a little ahead; so what was its end at
 * earlier looks counts as well.
 */
export class Horizon {
  private looks: { readonly at: Date; readonly head: bigint | undefined }[] = [];
  /** One look of so many is kept: those of one who is far behind lie further apart. */
  private stride = 1;
  private made = 0;

  /** The end of the log was this one, asked for after `at`. */
  look(at: Date, head: bigint | undefined): void {
    if (this.made++ % this.stride !== 0) this.looks.pop();
    this.looks.push({ at, head });
    if (this.looks.length < MOST_LOOKS) return;
    this.looks = this.looks.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }

  /** The latest instant whose log has been seen by one who has come to this position; each is told once. */
  reached(position: bigint | undefined): Date | undefined {
    const ahead = this.looks.findIndex(({ head }) => head !== undefined && (position === undefined || head > position));
    const seen = this.looks.splice(0, ahead < 0 ? this.looks.length : ahead);
    if (this.looks.length === 0) [this.stride, this.made] = [1, 0];
    return seen.at(-1)?.at;
  }
}

/** The furthest checkpoint of projections; undefined when all stand at the start. */
export function furthest(projections: readonly Pick<LiveProjection, 'handled'>[]): bigint | undefined {
  return projections.reduce<bigint | undefined>(
    (most, { handled }) => (handled !== null && (most === undefined || handled > most) ? handled : most),
    undefined,
  );
}

const UNDEFINED_TABLE = '42P01';

/**
 * What is known of a projection; nothing at all before a worker has made it.
 *
 * @param partition the one that is read, when it is only one
 */
export async function freshnessOf(db: Queryable, projection: string, partition?: string): Promise<Freshness> {
  try {
    const { rows } = await db.query<{ position: string | null; as_of: Date | null; failed: string | null; parked: number }>(
      `select c.position::text, c.failed, case when h.handled is null or c.position >= h.handled then h.as_of end as as_of,
         (select count(*)::int from ops.dead_letters d
           where d.schema = c.schema and d.state = 'failed' and ($1::text is null or d.partition = $1)) as parked
       from read.${projection}_checkpoint c left join ops.heartbeat h on h.name = 'worker'`,
      [partition ?? null],
    );
    const row = rows[0];
    return {
      asOf: row?.as_of ?? null,
      position: row?.position == null ? null : BigInt(row.position),
      failed: row?.failed ?? null,
      parked: row?.parked ?? 0,
    };
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    return { asOf: null, position: null, failed: null, parked: 0 };
  }
}

/**
 * Waits until a projection has handled `position`; false when the time ran out first, or at once when the projection has stopped
 * before it.
 *
 * @param limitMs milliseconds
 */
export async function waitForPosition(db: Queryable, projection: string, position: bigint, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (let pauseMs = 4; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    const { position: handled, failed } = await freshnessOf(db, projection);
    if (handled !== null && handled >= position) return true;
    if (failed !== null || Date.now() + pauseMs > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
