import type { EventStore } from '@huicai/event-store';
import type { RecordedEvent, UpcasterRegistry } from '@huicai/kernel';
import type { Pool } from 'pg';
import { CheckpointMovedError } from './checkpoint.js';
import { type DeadLetter, findDeadLetter, lettersOf } from './dead-letters.js';
import { closeRequest, type DeadLetterRequest, type Outcome, openRequests } from './dead-letters-requests.js';
import { foldPartitions } from './fold-batch.js';
import type { LiveProjection } from './live-projection.js';
import { noteMended } from './mended.js';
import { isOutage } from './outage.js';
import type { Queryable } from './queryable.js';
import { inTransaction } from './transaction.js';
import { recordedOrNot } from './unreadable.js';

export interface ParkingOptions {
  readonly pool: Pool;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly upcasters: UpcasterRegistry;
  readonly projections: readonly LiveProjection[];
  readonly reference: (batch: readonly RecordedEvent[]) => Promise<unknown>;
  readonly log: (line: string) => void;
}

/** What has come of a partition, or of several. */
interface Result {
  readonly outcome: Outcome;
  readonly solved: number;
  readonly remaining: number;
}

const nothing = (outcome: Outcome): Result => ({ outcome, solved: 0, remaining: 0 });

/** Folds parked partitions again, and passes events over, as people have asked. To be called only while no batch is being written. */
export class ParkingAttendant {
  constructor(private readonly options: ParkingOptions) {}

  /**
   * Does everything that has been asked for.
   *
   * @param ready called before anything is written
   * @throws CheckpointMovedError when another worker has taken over; what PostgreSQL or the store say while they are away
   */
  async attend(ready: () => Promise<void> = async () => undefined): Promise<void> {
    const requests = await openRequests(this.options.pool);
    if (requests.length > 0) await ready();
    for (const request of requests) {
      const result = await this.done(request).catch((error: unknown) => {
        if (error instanceof CheckpointMovedError || isOutage(error)) throw error;
        this.options.log(`${request.kind} of dead letters of ${request.projection} failed: ${(error as Error).message}`);
        return nothing('error');
      });
      await closeRequest(this.options.pool, request.id, result);
      this.options.log(
        `${request.kind} of dead letters of ${request.projection} for ${request.askedBy}: ${result.outcome}, ` +
          `${result.solved} events taken, ${result.remaining} left`,
      );
    }
  }

  private async done(request: DeadLetterRequest): Promise<Result> {
    if (request.letter === null) return this.retryAll(request.projection);
    const letter = await findDeadLetter(this.options.pool, request.letter);
    if (letter?.projection !== request.projection) return nothing('gone');
    return request.kind === 'retry' ? this.retry(letter) : this.skip(letter, request);
  }

  private async retryAll(projection: string): Promise<Result> {
    const { rows } = await this.options.pool.query<Pick<DeadLetter, 'schema' | 'partition'>>(
      `select schema, partition from ops.dead_letters where projection = $1 and state = 'failed' order by id`,
      [projection],
    );
    if (rows.length === 0) return nothing('gone');
    const results: Result[] = [];
    for (const row of rows) results.push(await this.retry(row));
    return sum(results);
  }

  private async retry({ schema, partition }: Pick<DeadLetter, 'schema' | 'partition'>): Promise<Result> {
    const p = this.options.projections.find((each) => each.schema === schema);
    if (!p) return nothing('not-followed');
    return inTransaction(this.options.pool, async (db) => {
      await holdCheckpoint(db, p);
      return this.foldAgain(db, p, partition);
    });
  }

