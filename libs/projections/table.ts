import { copyIn } from './copy.js';
import { type ListSpec, listsDdl } from './lists.js';
import { FoldError } from './outage.js';
import type { Queryable } from './queryable.js';

export type PgType = 'uuid' | 'text' | 'int4' | 'int8' | 'bool' | 'timestamptz' | 'date' | 'jsonb' | 'json';
export type Value = string | number | boolean | Date | null | object;
export type Row = Record<string, Value>;

/** How a column of type `json` keeps what a fold gives it, shorter than it is. A column without one keeps it as it is. */
export interface DocumentForm<T extends object = object> {
  /** Raise it whenever what is written before can not be read any more. */
  readonly version: number;
  /** JSON text. */
  write(value: T): string;
  read(stored: object): T;
}

export interface TableSpec {
  readonly columns: Readonly<Record<string, PgType | `${PgType} null`>>;
  /** By column. Queries read such a column by the same form. */
  // biome-ignore lint/suspicious/noExplicitAny: of each column another
  readonly documents?: Readonly<Record<string, DocumentForm<any>>>;
  /** Columns of the primary key. */
  readonly key: readonly string[];
  /** The column by which rows are loaded before a fold: every event names one value of it. */
  readonly partition: string;
  /** `(a, b) where …` as in `create index on … using btree`, or `using gin (…)`. */
  readonly indexes?: readonly string[];
  /** Lists of the rows and how many stand on each, kept in tables beside them. */
  readonly listed?: ListSpec;
}

/** The statements that make the table in a schema of its own. Identifiers come from our own code, never from a caller. */
export function tableDdl(schema: string, spec: TableSpec): string[] {
  const columns = Object.entries(spec.columns).map(
    ([name, type]) => `${quote(name)} ${type.endsWith(' null') ? type : `${type} not null`}`,
  );
  return [
    `create table ${schema}.rows (${columns.join(', ')}, primary key (${spec.key.map(quote).join(', ')}))`,
    ...indexDdl(schema, spec),
  ];
}

/** The statements that make what is kept of the rows beside the primary key: indexes, lists and counts of those that are there. */
export const indexDdl = (schema: string, spec: TableSpec): string[] => besideRowsDdl(schema, spec).flat();

/** As {@link indexDdl}, in two parts that can be made at the same time by two connections: the indexes, and the lists. */
export const besideRowsDdl = (schema: string, { columns, key, indexes = [], listed }: TableSpec): [string[], string[]] => [
  indexes.map((index) => `create index on ${schema}.rows ${index}`),
  listed ? listsDdl(schema, Object.fromEntries(key.map((name) => [name, columns[name]!])), listed) : [],
];

/** The table alone, into which rows come faster. */
export const bare = ({ columns, key, partition }: TableSpec): TableSpec => ({ columns, key, partition });

/** Rows in one statement: a document made of all their JSON must stay far below PostgreSQL's limit of 256 MB. */
const PER_STATEMENT = 5_000;

/** Bytes, roughly, that go to the driver at a time. */
const CHUNK = 65_536;

/** PostgreSQL's word for an upsert of one row twice. */
const CARDINALITY = '21000';

/** What is to be done to a table. */
export interface RowChanges {
  readonly deleted: readonly Row[];
  /** Rows that the table is known to have. */
  readonly known: readonly Row[];
  /** Rows that it is not known to have. */
  readonly fresh: readonly Row[];
}

/** Two partitions write one row: the projection is wrong, whichever of its events are looked at alone. */
export class SharedKeyError extends Error {}

/** Reads and writes whole partitions of one table: one statement to load, one to upsert, one to insert, one to delete. */
export class TableWriter {
  private readonly names: string[];
  private readonly types: PgType[];
  private readonly upsertSql: string;
  private readonly copySql: string;
  private readonly forms: NonNullable<TableSpec['documents']>;
  private readonly documents: readonly (readonly [string, DocumentForm])[];

  constructor(
    private readonly schema: string,
    private readonly spec: TableSpec,
  ) {
    this.names = Object.keys(spec.columns);
    this.forms = spec.documents ?? {};
    this.documents = Object.entries(this.forms);
    this.types = Object.values(spec.columns).map((type) => type.replace(' null', '') as PgType);
    const columns = this.names.map(quote);
    // An array of JSON texts would be escaped here and unescaped there, character by character; one document of them is not.
    const values = columns.map((c, i) => {
      if (this.types[i] === 'jsonb') return `nullif(u.${c}, 'null')`;
      return this.types[i] === 'json' ? `case json_typeof(u.${c}) when 'null' then null else u.${c} end` : `u.${c}`;
    });
    const params = this.types.map((type, i) =>
      isJson(type) ? `${type}_array_elements($${i + 1}::${type})` : `unnest($${i + 1}::${type}[])`,
    );
    const rest = columns.filter((_, i) => !spec.key.includes(this.names[i]!));
    this.upsertSql =
      `insert into ${schema}.rows (${columns.join(', ')}) select ${values.join(', ')} ` +
      `from rows from (${params.join(', ')}) as u(${columns.join(', ')}) on conflict (${spec.key.map(quote).join(', ')}) ` +
      (rest.length ? `do update set ${rest.map((c) => `${c} = excluded.${c}`).join(', ')}` : 'do nothing');
    this.copySql = `copy ${schema}.rows (${columns.join(', ')}) from stdin`;
  }

