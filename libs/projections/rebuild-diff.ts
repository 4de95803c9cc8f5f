import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, StoredEvent } from '@huicai/event-store';
import { splitStreamName, type UpcasterRegistry } from '@huicai/kernel';
import type { Pool } from 'pg';
import { type Generations, RebuildError, readGenerations } from './generations.js';
import type { AnyProjection } from './projection.js';
import type { Queryable } from './queryable.js';
import { quote } from './table.js';
import { inTransaction } from './transaction.js';
import { recordedOrNot } from './unreadable.js';

export type DifferenceKind = 'only-live' | 'only-candidate' | 'changed';

export interface Difference {
  readonly kind: DifferenceKind;
  /** Values of the key's columns, as text. */
  readonly key: Readonly<Record<string, string | null>>;
  /** What the events behind the row are found by. */
  readonly partition: string;
  /** For a changed row: the columns that differ. */
  readonly columns: readonly { readonly name: string; readonly live: string | null; readonly candidate: string | null }[];
}

export interface Diff {
  readonly live: string;
  readonly candidate: string;
  /** Rows of each kind in the whole table. */
  readonly counts: Readonly<Record<DifferenceKind, number>>;
  /** Rows that are in both and the same. */
  readonly same: number;
  /** A few of each kind. */
  readonly samples: readonly Difference[];
  /** Columns that only one of the tables has; they are not compared. */
  readonly unshared: readonly { readonly name: string; readonly in: 'live' | 'candidate' }[];
  /** Where each stood; when they differ, so may rows that lie between. */
  readonly positions: { readonly live: string | null; readonly candidate: string | null };
}

export interface DiffOptions {
  /** Differences of each kind to show; 5 unless told. */
  readonly samples?: number;
  /** How long to wait for both to stand at the same place, milliseconds; not at all unless told. */
  readonly levelWithinMs?: number;
}

/**
 * Compares the rows of the candidate, or of the previous generation when there is none, with the live ones, as of one instant.
 *
 * @throws RebuildError when there is nothing to compare, or the tables' keys are not the same
 */
export async function diffGenerations(
  pool: Pool,
  definition: AnyProjection,
  { samples = 5, levelWithinMs = 0 }: DiffOptions = {},
): Promise<Diff> {
  const { name } = definition;
  const now = (await readGenerations(pool)).get(name);
  const other = otherOf(name, now);
  await level(pool, now!.live, other, levelWithinMs);
  return inTransaction(pool, async (db) => {
    await db.query('set transaction isolation level repeatable read, read only');
    const [left, right] = [await columnsOf(db, now!.live), await columnsOf(db, other)];
    const shared = new Map([...left].filter(([column]) => right.has(column)));
    const { key, partition } = definition.table;
    const missing = [...key, partition].filter((column) => !shared.has(column));
    if (missing.length > 0) throw new RebuildError(`The tables can not be compared: only one of them has ${missing.join(', ')}.`);
    const { counts, same } = await count(db, now!.live, other, shared, key);
    return {
      live: now!.live,
      candidate: other,
      counts,
      same,
      samples: await sample(db, now!.live, other, shared, definition, samples),
      unshared: [
        ...[...left.keys()].filter((column) => !right.has(column)).map((column) => ({ name: column, in: 'live' as const })),
        ...[...right.keys()].filter((column) => !left.has(column)).map((column) => ({ name: column, in: 'candidate' as const })),
      ],
      positions: { live: await positionOf(db, now!.live), candidate: await positionOf(db, other) },
    };
  });
}

function otherOf(name: string, now: Generations | undefined): string {
  const other = now?.candidate ?? now?.previous;
  if (!other) throw new RebuildError(`${name} has nothing to compare with. Make a candidate: npm run cli -- rebuild ${name}`);
  return other;
}

/** A leader that has just been given a candidate brings it to where the live rows are; without one they stay where they are. */
async function level(pool: Pool, live: string, other: string, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while ((await positionOf(pool, live)) !== (await positionOf(pool, other)) && Date.now() < deadline) await delay(100);
}

async function columnsOf(db: Queryable, schema: string): Promise<Columns> {
  const { rows } = await db.query<{ name: string; json: boolean }>(
    `select attname as name, atttypid in ('json'::regtype, 'jsonb'::regtype) as json from pg_attribute where attrelid = '${schema}.rows'::regclass and attnum > 0 and not attisdropped order by attnum`,
  );
  return new Map(rows.map(({ name, json }) => [name, json ? '::jsonb' : '']));
}

