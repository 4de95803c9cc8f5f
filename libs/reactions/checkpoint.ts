import type { EventStore, StoredEvent } from '@huicai/event-store';
import { splitStreamName } from '@huicai/kernel';
import { CheckpointMovedError, type Handled, type Queryable } from '@huicai/projections';

/** Where a reaction stands: the last event it is done with, or that stands among its failures. */
export interface ReactionCheckpoint {
  readonly storeId: string;
  /** null before the first event of the log. */
  readonly position: bigint | null;
  readonly stream: string | null;
  readonly revision: bigint | null;
  readonly eventId: string | null;
  /** Why it does not go on. */
  readonly stopped: string | null;
}

/** An event that was handled, as a checkpoint names it. */
export const handledOf = ({ position, stream, revision, id }: StoredEvent): Handled => ({ position, stream, revision, id });

/** Whether an event of the log is one of this system's. */
export const isOurs = (event: Pick<StoredEvent, 'type' | 'stream'>, aggregates: ReadonlySet<string>): boolean =>
  !event.type.startsWith('$') && aggregates.has(splitStreamName(event.stream).aggregate);

export async function readReaction(db: Queryable, name: string): Promise<ReactionCheckpoint | undefined> {
  const { rows } = await db.query<Record<string, string | null>>(
    'select store_id, position::text, stream, revision::text, event_id, stopped from ops.reaction where name = $1',
    [name],
  );
  const row = rows[0];
  if (!row) return undefined;
  return {
    storeId: row.store_id!,
    position: row.position == null ? null : BigInt(row.position),
    stream: row.stream ?? null,
    revision: row.revision == null ? null : BigInt(row.revision),
    eventId: row.event_id ?? null,
    stopped: row.stopped ?? null,
  };
}

/** Moves the checkpoint on if it still stands where this worker left it. @throws CheckpointMovedError */
export async function moveReaction(db: Queryable, name: string, at: bigint | null, to: Handled): Promise<void> {
  const { rowCount } = await db.query(
    `update ops.reaction set position = $2, stream = $3, revision = $4, event_id = $5, updated_at = now()
     where name = $1 and position is not distinct from $6::int8`,
    [name, to.position.toString(), to.stream, to.revision.toString(), to.id, at?.toString() ?? null],
  );
  if (rowCount !== 1) throw new CheckpointMovedError(`reaction ${name}`);
}

/** Notes why a reaction stands still; null when it goes on. */
export async function noteStopped(db: Queryable, name: string, why: string | null): Promise<void> {
  await db.query('update ops.reaction set stopped = $2, updated_at = now() where name = $1 and stopped is distinct from $2', [
    name,
    why,
  ]);
}

/** What a place in the log is looked up in. */
export interface Log {
  readonly store: Pick<EventStore, 'readAll'>;
  readonly storeId: string;
  /** Stream categories of this system. */
  readonly aggregates: ReadonlySet<string>;
}

/**
 * Gives reactions that were not known before their place: the present end of the log, because they are not to act on years of
 * history; its start when they say so, or when no person has done anything in this log yet. Those already known stay where they are.
 *
 * @throws StoreUnavailableError
 */
export async function registerReactions(
  db: Queryable,
  log: Log,
  reactions: Iterable<{ readonly name: string; readonly fromStart?: true }>,
): Promise<void> {
  const { rows } = await db.query<{ name: string }>('select name from ops.reaction');
  const known = new Set(rows.map(({ name }) => name));
  const missing = [...reactions].filter(({ name }) => !known.has(name));
  if (missing.length === 0) return;
  const head = (await isUntouched(log)) ? undefined : await headOf(log);
  for (const { name, fromStart } of missing) {
    const at = fromStart ? undefined : head;
    await db.query(
      `insert into ops.reaction (name, store_id, position, stream, revision, event_id) values ($1, $2, $3, $4, $5, $6)
       on conflict (name) do nothing`,
      [name, log.storeId, at?.position.toString(), at?.stream, at?.revision.toString(), at?.id],
    );
  }
}

const PAGE = 500;

/** Whether everything in the log so far was written by the system itself. */
async function isUntouched({ store, aggregates }: Log): Promise<boolean> {
  let after: bigint | undefined;
  for (;;) {
    const before = after;
    for await (const event of store.readAll({ ...(after === undefined ? {} : { after }), maxCount: PAGE })) {
      after = event.position;
      const role = (event.metadata as { actor?: { role?: string } } | undefined)?.actor?.role;
      if (isOurs(event, aggregates) && role !== 'system') return false;
    }
    if (after === before) return true;
  }
}

/** The last event of this system's; undefined in an empty log. @throws StoreUnavailableError */
export async function headOf({ store, aggregates }: Log): Promise<Handled | undefined> {
  for (let maxCount = 64; ; maxCount *= 8) {
    let read = 0;
    for await (const event of store.readAll({ backwards: true, maxCount })) {
      if (isOurs(event, aggregates)) return handledOf(event);
      read++;
    }
    if (read < maxCount) return undefined;
  }
}
