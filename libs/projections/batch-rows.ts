import type { PartitionRows } from './projection.js';
import type { Row, TableWriter } from './table.js';

/** What has become of one partition: its rows as they stand, and which of them are to be written or deleted. */
interface Changes {
  readonly rows: Map<string, Row>;
  readonly dirty: Map<string, Row>;
  readonly gone: Map<string, Row>;
}

/** The rows a batch touches, by partition, and what has become of them: written together when the batch is folded. */
export class BatchRows {
  private readonly partitions = new Map<string, Changes>();

  constructor(
    private readonly writer: TableWriter,
    private readonly partitionColumn: string,
  ) {}

  loaded(rows: readonly Row[]): void {
    for (const row of rows) this.of(String(row[this.partitionColumn])).rows.set(this.writer.keyOf(row), row);
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

  written(): Row[] {
    return [...this.partitions.values()].flatMap(({ dirty }) => [...dirty.values()]);
  }

  deleted(): Row[] {
    return [...this.partitions.values()].flatMap(({ gone }) => [...gone.values()]);
  }

  private of(name: string): Changes {
    let changes = this.partitions.get(name);
    if (!changes) {
      changes = { rows: new Map(), dirty: new Map(), gone: new Map() };
      this.partitions.set(name, changes);
    }
    return changes;
  }
}
