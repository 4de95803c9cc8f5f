import { createHash } from 'node:crypto';
import type { RecordedEvent } from '@huicai/kernel';
import type { Row, TableSpec } from './table.js';

/** The rows of one partition while a batch is folded. Changes are written together at the end of the batch. */
export interface PartitionRows<R extends Row = Row> {
  /** Rows as they stand now, in no order. */
  all(): R[];
  /** The only row of a partition that never has more than one. */
  one(): R | undefined;
  put(row: R): void;
  delete(row: R): void;
}

/**
 * A read model: one table, a pure fold, a version. It never decrypts and never asks a clock; what it needs of reference data comes
 * from `reference`, by version, so that a replay gives the same rows.
 */
export interface Projection<R extends Row = Row, Ref = unknown> {
  readonly name: string;
  /** Raise it whenever fold or table change meaning: a new version fills a new schema. */
  readonly version: number;
  readonly table: TableSpec;
  /** The fold only adds rows, so none are loaded before it. */
  readonly appendOnly?: true;
  /** The partition an event belongs to; undefined when it changes nothing here. */
  readonly partition: (event: RecordedEvent) => string | undefined;
  readonly fold: (rows: PartitionRows<R>, event: RecordedEvent, reference: Ref) => void;
  /** The version before this one, as long as its rows are to be kept up to date so that one can go back to them. */
  // biome-ignore lint/suspicious/noExplicitAny: its rows were others
  readonly before?: Projection<any, Ref>;
}

// biome-ignore lint/suspicious/noExplicitAny: projections over different rows stand in one list
export type AnyProjection = Projection<any, any>;

export function projection<R extends Row, Ref = unknown>(definition: Projection<R, Ref>): Projection<R, Ref> {
  if (!/^[a-z][a-z0-9_]*$/.test(definition.name)) throw new Error(`Not a projection name: ${definition.name}`);
  return definition;
}

export const schemaOf = (p: Pick<AnyProjection, 'name' | 'version'>): string => `read_${p.name}_v${p.version}`;

/** Stands in the checkpoint row: rows folded from other event types or by another fold can not be continued. */
export function foldHash(p: AnyProjection, types: readonly string[]): string {
  const text = JSON.stringify([p.name, p.version, p.table, [...types].sort()]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
