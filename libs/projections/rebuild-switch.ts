import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { type Checkpoint, isUndefinedTable, readCheckpoint } from './checkpoint.js';
import { forgetLettersSql } from './dead-letters.js';
import { FILLER_LOCK, type Generations, lockGenerations, RebuildError } from './generations.js';
import { type EventAt, hideDdl, showDdl } from './live-projection.js';
import type { Queryable } from './queryable.js';
import { inTransaction } from './transaction.js';

/** What a switch must know of the event store, to tell rows that are ahead from rows of another log. */
export interface SwitchParts {
  readonly pool: Pool;
  readonly storeId: string;
  readonly eventAt: EventAt;
  /** How long to wait for readers and for the rows to come level, milliseconds; 30,000 unless told. */
  readonly patienceMs?: number;
}

export interface Switched {
  readonly live: string;
  /** Kept, and fed as long as this program has its fold. */
  readonly previous: string;
  /** The one before that, which was dropped. */
  readonly dropped: string | null;
}

/** The rows to be shown lack events that the rows shown now have. */
class BehindError extends RebuildError {}

/**
 * Shows the candidate in place of the live rows, which are kept as the previous ones; those kept until now are dropped first. One
 * transaction under the locks of both checkpoints: a reader sees all of the one or all of the other, and never less than before.
 *
 * @throws RebuildError when there is no candidate that can be shown, or it has not come level in time
 */
export async function switchToCandidate(parts: SwitchParts, name: string): Promise<Switched> {
  const before = await inTransaction(parts.pool, (db) => lockGenerations(db, name));
  if (before.candidate === null) throw new RebuildError(`${name} has no candidate. Make one: npm run cli -- rebuild ${name}`);
  if (!before.following)
    throw new RebuildError(`The candidate of ${name} is not filled yet. Go on with it: npm run cli -- rebuild ${name}`);
  if (before.previous !== null) await dropSchema(parts.pool, name, before.previous);
  const { live, previous } = await show(parts, name, (now) => now.candidate, 'candidate = null, following = false, filled = 0');
  return { live, previous, dropped: before.previous };
}

/**
 * Shows the previous rows again; what was shown is kept in their place.
 *
 * @throws RebuildError when there are none, or they were not fed
 */
export async function switchBack(parts: SwitchParts, name: string): Promise<Pick<Switched, 'live' | 'previous'>> {
  return show(parts, name, (now) => now.previous);
}

async function show(
  parts: SwitchParts,
  name: string,
  pick: (now: Generations) => string | null,
  change = '',
): Promise<Pick<Switched, 'live' | 'previous'>> {
  return patiently(parts.pool, parts.patienceMs ?? 30_000, `The views of ${name}`, async (db) => {
    const now = await lockGenerations(db, name);
    const next = pick(now);
    if (next === null) throw new RebuildError(`${name} has nothing to switch to.`);
    const stands = await lockCheckpoints(db, [now.live, next]);
    await expectLevel(parts, name, stands.get(now.live), stands.get(next)!);
    await db.query([...hideDdl(name), ...showDdl(name, next)].join('; '));
    await db.query(
      `update ops.projection set ${[change, 'live = $2, previous = $3'].filter(Boolean).join(', ')} where name = $1`,
      [name, next, now.live],
    );
    return { live: next, previous: now.live };
  });
}

type Stand = Checkpoint & { readonly failed: string | null };

/** In the order of their names, as whoever feeds them takes them. */
async function lockCheckpoints(db: Queryable, schemas: readonly string[]): Promise<Map<string, Stand | undefined>> {
  const found = new Map<string, Stand | undefined>();
  for (const schema of [...schemas].sort()) {
    const { rows } = await db.query<{ failed: string | null }>(`select failed from ${schema}.checkpoint for update`);
    const checkpoint = await readCheckpoint(db, schema);
    found.set(schema, checkpoint && { ...checkpoint, failed: rows[0]?.failed ?? null });
  }
  return found;
}

