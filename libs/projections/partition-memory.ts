import type { Row } from './table.js';

/** Of so many partitions the rows are kept at hand; a case's are some ten kilobytes. */
const KEPT = 5_000;

/**
 * The rows that were written last, for one who writes tables alone: what he has just written he need not load. Holds only while no
 * transaction of his fails; then it must be cleared.
 */
export class PartitionMemory {
  /** In the order in which they were kept. */
  private readonly partitions = new Map<string, readonly Row[]>();

  constructor(private readonly size = KEPT) {}

  /** The rows of a partition, which the taker may change; undefined when they have to be loaded. */
  take(partition: string): readonly Row[] | undefined {
    const rows = this.partitions.get(partition);
    this.partitions.delete(partition);
    return rows;
  }

  keep(partition: string, rows: readonly Row[]): void {
    this.partitions.delete(partition);
    this.partitions.set(partition, rows);
    if (this.partitions.size <= this.size) return;
    const [oldest] = this.partitions.keys();
    this.partitions.delete(oldest!);
  }

  clear(): void {
    this.partitions.clear();
  }
}
