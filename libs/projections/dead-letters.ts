import type { Queryable } from './queryable.js';

/** An event a projection could not take, or one that waits behind it. */
export interface DeadLetter {
  readonly id: string;
  readonly projection: string;
  /** The tables the event is missing from: a projection has others while it is rebuilt. */
  readonly schema: string;
  readonly partition: string;
  readonly position: bigint;
  readonly stream: string;
  readonly revision: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly state: 'failed' | 'queued';
  /** What was wrong, without a word of what the event says; null while it only waits. */
  readonly error: string | null;
  /** How often it was folded in vain; 0 while it only waits. */
  readonly attempts: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** An event on its way to the dead letters. */
export interface NewLetter {
  readonly partition: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly stream: string;
    readonly revision: bigint;
    readonly position: bigint;
  };
  /** null when it only waits behind another. */
  readonly error: string | null;
}

/** Which partitions are parked and which events are passed over, as far as one batch needs to know. */
export class Parking {
  private readonly partitions = new Map<string, Set<string>>();
  private readonly events = new Set<string>();

  constructor(rows: readonly { readonly of: string; readonly what: string; readonly parked: boolean }[]) {
    for (const { of, what, parked } of rows)
      if (parked) this.partitions.set(of, (this.partitions.get(of) ?? new Set()).add(what));
      else this.events.add(`${of} ${what}`);
  }

  isParked(schema: string, partition: string): boolean {
    return this.partitions.get(schema)?.has(partition) ?? false;
  }

  /** Whether none of it concerns this projection. */
  isNothingTo(projection: string, schema: string): boolean {
    return this.parkedOf(schema) === 0 && ![...this.events].some((event) => event.startsWith(`${projection} `));
  }

  parkedOf(schema: string): number {
    return this.partitions.get(schema)?.size ?? 0;
  }

  isSkipped(projection: string, eventId: string): boolean {
    return this.events.has(`${projection} ${eventId}`);
  }
}

/**
 * Reads what is parked and passed over. Exact only in a transaction that has moved or locked the checkpoints of these schemas: who
 * parks or frees a partition holds them too.
 *
 * @param from position of the first event to be folded
 * @param to position of the last one
 */
export async function readParking(db: Queryable, schemas: readonly string[], from: bigint, to: bigint): Promise<Parking> {
  const { rows } = await db.query<{ of: string; what: string; parked: boolean }>(
    `select schema as of, partition as what, true as parked from ops.dead_letters where state = 'failed' and schema = any($1)
     union all select projection, event_id::text, false from ops.skipped_events where position between $2::int8 and $3::int8`,
    [schemas, from.toString(), to.toString()],
  );
  return new Parking(rows);
}

/** Puts events aside for a schema's projection, in one statement. */
export async function addLetters(
  db: Queryable,
  { projection, schema }: Pick<DeadLetter, 'projection' | 'schema'>,
  letters: readonly NewLetter[],
): Promise<void> {
  if (letters.length === 0) return;
  await db.query(
    `insert into ops.dead_letters (projection, schema, partition, position, stream, revision, event_id, type, error, state, attempts)
     select $1, $2, u.*, case when u.error is null then 'queued' else 'failed' end, case when u.error is null then 0 else 1 end
     from unnest($3::text[], $4::int8[], $5::text[], $6::int8[], $7::uuid[], $8::text[], $9::text[])
       as u(partition, position, stream, revision, event_id, type, error)`,
    [
      projection,
      schema,
      letters.map(({ partition }) => partition),
      letters.map(({ event }) => event.position.toString()),
      letters.map(({ event }) => event.stream),
      letters.map(({ event }) => event.revision.toString()),
      letters.map(({ event }) => event.id),
      letters.map(({ event }) => event.type),
      letters.map(({ error }) => error),
    ],
  );
}

const COLUMNS =
  'id::text, projection, schema, partition, position::text, stream, revision::text, event_id as "eventId", type, state, error, attempts, ' +
  'first_at as "firstAt", last_at as "lastAt"';

type LetterRow = Omit<DeadLetter, 'position' | 'revision'> & { readonly position: string; readonly revision: string };

const letterOf = (row: LetterRow): DeadLetter => ({
  ...row,
  position: BigInt(row.position),
  revision: BigInt(row.revision),
});

/** Letters in the order in which they were put aside. */
export async function listDeadLetters(
  db: Queryable,
  wanted: {
    readonly projection?: string | undefined;
    readonly state?: DeadLetter['state'] | undefined;
    /** Id of the last letter seen. */
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  } = {},
): Promise<DeadLetter[]> {
  const { projection = null, state = null, after = '0', limit = 100 } = wanted;
  const { rows } = await db.query<LetterRow>(
    `select ${COLUMNS} from ops.dead_letters where ($1::text is null or projection = $1) and ($2::text is null or state = $2)
       and id > $3::int8 order by ops.dead_letters.id limit $4`,
    [projection, state, after, limit],
  );
  return rows.map(letterOf);
}

/** One letter by its id, a decimal number. */
export async function findDeadLetter(db: Queryable, id: string): Promise<DeadLetter | undefined> {
  const { rows } = await db.query<LetterRow>(`select ${COLUMNS} from ops.dead_letters where id = $1::int8`, [id]);
  return rows[0] && letterOf(rows[0]);
}

/** Everything that waits in a partition, oldest event first. */
export async function lettersOf(db: Queryable, schema: string, partition: string): Promise<DeadLetter[]> {
  const { rows } = await db.query<LetterRow>(
    `select ${COLUMNS} from ops.dead_letters where schema = $1 and partition = $2 order by ops.dead_letters.position`,
    [schema, partition],
  );
  return rows.map(letterOf);
}

/** How much of a projection's tables is missing. */
export interface DeadLetterCount {
  readonly projection: string;
  readonly schema: string;
  /** Partitions that are parked. */
  readonly parked: number;
  /** Events that are missing, failed and queued. */
  readonly letters: number;
}

/** How many partitions are parked and how many events are missing, for every schema that lacks any. */
export async function deadLetterCounts(db: Queryable): Promise<DeadLetterCount[]> {
  const { rows } = await db.query<DeadLetterCount>(
    `select projection, schema, (count(*) filter (where state = 'failed'))::int as parked, count(*)::int as letters
     from ops.dead_letters group by 1, 2 order by 1, 2`,
  );
  return rows;
}

/** The statement that forgets the letters of a schema that is dropped or emptied; what people skipped stays skipped. */
export const forgetLettersSql = (schema: string): string => `delete from ops.dead_letters where schema = '${schema}'`;
