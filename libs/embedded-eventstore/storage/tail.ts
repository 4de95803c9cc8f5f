import type { StoredRecord } from './record.js';

/**
 * The newest committed records in memory, so that live subscriptions need not read them back from disk. Bounded by count
 * and by bytes: what falls off is still in the database.
 */
export class Tail {
  private records: (StoredRecord | undefined)[] = [];
  private start = 0;
  private bytes = 0;

  constructor(
    private readonly maxCount = 4096,
    private readonly maxBytes = 16 * 1024 * 1024,
  ) {}

  push(record: StoredRecord): void {
    this.records.push(record);
    this.bytes += record.bytes.length;
    while (this.records.length - this.start > this.maxCount || this.bytes > this.maxBytes) {
      this.bytes -= this.records[this.start]!.bytes.length;
      // Left in the array it would stay in memory until the array is cut.
      this.records[this.start++] = undefined;
    }
    // Shifting an array on every push would cost its length each time.
    if (this.start > this.maxCount) {
      this.records = this.records.slice(this.start);
      this.start = 0;
    }
  }

  /**
   * Up to `count` records after `position`, oldest first; `undefined` when the tail does not reach back that far. Needs
   * `position` to be that of a record or one from which nothing is missing in between: the tail holds consecutive records.
   */
  after(position: number, count: number): StoredRecord[] | undefined {
    const oldest = this.records[this.start];
    if (!oldest || position < oldest.position) return undefined;
    let low = this.start;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.records[middle]!.position <= position) low = middle + 1;
      else high = middle;
    }
    return this.records.slice(low, low + count) as StoredRecord[];
  }
}
