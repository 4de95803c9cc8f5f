import type { PartitionRows } from './projection.js';
import type { Row, TableWriter } from './table.js';

/** The rows a batch touches, by partition, and what has become of them: written together when the batch is folded. */
export class BatchRows {
  private readonly partitions = new Map<string, Map<string, Row>>();
  private readonly dirty = new Map<string, Row>();
  private readonly gone = new Map<string, Row>();

  constructor(
    private readonly writer: TableWriter,
    private readonly partitionColumn: string,
  ) {}

  loaded(rows: readonly Row[]): void {
    for (const row of rows) this.rowsOf(String(row[this.partitionColumn])).set(this.writer.keyOf(row), row);
  }

  partition(name: string): PartitionRows {
    const rows = this.rowsOf(name);
    return {
      all: () => [...rows.values()],
      one: () => rows.values().next().value,
      put: (row) => {
        if (String(row[this.partitionColumn]) !== name) throw new Error(`A row of another partition was put into ${name}`);
        const key = this.writer.keyOf(row);
        rows.set(key, row);
        this.gone.delete(key);
        this.dirty.set(key, row);
      },
      delete: (row) => {
        const key = this.writer.keyOf(row);
        rows.delete(key);
        this.dirty.delete(key);
        this.gone.set(key, row);
      },
    };
  }

  written(): Row[] {
    return [...this.dirty.values()];
  }

  deleted(): Row[] {
    return [...this.gone.values()];
  }

  private rowsOf(name: string): Map<string, Row> {
    let rows = this.partitions.get(name);
    if (!rows) {
      rows = new Map();
      this.partitions.set(name, rows);
    }
    return rows;
  }
}