  /** All tables of the projection pass the event over, so none may have taken it: they would differ from what a replay makes. */
  private async skip(
    { projection, eventId, position, stream, revision, type }: DeadLetter,
    request: DeadLetterRequest,
  ): Promise<Result> {
    const all = this.options.projections.filter((p) => p.name === projection);
    return inTransaction(this.options.pool, async (db) => {
      for (const p of all) await holdCheckpoint(db, p);
      const { rows } = await db.query<Pick<DeadLetter, 'schema' | 'partition'>>(
        'select schema, partition from ops.dead_letters where projection = $1 and event_id = $2',
        [projection, eventId],
      );
      if (rows.length === 0) return nothing('gone');
      const lacking = new Map(rows.map((row) => [row.schema, row.partition]));
      if (all.some((p) => !lacking.has(p.schema) && p.handled !== null && p.handled >= position))
        return nothing('folded-elsewhere');
      if (await isFilledByOthers(db, projection, all)) return nothing('being-rebuilt');
      await db.query('delete from ops.dead_letters where projection = $1 and event_id = $2', [projection, eventId]);
      await db.query(
        `insert into ops.skipped_events (projection, event_id, position, stream, revision, type, reason, skipped_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
        [projection, eventId, position.toString(), stream, revision.toString(), type, request.reason, request.askedBy],
      );
      let left: Result = { outcome: 'done', solved: 1, remaining: 0 };
      for (const p of all) {
        const partition = lacking.get(p.schema);
        if (partition !== undefined) left = sum([left, await this.foldAgain(db, p, partition)]);
      }
      return left;
    });
  }

  /** Folds what waits in a partition, in order, up to the first event that still fails; that one stays at its head. */
  private async foldAgain(db: Queryable, { name, schema, target, handled }: LiveProjection, partition: string): Promise<Result> {
    const letters = await lettersOf(db, schema, partition);
    if (letters.length === 0) return nothing('done');
    const events = await this.eventsOf(letters);
    const open = new Map([[partition, events]]);
    const halt = (await foldPartitions(db, target, open, await this.options.reference(events), true)).get(partition);
    const solved = halt?.at ?? letters.length;
    if (solved > 0) await noteMended(db, name, handled);
    await db.query('delete from ops.dead_letters where id = any($1::int8[])', [letters.slice(0, solved).map(({ id }) => id)]);
    if (!halt) return { outcome: 'done', solved, remaining: 0 };
    await db.query(
      `update ops.dead_letters set state = 'failed', error = $2, attempts = attempts + 1, last_at = now() where id = $1::int8`,
      [letters[solved]!.id, halt.error],
    );
    return { outcome: 'still-failing', solved, remaining: letters.length - solved };
  }

  /** The events of letters, from the streams they are in. @throws Error when one is not there */
  private async eventsOf(letters: readonly DeadLetter[]): Promise<RecordedEvent[]> {
    const { store, upcasters } = this.options;
    const found = new Map<string, RecordedEvent>();
    for (const stream of new Set(letters.map((letter) => letter.stream))) {
      const wanted = letters.filter((letter) => letter.stream === stream);
      const ids = new Set(wanted.map(({ eventId }) => eventId));
      const from = wanted[0]!.revision;
      const maxCount = Number(wanted.at(-1)!.revision - from) + 1;
      for await (const event of store.readStream(stream, { from, maxCount }))
        if (ids.has(event.id)) found.set(event.id, recordedOrNot(event, upcasters));
    }
    return letters.map(({ eventId, type, stream, revision }) => {
      const event = found.get(eventId);
      if (!event) throw new Error(`${type} ${eventId} is no longer in ${stream} at ${revision}`);
      return event;
    });
  }
}

/** Keeps everybody else from writing a projection's tables until the end of the transaction. @throws CheckpointMovedError */
async function holdCheckpoint(db: Queryable, { schema, handled }: LiveProjection): Promise<void> {
  const { rowCount } = await db.query(
    `select 1 from ${schema}.checkpoint where position is not distinct from $1::int8 for update`,
    [handled?.toString() ?? null],
  );
  if (rowCount !== 1) throw new CheckpointMovedError(schema);
}

/** Whether tables of the projection are made that this worker does not write yet: whoever fills them may have taken the event. */
async function isFilledByOthers(db: Queryable, name: string, mine: readonly LiveProjection[]): Promise<boolean> {
  const { rowCount } = await db.query(
    'select 1 from ops.projection where name = $1 and candidate is not null and candidate <> all($2::text[]) for share',
    [name, mine.map(({ schema }) => schema)],
  );
  return rowCount !== 0;
}

function sum(results: readonly Result[]): Result {
  const worst = results.find(({ outcome }) => outcome !== 'done');
  return {
    outcome: worst?.outcome ?? 'done',
    solved: results.reduce((n, { solved }) => n + solved, 0),
    remaining: results.reduce((n, { remaining }) => n + remaining, 0),
  };
}
