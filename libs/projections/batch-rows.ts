import type { PartitionRows } from './projection.js';
import type { Row, RowChanges, TableWriter } from './table.js';

/** The rows that folds touch, by partition, and what has become of them. */
export class BatchRows {
  private readonly partitions = new Map<string, Partition>();
  private uses = 0;

  constructor(
    private readonly writer: TableWriter,
    private readonly partitionColumn: string,
  ) {}

  loaded(rows: readonly Row[]): void {
    for (const row of rows) this.of(String(row[this.partitionColumn])).loaded(row);
  }

  /** As {@link partition}, unless nothing is known of it yet. */
  known(name: string): PartitionRows | undefined {
    const partition = this.partitions.get(name);
    if (partition) partition.used = ++this.uses;
    return partition;
  }

  /** Gives up everything known of a partition, so that it can be loaded anew. */
  forget(name: string): void {
    this.partitions.delete(name);
  }

  partition(name: string): PartitionRows {
    const partition = this.of(name);
    partition.used = ++this.uses;
    return partition;
  }

  /** Puts the whole row in place of each that is to be written of a partition. */
  complete(name: string, whole: (row: Row) => Row): void {
    this.of(name).complete(whole);
  }

  /** As {@link complete}, for all partitions. */
  completeAll(whole: (row: Row) => Row): void {
    for (const partition of this.partitions.values()) partition.complete(whole);
  }

  changes(): RowChanges {
    const changes = { deleted: [] as Row[], known: [] as Row[], fresh: [] as Row[] };
    for (const partition of this.partitions.values()) partition.addTo(changes);
    return changes;
  }

  /**
   * From now on the table has what was changed. Only so many partitions are kept, those that were asked for last.
   *
   * @returns those that were given up
   */
  written(kept: number): string[] {
    for (const partition of this.partitions.values()) partition.written();
    const surplus = this.partitions.size - kept;
    if (surplus <= 0) return [];
    const byUse = [...this.partitions].sort(([, a], [, b]) => a.used - b.used);
    const givenUp = byUse.slice(0, surplus).map(([name]) => name);
    for (const name of givenUp) this.partitions.delete(name);
    return givenUp;
  }

  private of(name: string): Partition {
    let partition = this.partitions.get(name);
    if (!partition) {
      partition = new Partition(name, this.partitionColumn, this.writer);
      this.partitions.set(name, partition);
    }
    return partition;
  }
}

/** The rows of one partition as they stand, and which of them are to be written or deleted. */
class Partition implements PartitionRows {
  /** When it was asked for last, counted in uses. */
  used = 0;
  private readonly rows = new Map<string, Row>();
  /** Keys of the rows that are to be written. */
  private readonly dirty = new Set<string>();
  private readonly gone = new Map<string, Row>();
  /** Keys of the rows that the table is known to have. */
  private readonly stored = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly column: string,
    private readonly writer: TableWriter,
  ) {}

  loaded(row: Row): void {
    const key = this.writer.keyOf(row);
    this.rows.set(key, row);
    this.stored.add(key);
  }

  all(): Row[] {
    return [...this.rows.values()];
  }

  one(): Row | undefined {
    return this.rows.values().next().value;
  }

  put(row: Row): void {
    if (String(row[this.column]) !== this.name) throw new Error(`A row of another partition was put into ${this.name}`);
    const key = this.writer.keyOf(row);
    this.rows.set(key, row);
    if (this.gone.size > 0) this.gone.delete(key);
    this.dirty.add(key);
  }

  delete(row: Row): void {
    const key = this.writer.keyOf(row);
    this.rows.delete(key);
    this.dirty.delete(key);
    this.gone.set(key, row);
  }

  complete(whole: (row: Row) => Row): void {
    for (const key of this.dirty) this.rows.set(key, whole(this.rows.get(key)!));
  }

  addTo({ deleted, known, fresh }: { deleted: Row[]; known: Row[]; fresh: Row[] }): void {
    deleted.push(...this.gone.values());
    for (const key of this.dirty) (this.stored.has(key) ? known : fresh).push(this.rows.get(key)!);
  }

  written(): void {
    for (const key of this.dirty) this.stored.add(key);
    for (const key of this.gone.keys()) this.stored.delete(key);
    this.dirty.clear();
    this.gone.clear();
  }
}
