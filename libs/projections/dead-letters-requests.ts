import type { Queryable } from './queryable.js';

/**
 * What became of a request: everything that waited is folded; an event still can not be; the letter is no longer there; the tables
 * it is missing from are not kept by this worker; other tables of the projection hold the event already, or are just being made;
 * something else went wrong, of which the worker's log tells.
 */
export type Outcome = 'done' | 'still-failing' | 'gone' | 'not-followed' | 'folded-elsewhere' | 'being-rebuilt' | 'error';

/** What somebody wants done about dead letters; the worker that leads does it between two batches. */
export interface DeadLetterRequest {
  readonly id: string;
  readonly kind: 'retry' | 'skip';
  readonly projection: string;
  /** The letter meant; null for all of the projection. */
  readonly letter: string | null;
  readonly reason: string | null;
  readonly askedBy: string;
  readonly at: Date;
  /** null until the worker has done it. */
  readonly outcome: Outcome | null;
  /** Events that are no longer missing. */
  readonly solved: number | null;
  /** Events that still are, in the partitions concerned. */
  readonly remaining: number | null;
}

const COLUMNS = `id::text, kind, projection, letter::text, reason, asked_by as "askedBy", at, outcome, solved, remaining`;

/**
 * Asks for everything that is parked to be folded again: one letter's partition, or all of a projection.
 *
 * @returns id of the request
 */
export async function askForRetry(
  db: Queryable,
  { projection, letter = null }: { readonly projection: string; readonly letter?: string | null },
  askedBy: string,
): Promise<string> {
  return ask(db, ['retry', projection, letter, null, askedBy]);
}

/** Asks for an event to be passed over for good by this projection, whatever tables it fills. @returns id of the request */
export async function askForSkip(
  db: Queryable,
  { projection, letter }: { readonly projection: string; readonly letter: string },
  reason: string,
  askedBy: string,
): Promise<string> {
  return ask(db, ['skip', projection, letter, reason, askedBy]);
}

async function ask(db: Queryable, values: unknown[]): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    'insert into ops.dead_letter_requests (kind, projection, letter, reason, asked_by) values ($1, $2, $3, $4, $5) returning id::text',
    values,
  );
  return rows[0]!.id;
}

export async function findRequest(db: Queryable, id: string): Promise<DeadLetterRequest | undefined> {
  const { rows } = await db.query<DeadLetterRequest>(`select ${COLUMNS} from ops.dead_letter_requests where id = $1::int8`, [id]);
  return rows[0];
}

/**
 * Waits until a worker has done what was asked for.
 *
 * @param limitMs milliseconds
 * @returns the request as it stands then: without an outcome when the time ran out
 */
export async function waitForRequest(db: Queryable, id: string, limitMs: number): Promise<DeadLetterRequest> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const request = await findRequest(db, id);
    if (!request) throw new Error(`Request ${id} is gone`);
    if (request.outcome !== null || Date.now() > deadline) return request;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What has been asked for and not been done, oldest first. */
export async function openRequests(db: Queryable): Promise<DeadLetterRequest[]> {
  const { rows } = await db.query<DeadLetterRequest>(
    `select ${COLUMNS} from ops.dead_letter_requests where done_at is null order by dead_letter_requests.id limit 100`,
  );
  return rows;
}

/** Notes what became of a request, and forgets those that were done long ago. */
export async function closeRequest(
  db: Queryable,
  id: string,
  { outcome, solved, remaining }: { readonly outcome: Outcome; readonly solved: number; readonly remaining: number },
): Promise<void> {
  await db.query(
    'update ops.dead_letter_requests set outcome = $2, solved = $3, remaining = $4, done_at = now() where id = $1::int8',
    [id, outcome, solved, remaining],
  );
  await db.query(`delete from ops.dead_letter_requests where done_at < now() - interval '30 days'`);
}
