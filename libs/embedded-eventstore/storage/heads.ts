import type { LogDatabase } from './database.js';
import { type StoredRecord, TOMBSTONE_REVISION } from './record.js';
import { parseStreamMetadata, type StreamMetadata } from './stream-metadata.js';
import { isMetastream, metastreamOf } from './system-streams.js';

/** Which events count: all that were assigned a revision, or only those already on disk. */
export type View = 'assigned' | 'durable';

/** The end of a stream, in both views, and the events between the two. */
export class Head {
  /** 0 until the first event is written. */
  streamNumber = 0;
  readonly last: Record<View, number> = { assigned: -1, durable: -1 };
  readonly tombstoned: Record<View, boolean> = { assigned: false, durable: false };
  /** Assigned but not yet durable, in order. */
  readonly pending: StoredRecord[] = [];
  private readonly metadata: Partial<Record<View, { revision: number; value: StreamMetadata }>> = {};

  constructor(
    readonly stream: string,
    private readonly database: LogDatabase,
  ) {
    const number = database.streamNumber(stream);
    if (number === undefined) return;
    const stored = database.storedHead(number);
    this.streamNumber = number;
    this.last.assigned = stored.last;
    this.last.durable = stored.last;
    this.tombstoned.assigned = stored.tombstoned;
    this.tombstoned.durable = stored.tombstoned;
  }

  assign(record: StoredRecord): void {
    this.pending.push(record);
    if (record.revision === TOMBSTONE_REVISION) this.tombstoned.assigned = true;
    else this.last.assigned = record.revision;
  }

  /** The oldest `count` pending records are on disk now. */
  settle(count: number): void {
    // All at once: taking them from the front one by one would cost the square of their number.
    for (const { revision } of this.pending.splice(0, count)) {
      if (revision === TOMBSTONE_REVISION) this.tombstoned.durable = true;
      else this.last.durable = revision;
    }
  }

  /** The event at a revision from 0 to the last assigned one. */
  recordAt(revision: number): StoredRecord {
    const pending = this.pending[revision - this.last.durable - 1];
    if (pending && revision > this.last.durable) return pending;
    const position = this.database.positionOf(this.streamNumber, revision);
    if (position === undefined) throw new RangeError(`${this.stream} has no revision ${revision}`);
    return this.database.record(position);
  }

  /** What the last event says if this is a metastream. */
  parsedMetadata(view: View): StreamMetadata {
    const revision = this.last[view];
    if (revision < 0) return {};
    const cached = this.metadata[view];
    if (cached?.revision === revision) return cached.value;
    const value = parseStreamMetadata(this.recordAt(revision).data);
    this.metadata[view] = { revision, value };
    return value;
  }
}

/** The newest heads are never dropped: an append in progress works on a few of them at once. */
const IN_USE = 16;

/** The heads of the streams used last. A head with pending events stays: the database does not know them yet. */
export class Heads {
  private readonly heads = new Map<string, Head>();

  constructor(
    private readonly database: LogDatabase,
    private readonly capacity = 50_000,
  ) {}

  get(stream: string): Head {
    const known = this.heads.get(stream);
    if (known) {
      this.heads.delete(stream);
      this.heads.set(stream, known);
      return known;
    }
    const head = new Head(stream, this.database);
    this.heads.set(stream, head);
    if (this.heads.size > this.capacity) this.evict();
    return head;
  }

  metadataOf(stream: string, view: View): StreamMetadata {
    // A metastream shows only its last event; it has no metadata of its own.
    return isMetastream(stream) ? { maxCount: 1 } : this.get(metastreamOf(stream)).parsedMetadata(view);
  }

  private evict(): void {
    let candidates = this.heads.size - IN_USE;
    for (const [stream, head] of this.heads) {
      if (candidates-- <= 0 || this.heads.size <= this.capacity) return;
      if (head.pending.length === 0) this.heads.delete(stream);
    }
  }
}
