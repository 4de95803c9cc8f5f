import type { StoredEvent } from '@huicai/event-store';
import type { Queryable } from '@huicai/projections';

/** An event a reaction could not handle. Those of the same stream behind it wait until it is done or skipped. */
export interface ReactionFailure {
  readonly reaction: string;
  readonly eventId: string;
  readonly stream: string;
  /** Decimal. */
  readonly revision: string;
  /** Commit position, decimal. */
  readonly position: string;
  readonly type: string;
  /** `waiting` behind an earlier one of its stream; `parked` until somebody retries or skips it. */
  readonly state: 'retrying' | 'waiting' | 'parked' | 'skipped';
  readonly attempts: number;
  readonly error: string | null;
  /** When it is tried again; null unless it is being retried. */
  readonly nextAt: Date | null;
  readonly notedAt: Date;
  readonly triedAt: Date | null;
  readonly skipped: { readonly reason: string; readonly by: string; readonly at: Date } | null;
}

/** When a failed event is tried again. */
export interface RetryPolicy {
  /** Attempts after which it is parked. */
  readonly attempts: number;
  /** Milliseconds from the nth failed attempt, counted from 1, to the next one. */
  readonly pauseMs: (attempt: number) => number;
}

/** Ten attempts within about nine minutes. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 10, pauseMs: (attempt) => Math.min(300_000, 1_000 * 2 ** (attempt - 1)) };

/** What went wrong, for people: a code or a message. Events hold no personal data in clear and reactions open none of it. */
export function errorText(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return `${name}: ${message}`.replaceAll('\0', '').slice(0, 500);
}

/** Of these streams, those with an event that is not done. */
export async function blockedStreams(db: Queryable, reaction: string, streams: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ stream: string }>(
    "select distinct stream from ops.reaction_failures where reaction = $1 and stream = any($2) and state <> 'skipped'",
    [reaction, [...new Set(streams)]],
  );
  return new Set(rows.map(({ stream }) => stream));
}

/** Notes an event that failed, or, without an error, one that waits behind another. */
export async function noteFailure(
  db: Queryable,
  reaction: string,
  { id, stream, revision, position, type }: StoredEvent,
  failed?: { readonly error: string; readonly retry: RetryPolicy },
): Promise<void> {
  const attempts = failed ? 1 : 0;
  await db.query(
    `insert into ops.reaction_failures (reaction, event_id, stream, revision, position, type, state, attempts, error, next_at, tried_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10 * interval '1 millisecond', case when $8 > 0 then now() end)
     on conflict (reaction, event_id) do update set position = excluded.position, state = excluded.state, attempts = excluded.attempts,
       error = excluded.error, next_at = excluded.next_at, noted_at = now(), tried_at = excluded.tried_at,
       skip_reason = null, skipped_by = null, skipped_at = null`,
    [
      reaction,
      id,
      stream,
      revision.toString(),
      position.toString(),
      type,
      failed && attempts >= failed.retry.attempts ? 'parked' : 'retrying',
      attempts,
      failed?.error ?? null,
      failed ? failed.retry.pauseMs(1) : 0,
    ],
  );
}

/** An event to be tried now. */
export interface DueFailure {
  readonly eventId: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly attempts: number;
}

/** Of every stream only the first event that is not done can be due. */
export async function dueFailures(db: Queryable, reaction: string, limit: number): Promise<DueFailure[]> {
  const { rows } = await db.query<{ event_id: string; stream: string; revision: string; attempts: number }>(
    `select event_id, stream, revision::text, attempts from (
       select distinct on (stream) * from ops.reaction_failures where reaction = $1 and state <> 'skipped' order by stream, position) head
     where state = 'retrying' and next_at <= now() order by position limit $2`,
    [reaction, limit],
  );
  return rows.map(({ event_id, stream, revision, attempts }) => ({
    eventId: event_id,
    stream,
    revision: BigInt(revision),
    attempts,
  }));
}

/** An event was handled after all. Nothing happens when somebody has skipped it meanwhile, or asked for it anew. */
export async function settleFailure(db: Queryable, reaction: string, { eventId, attempts }: DueFailure): Promise<void> {
  await db.query(
    "delete from ops.reaction_failures where reaction = $1 and event_id = $2 and attempts = $3 and state = 'retrying'",
    [reaction, eventId, attempts],
  );
}

/** One more attempt has failed. Gives whether the event is parked now. */
export async function failAgain(
  db: Queryable,
  reaction: string,
  { eventId, attempts }: DueFailure,
  error: string,
  retry: RetryPolicy,
): Promise<boolean> {
  const { rows } = await db.query<{ state: string }>(
    `update ops.reaction_failures set attempts = attempts + 1, error = $4, tried_at = now(), next_at = now() + $5 * interval '1 millisecond',
       state = case when attempts + 1 >= $6 then 'parked' else 'retrying' end
     where reaction = $1 and event_id = $2 and attempts = $3 and state = 'retrying' returning state`,
    [reaction, eventId, attempts, error, retry.pauseMs(attempts + 1), retry.attempts],
  );
  return rows[0]?.state === 'parked';
}