  async load(db: Queryable, partitions: readonly string[]): Promise<Row[]> {
    const type = this.types[this.names.indexOf(this.spec.partition)];
    const sql = `select * from ${this.schema}.rows where ${quote(this.spec.partition)} = any($1::${type}[])`;
    const { rows } = await db.query<Row>(sql, [partitions]);
    for (const [name, form] of this.documents)
      for (const row of rows) if (row[name] !== null) row[name] = form.read(row[name] as object);
    return rows;
  }

  /** @throws what PostgreSQL says; SharedKeyError when two of the rows have one key */
  async upsert(db: Queryable, rows: readonly Row[]): Promise<void> {
    for (let from = 0; from < rows.length; from += PER_STATEMENT) {
      const some = rows.slice(from, from + PER_STATEMENT);
      await this.upsertArrays(db, some, this.arraysOf(some));
    }
  }

  private async upsertArrays(db: Queryable, rows: readonly Row[], arrays: readonly unknown[]): Promise<void> {
    try {
      await db.query(this.upsertSql, [...arrays]);
    } catch (error) {
      throw (error as { code?: unknown })?.code === CARDINALITY ? this.sameKeyTwice(rows, error) : error;
    }
  }

  /** Of one partition there is a row of a key at most, so two of them come from two. */
  private sameKeyTwice(rows: readonly Row[], cause: unknown): SharedKeyError {
    const { key, partition } = this.spec;
    const seen = new Map<string, Row>();
    for (const row of rows) {
      const text = this.keyOf(row);
      const other = seen.get(text);
      if (other)
        return new SharedKeyError(
          `the partitions ${String(other[partition])} and ${String(row[partition])} both write the row of ${this.schema}.rows whose ${key.join(', ')} is ${text}`,
          { cause },
        );
      seen.set(text, row);
    }
    return new SharedKeyError(`two rows of ${this.schema} have one key`, { cause });
  }

  /** The rows, column by column, as one statement is given them. */
  private arraysOf(rows: readonly Row[]): unknown[] {
    return this.names.map((name, i) => {
      const values = rows.map((row) => this.valueOf(row, name));
      return isJson(this.types[i]!) ? `[${values.map((value) => this.textOf(name, value)).join()}]` : values;
    });
  }

  /**
   * Takes rows as they are now, for one who writes them while they change on.
   *
   * @returns the work of writing them, over one connection; it throws as {@link insert}
   * @throws FoldError, RangeError when a row is none
   */
  changing({ deleted, known, fresh }: RowChanges): (db: Queryable) => Promise<void> {
    const copied = this.copyOf(fresh);
    const upserted: { rows: readonly Row[]; arrays: readonly unknown[] }[] = [];
    for (let from = 0; from < known.length; from += PER_STATEMENT) {
      const rows = known.slice(from, from + PER_STATEMENT);
      upserted.push({ rows, arrays: this.arraysOf(rows) });
    }
    return async (db) => {
      await this.delete(db, deleted);
      if (copied.length > 0) await copyIn(db, this.copySql, copied);
      for (const { rows, arrays } of upserted) await this.upsertArrays(db, rows, arrays);
    };
  }

  /**
   * Adds rows that the table does not have, several times as fast as an upsert.
   *
   * @param db one connection, never a pool
   * @throws what PostgreSQL says, also when it has one of them; RangeError when an instant is none
   */
  async insert(db: Queryable, rows: readonly Row[]): Promise<void> {
    if (rows.length > 0) await copyIn(db, this.copySql, this.copyOf(rows));
  }

  private copyOf(rows: readonly Row[]): Buffer[] {
    const chunks: Buffer[] = [];
    let text = '';
    for (const row of rows) {
      let separator = '';
      for (const [i, name] of this.names.entries()) {
        const value = this.valueOf(row, name);
        text += separator + copyText(value !== null && isJson(this.types[i]!) ? this.textOf(name, value) : value);
        separator = '\t';
      }
      text += '\n';
      if (text.length < CHUNK) continue;
      chunks.push(Buffer.from(text));
      text = '';
    }
    if (text !== '') chunks.push(Buffer.from(text));
    return chunks;
  }

  /** A value as JSON. */
  private textOf(name: string, value: Value): string {
    const form = value === null ? undefined : this.forms[name];
    return form ? form.write(value as object) : JSON.stringify(value);
  }

  private valueOf(row: Row, name: string): Value {
    const value = row[name];
    if (value === undefined) throw new FoldError(`a row of ${this.schema} lacks column ${name}`);
    return value;
  }

  async delete(db: Queryable, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const { key } = this.spec;
    const params = key.map((name, i) => `$${i + 1}::${this.types[this.names.indexOf(name)]}[]`);
    const sql =
      `delete from ${this.schema}.rows where (${key.map(quote).join(', ')}) in ` + `(select * from unnest(${params.join(', ')}))`;
    await db.query(
      sql,
      key.map((name) => rows.map((row) => row[name])),
    );
  }

  keyOf(row: Row): string {
    const { key } = this.spec;
    return key.length === 1 ? String(row[key[0]!]) : JSON.stringify(key.map((name) => row[name]));
  }
}

const isJson = (type: PgType): boolean => type === 'jsonb' || type === 'json';

/** A value as `copy` reads it; documents come as their text. @throws RangeError when it is a date that is none */
function copyText(value: Value): string {
  if (value === null) return '\\N';
  if (value instanceof Date) return value.toISOString();
  return escaped(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const escaped = (text: string): string =>
  SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]!) : text;

export function quote(identifier: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(identifier)) throw new Error(`Not a column name: ${identifier}`);
  return `"${identifier}"`;
}
