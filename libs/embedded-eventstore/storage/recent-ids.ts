import type { LogDatabase } from './database.js';

const REFILL_PAGE = { count: 500, bytes: 1024 * 1024 };

/** Where an event id was last written. */
export interface RecentEvent {
  streamNumber: number;
  revision: number;
}

/**
 * The ids of the newest events, for appends that expect `any` or `stream_exists`: with those, only the id tells a
 * repeated append from a new one. Kept in two
 * generations, of which the older is dropped whole when the younger is full: a map loses its oldest entries one by one only slowly.
 */
export class RecentIds {
  private young = new Map<string, RecentEvent>();
  private old = new Map<string, RecentEvent>();

  /** @param capacity ids that are kept at most; at least half as many are */
  constructor(private readonly capacity = 400_000) {}

  /** Remembers an id (see `StoredRecord.idKey`). */
  add(idKey: string, event: RecentEvent): void {
    if (this.young.size >= this.capacity / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(idKey, event);
  }

  /** Takes over the ids of the newest `count` stored events, page by page, so that the event loop goes on meanwhile. */
  async refill(database: LogDatabase, count: number): Promise<void> {
    let from = database.nthNewest(count);
    while (from !== undefined) {
      const page = database.forwards(from, Number.POSITIVE_INFINITY, REFILL_PAGE);
      for (const record of page) this.add(record.idKey, { streamNumber: record.streamNumber, revision: record.revision });
      from = page.at(-1)?.nextPosition;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get(idKey: string): RecentEvent | undefined {
    return this.young.get(idKey) ?? this.old.get(idKey);
  }
}
