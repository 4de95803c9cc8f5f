import type { Queryable } from './queryable.js';

/** The last event a projection has handled, and the store it came from. */
export interface Checkpoint {
  readonly storeId: string;
  /** null before the first event. */
  readonly position: bigint | null;
  readonly stream: string | null;
  readonly revision: bigint | null;
  readonly eventId: string | null;
  readonly foldHash: string;
}

export interface Handled {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: bigint;
  readonly id: string;
}

export const checkpointDdl = (schema: string): string =>
  `create table ${schema}.checkpoint (one bool primary key default true check (one), store_id text not null, position int8, stream text, ` +
  'revision int8, event_id uuid, fold_hash text not null, failed text, updated_at timestamptz not null default now())';

export async function readCheckpoint(db: Queryable, schema: string): Promise<Checkpoint | undefined> {
  const { rows } = await db.query<Record<string, string | null>>(
    `select store_id, position::text, stream, revision::text, event_id, fold_hash from ${schema}.checkpoint`,
  );
  const row = rows[0];
  if (!row) return undefined;
  return {
    storeId: row.store_id!,
    position: row.position == null ? null : BigInt(row.position),
    stream: row.stream ?? null,
    revision: row.revision == null ? null : BigInt(row.revision),
    eventId: row.event_id ?? null,
    foldHash: row.fold_hash!,
  };
}

/** Another worker moved the checkpoint: this one has lost the lead and must not write. */
export class CheckpointMovedError extends Error {
  constructor(readonly schema: string) {
    super(`The checkpoint of ${schema} was moved by another worker`);
    this.name = 'CheckpointMovedError';
  }
}

/** Whether a table was asked for that is not there, such as one of a generation that was dropped. */
export const isUndefinedTable = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === '42P01';

/** Where a worker left the checkpoint of a schema. */
export interface Left {
  readonly schema: string;
  readonly at: bigint | null;
}

/** Moves checkpoints on, in one statement, if they still stand where this worker left them. @throws CheckpointMovedError */
export async function moveCheckpoints(db: Queryable, left: readonly Left[], to: Handled): Promise<void> {
  if (left.length === 0) return;
  const moves = left.map(
    ({ schema }, i) =>
      `m${i} as (update ${schema}.checkpoint set position = $1, stream = $2, revision = $3, event_id = $4, updated_at = now() ` +
      `where position is not distinct from $${i + 5}::int8 returning ${i} as i)`,
  );
  const { rows } = await db
    .query<{ i: number }>(`with ${moves.join(', ')} ${left.map((_, i) => `select i from m${i}`).join(' union all ')}`, [
      to.position.toString(),
      to.stream,
      to.revision.toString(),
      to.id,
      ...left.map(({ at }) => at?.toString() ?? null),
    ])
    .catch((error: unknown) => {
      throw isUndefinedTable(error) ? new CheckpointMovedError(left.map(({ schema }) => schema).join(', ')) : error;
    });
  const moved = new Set(rows.map(({ i }) => i));
  const stuck = left.find((_, i) => !moved.has(i));
  if (stuck) throw new CheckpointMovedError(stuck.schema);
}
