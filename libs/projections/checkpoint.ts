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

/** Moves a checkpoint on, if it still stands where this worker left it. @throws CheckpointMovedError */
export async function moveCheckpoint(db: Queryable, schema: string, from: bigint | null, to: Handled): Promise<void> {
  const { rowCount } = await db.query(
    `update ${schema}.checkpoint set position = $1, stream = $2, revision = $3, event_id = $4, updated_at = now() ` +
      'where position is not distinct from $5::int8',
    [to.position.toString(), to.stream, to.revision.toString(), to.id, from === null ? null : from.toString()],
  );
  if (rowCount !== 1) throw new CheckpointMovedError(schema);
}
