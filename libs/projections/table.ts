import { FoldError } from './outage.js';
import type { Queryable } from './queryable.js';

export type PgType = 'uuid' | 'text' | 'int4' | 'int8' | 'bool' | 'timestamptz' | 'date' | 'jsonb';
export type Value = string | number | boolean | Date | null | object;
export type Row = Record<string, Value>;

export interface TableSpec {
  readonly columns: Readonly<Record<string, PgType | `${PgType} null`>>;
  /** Columns of the primary key. */
  readonly key: readonly string[];
  /** The column by which rows are loaded before a fold: every event names one value of it. */
  readonly partition: string;
  /** `(a, b) where …` as in `create index on … using btree`, or `using gin (…)`. */
  readonly indexes?: readonly string[];
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

/** The statements that make the indexes beside the primary key. */
export const indexDdl = (schema: string, { indexes = [] }: TableSpec): string[] =>
  indexes.map((index) => `create index on ${schema}.rows ${index}`);

/** Reads and writes whole partitions of one table: one statement to load, one to upsert, one to delete. */
export class TableWriter {
  private readonly names: string[];
  private readonly types: PgType[];
  private readonly upsertSql: string;

  constructor(
    private readonly schema: string,
    private readonly spec: TableSpec,
  ) {
    this.names = Object.keys(spec.columns);
    this.types = Object.values(spec.columns).map((type) => type.replace(' null', '') as PgType);
    const columns = this.names.map(quote);
    // jsonb travels as text: an array of JSON documents has no other exact form in the driver.
    const values = this.names.map((name, i) => (this.types[i] === 'jsonb' ? `u.${quote(name)}::jsonb` : `u.${quote(name)}`));
    const params = this.types.map((type, i) => `$${i + 1}::${type === 'jsonb' ? 'text' : type}[]`);
    const rest = columns.filter((_, i) => !spec.key.includes(this.names[i]!));
    this.upsertSql =
      `insert into ${schema}.rows (${columns.join(', ')}) select ${values.join(', ')} ` +
      `from unnest(${params.join(', ')}) as u(${columns.join(', ')}) on conflict (${spec.key.map(quote).join(', ')}) ` +
      (rest.length ? `do update set ${rest.map((c) => `${c} = excluded.${c}`).join(', ')}` : 'do nothing');
  }

  async load(db: Queryable, partitions: readonly string[]): Promise<Row[]> {
    const type = this.types[this.names.indexOf(this.spec.partition)];
    const sql = `select * from ${this.schema}.rows where ${quote(this.spec.partition)} = any($1::${type}[])`;
    return (await db.query<Row>(sql, [partitions])).rows;
  }

  async upsert(db: Queryable, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const columns = this.names.map((name, i) => {
      const json = this.types[i] === 'jsonb';
      return rows.map((row) => {
        const value = row[name];
        if (value === undefined) throw new FoldError(`a row of ${this.schema} lacks column ${name}`);
        return json && value !== null ? JSON.stringify(value) : value;
      });
    });
    await db.query(this.upsertSql, columns);
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
    return JSON.stringify(this.spec.key.map((name) => row[name]));
  }
}

export function quote(identifier: string): string {
  if (!/^[a-z_][a-z0-9_]*$/.test(identifier)) throw new Error(`Not a column name: ${identifier}`);
  return `"${identifier}"`;
}
