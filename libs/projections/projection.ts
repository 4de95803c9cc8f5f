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
  /**
   * Puts those rows of a partition that come out otherwise under other reference data, so that they are as a fold of all its events
   * would leave them under it. Pure; only for folds that use reference data.
   */
  readonly rederive?: (rows: PartitionRows<R>, reference: Ref) => void;
  /** The same fold with short rows, for batches; see {@link inShort}. */
  // biome-ignore lint/suspicious/noExplicitAny: how short a row is only its fold knows
  readonly short?: ShortFold<R, any, Ref>;
  /** The version before this one, as long as its rows are to be kept up to date so that one can go back to them. */
  // biome-ignore lint/suspicious/noExplicitAny: its rows were others
  readonly before?: Projection<any, Ref>;
}

/**
 * A fold of rows in which columns that follow from others may be missing. A batch often changes a row many times and only its last
 * state is written, so they are found once, at the end.
 *
 * @typeParam S a short row: it has the key, the partition and what the fold itself reads. Whole rows are among those it is given
 */
export interface ShortFold<R extends Row, S extends Row, Ref> {
  readonly fold: (rows: PartitionRows<R | S>, event: RecordedEvent, reference: Ref) => void;
  /** The whole row; one that is whole already stays what it is. Pure. */
  readonly whole: (row: R | S, reference: Ref) => R;
}

/** What a projection that folds in short has: the same fold twice, with whole rows for those who write after every event. */
export const inShort = <R extends Row, S extends Row, Ref>(
  short: ShortFold<R, S, Ref>,
): Required<Pick<Projection<R, Ref>, 'fold' | 'short'>> => ({
  short,
  fold: (rows, event, reference) =>
    short.fold(
      {
        all: () => rows.all(),
        one: () => rows.one(),
        put: (row) => rows.put(short.whole(row, reference)),
        delete: (row) => rows.delete(short.whole(row, reference)),
      },
      event,
      reference,
    ),
});

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
