import type { RecordedEvent } from '@huicai/kernel';
import { BatchRows } from './batch-rows.js';
import type { FoldTarget } from './fold-batch.js';
import type { Queryable } from './queryable.js';
import { Seen } from './seen.js';
import { expectReadable } from './unreadable.js';

/** Of so many partitions the rows are kept at hand; a case's are some five kilobytes. */
const KEPT = 10_000;

/**
 * The rows of one who writes a table alone, folded ahead of what is written: what was folded once need not be loaded, and of many
 * changes of a row only the last is written. Once a fold or a writing has failed it is of no use any more.
 */
export class RowsAhead {
  private readonly changes: BatchRows;
  /** Partitions that may be in the table and are not held; undefined when any may be. */
  private readonly left: Seen | undefined;

  /** @param isEmpty the table has no rows yet */
  constructor(
    private readonly target: FoldTarget,
    isEmpty: boolean,
    private readonly kept = KEPT,
  ) {
    this.changes = new BatchRows(target.writer, target.definition.table.partition);
    this.left = isEmpty || target.definition.appendOnly ? new Seen() : undefined;
  }

  /** @throws whatever the fold does, or PostgreSQL when rows are loaded */
  async fold(db: Queryable, events: readonly RecordedEvent[], reference: unknown): Promise<void> {
    const { definition } = this.target;
    const step = definition.short?.fold ?? definition.fold;
    const parts = events.map((event) => definition.partition(event));
    const known = parts.map((partition) => (partition === undefined ? undefined : this.changes.known(partition)));
    await this.load(
      db,
      parts.filter((partition, i): partition is string => partition !== undefined && known[i] === undefined),
    );
    for (const [i, event] of events.entries()) {
      const partition = parts[i];
      if (partition === undefined) continue;
      expectReadable(event);
      step(known[i] ?? this.changes.partition(partition), event, reference);
    }
  }

  private async load(db: Queryable, missing: readonly string[]): Promise<void> {
    const { left } = this;
    const stored = left ? missing.filter((partition) => left.mayHave(partition)) : missing;
    if (stored.length > 0) this.changes.loaded(await this.target.writer.load(db, [...new Set(stored)]));
  }

  /**
   * Takes what has changed as it stands now: folding may go on while it is written.
   *
   * @returns the work of writing it, in a transaction
   * @throws whatever makes no row: the fold, or a value that is none
   */
  take(reference: unknown): (db: Queryable) => Promise<void> {
    const { definition, writer } = this.target;
    const { short } = definition;
    if (short) this.changes.completeAll((row) => short.whole(row, reference));
    const write = writer.changing(this.changes.changes());
    const givenUp = this.changes.written(definition.appendOnly ? 0 : this.kept);
    if (!definition.appendOnly) for (const partition of givenUp) this.left?.add(partition);
    return write;
  }
}
