import type { Queryable } from './queryable.js';

/** How fresh a read model is. */
export interface Freshness {
  /** Everything recorded up to this instant is in the view; null before the worker's first word. */
  readonly asOf: Date | null;
  readonly position: bigint | null;
  /** Why the projection no longer follows, when it has stopped. */
  readonly failed: string | null;
}

/** The worker's word on how far it is, for every reader. `asOf` moves only while the worker is level with the store. */
export async function beat(db: Queryable, position: bigint | undefined, head: bigint | undefined, at: Date): Promise<void> {
  const level = head === undefined || (position !== undefined && position >= head);
  await db.query(
    `insert into ops.heartbeat as h (name, position, head, at, as_of) values ('worker', $1, $2, $3, case when $4 then $3::timestamptz end)
     on conflict (name) do update set position = excluded.position, head = excluded.head, at = excluded.at, as_of = coalesce(excluded.as_of, h.as_of)`,
    [position?.toString() ?? null, head?.toString() ?? null, at, level],
  );
}

export async function freshnessOf(db: Queryable, projection: string): Promise<Freshness> {
  const { rows } = await db.query<{ position: string | null; as_of: Date | null; failed: string | null }>(
    `select c.position::text, h.as_of, c.failed from read.${projection}_checkpoint c left join ops.heartbeat h on h.name = 'worker'`,
  );
  const row = rows[0];
  return { asOf: row?.as_of ?? null, position: row?.position == null ? null : BigInt(row.position), failed: row?.failed ?? null };
}

/** Waits until a projection has handled `position`; false when the time ran out first. @param limitMs milliseconds */
export async function waitForPosition(db: Queryable, projection: string, position: bigint, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (let pauseMs = 4; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    const { position: handled } = await freshnessOf(db, projection);
    if (handled !== null && handled >= position) return true;
    if (Date.now() + pauseMs > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
