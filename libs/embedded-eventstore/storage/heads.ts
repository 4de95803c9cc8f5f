import type { LogDatabase } from './database.js';
import { Metastreams } from './metastreams.js';
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

/**
 * The heads of the streams used last, in two generations: when the younger one is full, what of the older was not used again is
 * dropped. A head with pending events stays: the database does not know them yet.
 */
export class Heads {
  private young = new Map<string, Head>();
  private old = new Map<string, Head>();
  private readonly metastreams: Metastreams;
  private readonly generation: number;
  private full: number;

  /** @param capacity heads that are kept when all were used lately; at least twice IN_USE */
  constructor(
    private readonly database: LogDatabase,
    capacity = 50_000,
  ) {
    this.generation = Math.max(IN_USE, Math.floor(capacity / 2));
    this.full = this.generation;
    this.metastreams = new Metastreams(database);
  }

  get(stream: string): Head {
    const young = this.young.get(stream);
    if (young) return young;
    const head = this.old.get(stream) ?? new Head(stream, this.database);
    this.old.delete(stream);
    if (this.young.size >= this.full) this.age();
    this.young.set(stream, head);
    return head;
  }

  /** To be told of every stream that gets its number. */
  created(stream: string): void {
    if (isMetastream(stream)) this.metastreams.add(stream);
  }

  metadataOf(stream: string, view: View): StreamMetadata {
    // A metastream shows only its last event; it has no metadata of its own.
    if (isMetastream(stream)) return { maxCount: 1 };
    const metastream = metastreamOf(stream);
    return this.metastreams.mayHave(metastream) ? this.get(metastream).parsedMetadata(view) : {};
  }

  /** Was anything ever written to the metastream of `stream`? */
  hasMetadata(stream: string): boolean {
    const metastream = metastreamOf(stream);
    return !isMetastream(stream) && this.metastreams.mayHave(metastream) && this.get(metastream).last.assigned >= 0;
  }

  private age(): void {
    const busy = [...this.old].filter(([, head]) => head.pending.length > 0);
    this.old = this.young;
    this.young = new Map(busy);
    // With very many of them, this must not be done at every turn.
    this.full = Math.max(this.generation, 2 * busy.length);
  }
}
