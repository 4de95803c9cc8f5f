import type { LogDatabase } from './database.js';

const REFILL_PAGE = { count: 500, bytes: 1024 * 1024 };

/** Where an event id was last written. */
export interface RecentEvent {
  streamNumber: number;
  revision: number;
}

/**
 * The ids of the newest events, for appends that expect `any` or `stream_exists`: with those, only the id tells a
 * repeated append from a new one. Bounded; the oldest ids are forgotten first.
 */
export class RecentIds {
  private readonly events = new Map<string, RecentEvent>();

  constructor(private readonly capacity = 200_000) {}

  /** Remembers an id (see `StoredRecord.idKey`). */
  add(idKey: string, event: RecentEvent): void {
    this.events.delete(idKey);
    this.events.set(idKey, event);
    if (this.events.size > this.capacity) {
      for (const oldest of this.events.keys()) {
        this.events.delete(oldest);
        break;
      }
    }
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
    return this.events.get(idKey);
  }
}
