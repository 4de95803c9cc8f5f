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

/**
 * The worker's word on how far it is, for every reader. `asOf` moves only while the worker is level with the store.
 *
 * @param position last event seen, of whatever kind
 * @param head last event in the store, asked for after `at`
 * @param handled furthest checkpoint of any projection: one that stands before it lacks something
 */
export async function beat(
  db: Queryable,
  position: bigint | undefined,
  head: bigint | undefined,
  at: Date,
  handled: bigint | undefined = undefined,
): Promise<void> {
  const level = head === undefined || (position !== undefined && position >= head);
  await db.query(
    `insert into ops.heartbeat as h (name, position, head, at, as_of, handled) values ('worker', $1, $2, $3, case when $4 then $3::timestamptz end, $5)
     on conflict (name) do update set position = excluded.position, head = excluded.head, at = excluded.at,
       as_of = coalesce(excluded.as_of, h.as_of), handled = case when $4 then excluded.handled else h.handled end`,
    [position?.toString() ?? null, head?.toString() ?? null, at, level, handled?.toString() ?? null],
  );
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