/**
 * Fed together they stand at the same place. Ahead is well where the live ones do not follow; behind is not, but for rows that were
 * made from another log.
 */
async function expectLevel(parts: SwitchParts, name: string, live: Stand | undefined, next: Stand | undefined): Promise<void> {
  if (!next) throw new RebuildError(`The rows of ${name} to be shown have lost their checkpoint: drop them.`);
  if (next.failed !== null) throw new RebuildError(`The rows of ${name} to be shown have stopped: ${next.failed}`);
  if (next.storeId !== parts.storeId)
    throw new RebuildError(`The rows of ${name} to be shown were made from another event store: drop them.`);
  if (!live || live.position === null || (next.position !== null && next.position >= live.position)) return;
  if (live.storeId !== parts.storeId || (await parts.eventAt(live.stream!, live.revision!)) !== live.eventId) return;
  throw new BehindError(
    `The rows of ${name} to be shown stand at ${next.position ?? 'the start'}, before those shown now at ${live.position}: ` +
      'no worker feeds them, or none whose program has their fold.',
  );
}

/**
 * Drops the candidate of a projection or, when there is none, the previous rows; gives the name of the schema.
 *
 * @throws RebuildError when there is neither, or the candidate is being filled
 */
export async function dropGeneration(pool: Pool, name: string): Promise<string> {
  const schema = await inTransaction(pool, async (db) => {
    const { candidate, previous, following } = await lockGenerations(db, name);
    if (candidate !== null && !following) {
      const { rows } = await db.query<{ won: boolean }>(`select pg_try_advisory_xact_lock(${FILLER_LOCK}) as won`, [name]);
      if (!rows[0]?.won) throw new RebuildError(`The candidate of ${name} is being filled by another process; stop that first.`);
    }
    return candidate ?? previous;
  });
  if (schema === null) throw new RebuildError(`${name} has neither a candidate nor previous rows.`);
  await dropSchema(pool, name, schema);
  return schema;
}

/** Drops a generation that is not shown. Whoever feeds it finds it gone at the next batch and goes on without it. */
export async function dropSchema(pool: Pool, name: string, schema: string): Promise<void> {
  await patiently(pool, 30_000, `The tables in ${schema}`, async (db) => {
    const { live } = await lockGenerations(db, name);
    if (live === schema) throw new RebuildError(`${schema} is shown and can not be dropped.`);
    await db.query(
      `update ops.projection set candidate = nullif(candidate, $2), previous = nullif(previous, $2),
         following = following and candidate is distinct from $2, filled = case when candidate = $2 then 0 else filled end where name = $1`,
      [name, schema],
    );
    // In the order of a writer, who moves the checkpoint before he writes rows.
    await db
      .query(
        [
          `lock table ${schema}.checkpoint in access exclusive mode`,
          forgetLettersSql(schema),
          `drop schema ${schema} cascade`,
        ].join('; '),
      )
      .catch((error) => {
        if (!isUndefinedTable(error)) throw error;
        throw new RebuildError(`${schema} is gone already.`);
      });
  });
}

/** Lock not available, deadlock. */
const IN_USE = new Set(['55P03', '40P01']);
/** Below PostgreSQL's deadlock_timeout, so that it is never a reader who is turned away. */
const LOCK_TIMEOUT_MS = 500;
const PAUSE_MS = 100;

/** Does work in a transaction that gives way: one that has to wait for others is rolled back, so that nobody queues up behind it for long, and tried again. */
async function patiently<T>(pool: Pool, patienceMs: number, what: string, work: (db: PoolClient) => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await inTransaction(pool, async (db) => {
        await db.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
        return work(db);
      });
    } catch (error) {
      const inUse = IN_USE.has(String((error as { code?: unknown }).code));
      if (!inUse && !(error instanceof BehindError)) throw error;
      if (Date.now() > deadline)
        throw inUse ? new RebuildError(`${what} have been in use by long queries all the time; try again later.`) : error;
    }
    await delay(PAUSE_MS);
  }
}
