import type { RecordedEvent } from '@huicai/kernel';
import { BatchRows } from './batch-rows.js';
import type { FoldTarget } from './fold-batch.js';
import type { Queryable } from './queryable.js';
import { expectReadable } from './unreadable.js';

/** Of so many partitions the rows are kept at hand; a case's are some five kilobytes. */
const KEPT = 10_000;

/**
 * The rows of one who writes a table alone, folded ahead of what is written: what was folded once need not be loaded, and of many
 * changes of a row only the last is written. Once a fold or a writing has failed it is of no use any more.
 */
export class RowsAhead {
  private readonly changes: BatchRows;
  /** Rows it does not hold are not in the table either. */
  private holdsAll: boolean;

  /** @param isEmpty the table has no rows yet */
  constructor(
    private readonly target: FoldTarget,
    isEmpty: boolean,
    private readonly kept = KEPT,
  ) {
    this.changes = new BatchRows(target.writer, target.definition.table.partition);
    this.holdsAll = isEmpty || target.definition.appendOnly === true;
  }

  /** @throws whatever the fold does, or PostgreSQL when rows are loaded */
  async fold(db: Queryable, events: readonly RecordedEvent[], reference: unknown): Promise<void> {
    const { definition } = this.target;
    const step = definition.short?.fold ?? definition.fold;
    const parts: (string | undefined)[] = events.map((event) => definition.partition(event));
    await this.load(db, parts);
    for (const [i, event] of events.entries()) {
      const partition = parts[i];
      if (partition === undefined) continue;
      expectReadable(event);
      step(this.changes.partition(partition), event, reference);
    }
  }

  private async load(db: Queryable, partitions: readonly (string | undefined)[]): Promise<void> {
    if (this.holdsAll) return;
    const unknown = new Set<string>();
    for (const partition of partitions) if (partition !== undefined && !this.changes.has(partition)) unknown.add(partition);
    if (unknown.size > 0) this.changes.loaded(await this.target.writer.load(db, [...unknown]));
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
    const gaveUp = this.changes.written(definition.appendOnly ? 0 : this.kept);
    if (gaveUp && !definition.appendOnly) this.holdsAll = false;
    return write;
  }
}
