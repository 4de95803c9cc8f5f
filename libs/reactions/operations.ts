import type { Handled, Queryable } from '@huicai/projections';
import type { ReactionFailure } from './failures.js';

/** How a reaction stands. */
export interface ReactionStatus {
  readonly name: string;
  /** Commit position of the last event it is past, decimal; null before the first of the log. */
  readonly position: string | null;
  /** Why it does not go on; null while it does. */
  readonly stopped: string | null;
  readonly updatedAt: Date;
  /** Events that failed and will be tried again. */
  readonly retrying: number;
  /** Events behind a failed one of their stream. */
  readonly waiting: number;
  readonly parked: number;
  readonly skipped: number;
  /** When the oldest event that is not done was noted. */
  readonly oldestAt: Date | null;
}

/** Characters a reason may have. */
const MAX_REASON = 500;

/** What is asked for can not be done: there is no such event, it is not its turn, or no reason was given. */
export class ReactionRequestError extends Error {
  constructor(
    readonly why: 'not-found' | 'waiting' | 'reason',
    message: string,
  ) {
    super(message);
    this.name = 'ReactionRequestError';
  }
}

const DERIVED = `select f.*, case when f.state = 'skipped' then 'skipped' when f.position > min(f.position) filter (where f.state <> 'skipped')
  over (partition by f.reaction, f.stream) then 'waiting' else f.state end as now_is from ops.reaction_failures f`;

/** Every reaction a worker has known, by name. */
export async function reactionStatus(db: Queryable): Promise<ReactionStatus[]> {
  const { rows } = await db.query<Record<string, never>>(
    `select r.name, r.position::text, r.stopped, r.updated_at as "updatedAt",
       count(*) filter (where f.now_is = 'retrying')::int as retrying, count(*) filter (where f.now_is = 'waiting')::int as waiting,
       count(*) filter (where f.now_is = 'parked')::int as parked, count(*) filter (where f.now_is = 'skipped')::int as skipped,
       min(f.noted_at) filter (where f.now_is <> 'skipped') as "oldestAt"
     from ops.reaction r left join (${DERIVED}) f on f.reaction = r.name group by r.name order by r.name`,
  );
  return rows as unknown as ReactionStatus[];
}

export interface FailureQuery {
  /** Only of this one. */
  readonly reaction?: string;
  /** Only this event. */
  readonly eventId?: string;
  /** Those that were skipped as well. */
  readonly skipped?: boolean;
  /** Only behind this position, decimal. */
  readonly after?: string;
  /** 1,000 unless told. */
  readonly limit?: number;
}

/** Events that are not done, oldest first. */
export async function listFailures(
  db: Queryable,
  { reaction, eventId, skipped = false, after, limit = 1_000 }: FailureQuery = {},
): Promise<ReactionFailure[]> {
  const { rows } = await db.query<Record<string, never>>(
    `select reaction, event_id as "eventId", stream, revision::text, position::text, type, now_is as state, attempts, error,
       case when now_is = 'retrying' then next_at end as "nextAt", noted_at as "notedAt", tried_at as "triedAt",
       case when state = 'skipped' then jsonb_build_object('reason', skip_reason, 'by', skipped_by) end as skipped, skipped_at
     from (${DERIVED}) f where ($1::text is null or reaction = $1) and ($2 or state <> 'skipped')
       and ($4::int8 is null or position > $4) and ($5::uuid is null or event_id = $5) order by f.position, reaction limit $3`,
    [reaction ?? null, skipped, limit, after ?? null, eventId ?? null],
  );
  return (rows as unknown as (ReactionFailure & { skipped_at: Date | null })[]).map(({ skipped_at: at, ...row }) => ({
    ...row,
    skipped: row.skipped && { ...row.skipped, at: at! },
  }));
}

/** Lets the worker try an event again, from its first attempt on. @throws ReactionRequestError unless it is parked or being retried */
export async function retryFailure(db: Queryable, reaction: string, eventId: string): Promise<void> {
  const [found] = await listFailures(db, { reaction, eventId });
  if (found?.state === 'waiting')
    throw new ReactionRequestError(
      'waiting',
      `Event ${eventId} waits behind an earlier one of ${found.stream}; retry or skip that one`,
    );
  const { rowCount } = await db.query(
    `update ops.reaction_failures set state = 'retrying', attempts = 0, next_at = now()
     where reaction = $1 and event_id = $2 and state <> 'skipped'`,
    [reaction, eventId],
  );
  if (rowCount !== 1) throw new ReactionRequestError('not-found', `Reaction ${reaction} has no failed event ${eventId}`);
}

/**
 * Leaves an event unhandled for good; those of its stream behind it go on. What was sent for it before it failed stays.
 *
 * @param reason why, for whoever asks later; no personal data
 * @throws ReactionRequestError without a reason, with one that is too long, or when there is no such event
 */
export async function skipFailure(
  db: Queryable,
  reaction: string,
  eventId: string,
  { reason, by }: { readonly reason: string; readonly by: string },
): Promise<void> {
  const why = checked(reason, 'An event is skipped');
  const { rowCount } = await db.query(
    `update ops.reaction_failures set state = 'skipped', skip_reason = $3, skipped_by = $4, skipped_at = now()
     where reaction = $1 and event_id = $2 and state <> 'skipped'`,
    [reaction, eventId, why, by],
  );
  if (rowCount !== 1) throw new ReactionRequestError('not-found', `Reaction ${reaction} has no failed event ${eventId}`);
}

/**
 * Puts a reaction that belongs to another log, or to one that was put back, at the end of this one. Its failed events are skipped
 * with the same reason; whatever happened in between is not reacted to.
 *
 * @throws ReactionRequestError without a reason, or when no worker has known such a reaction
 */
export async function restartReaction(
  db: Queryable,
  name: string,
  place: { readonly storeId: string; readonly head: Handled | undefined },
  { reason, by }: { readonly reason: string; readonly by: string },
): Promise<void> {
  const why = checked(reason, 'A reaction is put elsewhere');
  const { storeId, head } = place;
  const { rows } = await db.query(
    `with moved as (update ops.reaction set store_id = $2, position = $3, stream = $4, revision = $5, event_id = $6, stopped = null,
       updated_at = now() where name = $1 returning name),
     skipped as (update ops.reaction_failures set state = 'skipped', skip_reason = $7, skipped_by = $8, skipped_at = now()
       where reaction = $1 and state <> 'skipped' returning 1)
     select name from moved`,
    [name, storeId, head?.position.toString(), head?.stream, head?.revision.toString(), head?.id, why, by],
  );
  if (rows.length !== 1) throw new ReactionRequestError('not-found', `There is no reaction called ${name}`);
}

/** @throws ReactionRequestError */
function checked(reason: string, what: string): string {
  const text = reason.replaceAll('\0', '').trim();
  if (text === '' || text.length > MAX_REASON)
    throw new ReactionRequestError('reason', `${what} for a reason of 1 to ${MAX_REASON} characters`);
  return text;
}
