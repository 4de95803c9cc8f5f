import type { PartitionRows } from './projection.js';
import type { Row, TableWriter } from './table.js';

/** What has become of one partition: its rows as they stand, and which of them are to be written or deleted. */
interface Changes {
  readonly rows: Map<string, Row>;
  readonly dirty: Map<string, Row>;
  readonly gone: Map<string, Row>;
  /** Keys of the rows that the table is known to have. */
  readonly stored: Set<string>;
}

/** The rows a batch touches, by partition, and what has become of them: written together when the batch is folded. */
export class BatchRows {
  private readonly partitions = new Map<string, Changes>();

  constructor(
    private readonly writer: TableWriter,
    private readonly partitionColumn: string,
  ) {}

  loaded(rows: readonly Row[]): void {
    for (const row of rows) {
      const { rows: known, stored } = this.of(String(row[this.partitionColumn]));
      const key = this.writer.keyOf(row);
      known.set(key, row);
      stored.add(key);
    }
  }

  /** Gives up everything known of a partition, so that it can be loaded anew. */
  forget(name: string): void {
    this.partitions.delete(name);
  }

  partition(name: string): PartitionRows {
    const { rows, dirty, gone } = this.of(name);
    return {
      all: () => [...rows.values()],
      one: () => rows.values().next().value,
      put: (row) => {
        if (String(row[this.partitionColumn]) !== name) throw new Error(`A row of another partition was put into ${name}`);
        const key = this.writer.keyOf(row);
        rows.set(key, row);
        gone.delete(key);
        dirty.set(key, row);
      },
      delete: (row) => {
        const key = this.writer.keyOf(row);
        rows.delete(key);
        dirty.delete(key);
        gone.set(key, row);
      },
    };
  }

  /** Puts the whole row in place of each that is to be written of a partition. */
  complete(name: string, whole: (row: Row) => Row): void {
    const { rows, dirty } = this.of(name);
    for (const [key, row] of dirty) {
      const completed = whole(row);
      rows.set(key, completed);
      dirty.set(key, completed);
    }
  }

  /** Rows to be written: those the table is known to have, and those it is not. */
  written(): { readonly known: Row[]; readonly fresh: Row[] } {
    const known: Row[] = [];
    const fresh: Row[] = [];
    for (const { dirty, stored } of this.partitions.values())
      for (const [key, row] of dirty) (stored.has(key) ? known : fresh).push(row);
    return { known, fresh };
  }

  deleted(): Row[] {
    return [...this.partitions.values()].flatMap(({ gone }) => [...gone.values()]);
  }

  /** All rows as they stand, by partition. */
  *standing(): Iterable<readonly [partition: string, rows: readonly Row[]]> {
    for (const [name, { rows }] of this.partitions) yield [name, [...rows.values()]];
  }

  private of(name: string): Changes {
    let changes = this.partitions.get(name);
    if (!changes) {
      changes = { rows: new Map(), dirty: new Map(), gone: new Map(), stored: new Set() };
      this.partitions.set(name, changes);
    }
    return changes;
  }
}
