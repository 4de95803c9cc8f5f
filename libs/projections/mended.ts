import type { Queryable } from './queryable.js';

/** Parked events of some projections that were folded after all, and rows that were derived anew without any event. */
export interface Mended {
  /** Grows whenever it happens. */
  readonly times: number;
  /** How far the views had come when it last happened; null if it never did. */
  readonly position: bigint | null;
}

/** Notes, in the transaction that writes them, that rows behind the view's place have changed. */
export async function noteMended(db: Queryable, projection: string, position: bigint | null): Promise<void> {
  await db.query(
    `insert into ops.mended_view as m (projection, times, position) values ($1, 1, $2) on conflict (projection) do update
     set times = m.times + 1, position = greatest(m.position, excluded.position)`,
    [projection, (position ?? 0n).toString()],
  );
}

/** Whoever reads views by position has to read them anew when this has changed. */
export async function mendedViews(db: Queryable, projections: readonly string[]): Promise<Mended> {
  const { rows } = await db.query<{ times: string; position: string | null }>(
    'select coalesce(sum(times), 0)::text as times, max(position)::text as position from ops.mended_view where projection = any($1)',
    [projections],
  );
  const { times, position } = rows[0]!;
  return { times: Number(times), position: position === null ? null : BigInt(position) };
}
