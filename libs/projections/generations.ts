import { type AnyProjection, schemaOf } from './projection.js';
import type { Queryable } from './queryable.js';

/** The schemas a projection has: what is shown, what is made beside it, what was shown before. */
export interface Generations {
  readonly name: string;
  /** The views in `read` show this one. */
  readonly live: string;
  readonly candidate: string | null;
  readonly previous: string | null;
  /** Whether the worker that leads feeds the candidate; until then whoever fills it does. */
  readonly following: boolean;
  /** Events the candidate was given while it was filled. */
  readonly filled: number;
}

const COLUMNS = 'name, live, candidate, previous, following, filled::float8 as filled';

/** The generations of every projection that a worker has opened, by name. */
export async function readGenerations(db: Queryable): Promise<Map<string, Generations>> {
  const { rows } = await db.query<Generations>(`select ${COLUMNS} from ops.projection`);
  return new Map(rows.map((row) => [row.name, row]));
}

/** Takes the row of one projection for this transaction: whoever changes its generations comes one after the other. */
export async function lockGenerations(db: Queryable, name: string): Promise<Generations> {
  const { rows } = await db.query<Generations>(`select ${COLUMNS} from ops.projection where name = $1 for update`, [name]);
  if (!rows[0]) throw new RebuildError(`${name} has no tables yet: a worker makes and fills them when it first starts.`);
  return rows[0];
}

/** Notes the schema a new projection is shown from. */
export async function registerLive(db: Queryable, name: string, schema: string): Promise<void> {
  await db.query('insert into ops.projection (name, live) values ($1, $2) on conflict (name) do nothing', [name, schema]);
}

/** The version a schema was made by. @throws Error when it is no schema of a read model */
export function versionOf(schema: string): number {
  const version = /^read_[a-z0-9_]+?_v(\d+)(_\d+)?$/.exec(schema)?.[1];
  if (version === undefined) throw new Error(`Not the schema of a read model: ${schema}`);
  return Number(version);
}

/** A schema name that nothing has: that of the version, or the version's with the next number. */
export async function freeSchema(db: Queryable, definition: AnyProjection): Promise<string> {
  const base = schemaOf(definition);
  const { rows } = await db.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname = $1 or nspname ~ ('^' || $1 || '_[0-9]+$')`,
    [base],
  );
  if (rows.length === 0) return base;
  return `${base}_${Math.max(1, ...rows.map(({ name }) => Number(name.slice(base.length + 1)))) + 1}`;
}

/** The fold of this program that made the rows of a schema, among the projection and the versions kept before it. */
export function definitionBehind(definition: AnyProjection, isOf: (known: AnyProjection) => boolean): AnyProjection | undefined {
  for (let known: AnyProjection | undefined = definition; known; known = known.before) if (isOf(known)) return known;
  return undefined;
}

/** What an operator has asked for can not be done; the message says why, and what can. */
export class RebuildError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RebuildError';
  }
}

/** Held by whoever fills a candidate, as long as his session lives, so that a killed one holds nobody up; $1 is the projection. */
export const FILLER_LOCK = `hashtextextended('huicai rebuild ' || $1, 0)`;