async function positionOf(db: Queryable, schema: string): Promise<string | null> {
  const { rows } = await db.query<{ position: string | null }>(`select position::text from ${schema}.checkpoint`);
  return rows[0]?.position ?? null;
}

/** Live rows `l` beside candidate rows `c`; the side that lacks a row has nulls, also in the key, which has none otherwise. */
const beside = (live: string, candidate: string, key: readonly string[]): string =>
  `${live}.rows l full join ${candidate}.rows c on ${key.map((k) => `l.${quote(k)} = c.${quote(k)}`).join(' and ')}`;

/** Columns by name, with what makes a value of them comparable: documents are compared by what they say, not by their text. */
type Columns = ReadonlyMap<string, '' | '::jsonb'>;

const kindOf = (shared: Columns, key: readonly string[]): string => {
  const [l, c] = ['l', 'c'].map((side) => [...shared].map(([name, cast]) => `${side}.${quote(name)}${cast}`).join(', '));
  return `case when c.${quote(key[0]!)} is null then 'only-live' when l.${quote(key[0]!)} is null then 'only-candidate'
    when row(${l}) is distinct from row(${c}) then 'changed' end`;
};

async function count(
  db: Queryable,
  live: string,
  candidate: string,
  shared: Columns,
  key: readonly string[],
): Promise<Pick<Diff, 'counts' | 'same'>> {
  const { rows } = await db.query<{ kind: DifferenceKind | null; n: number }>(
    `select ${kindOf(shared, key)} as kind, count(*)::float8 as n from ${beside(live, candidate, key)} group by 1`,
  );
  const of = (kind: DifferenceKind | null) => rows.find((row) => row.kind === kind)?.n ?? 0;
  return {
    counts: { 'only-live': of('only-live'), 'only-candidate': of('only-candidate'), changed: of('changed') },
    same: of(null),
  };
}

type Texts = Record<string, string | null>;

async function sample(
  db: Queryable,
  live: string,
  candidate: string,
  shared: Columns,
  { table: { key, partition } }: AnyProjection,
  most: number,
): Promise<Difference[]> {
  // As text, because a number of eight bytes would lose digits in JSON.
  const texts = (side: string) => `(select jsonb_object_agg(key, value) from jsonb_each_text(to_jsonb(${side})))`;
  const { rows } = await db.query<{ kind: DifferenceKind; live: Texts | null; candidate: Texts | null }>(
    `select kind, ${texts('l')} as live, ${texts('c')} as candidate from (
       select l, c, kind, row_number() over (partition by kind order by ${key.map((_, i) => `k${i}`).join(', ')}) as n from (
         select l, c, ${kindOf(shared, key)} as kind, ${key.map((k, i) => `coalesce(l.${quote(k)}, c.${quote(k)}) as k${i}`).join(', ')}
         from ${beside(live, candidate, key)}) compared where kind is not null) numbered
     where n <= $1 order by kind, n`,
    [most],
  );
  return rows.map((row) => {
    const values = (row.live ?? row.candidate)!;
    return {
      kind: row.kind,
      key: Object.fromEntries(key.map((k) => [k, values[k] ?? null])),
      partition: values[partition] ?? '',
      columns:
        row.kind !== 'changed'
          ? []
          : [...shared.keys()]
              .filter((column) => row.live![column] !== row.candidate![column])
              .map((column) => ({ name: column, live: row.live![column] ?? null, candidate: row.candidate![column] ?? null })),
    };
  });
}

/** An event that has had a hand in rows. */
export type Cause = Pick<StoredEvent, 'position' | 'stream' | 'revision' | 'type' | 'id' | 'created'>;

/**
 * The events a projection folds into one partition, in their order. Which those are only the projection can tell, so the whole log
 * is read.
 *
 * @throws StoreUnavailableError
 */
export async function* eventsBehind(
  parts: { readonly store: EventStore; readonly upcasters: UpcasterRegistry; readonly aggregates: ReadonlySet<string> },
  definition: AnyProjection,
  types: readonly string[],
  partition: string,
): AsyncGenerator<Cause, void, undefined> {
  const taken = new Set(types);
  for await (const stored of parts.store.readAll()) {
    if (!taken.has(stored.type) || !parts.aggregates.has(splitStreamName(stored.stream).aggregate)) continue;
    if (definition.partition(recordedOrNot(stored, parts.upcasters)) !== partition) continue;
    const { position, stream, revision, type, id, created } = stored;
    yield { position, stream, revision, type, id, created };
  }
}
