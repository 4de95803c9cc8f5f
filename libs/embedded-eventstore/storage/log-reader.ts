import type { LogDatabase, PageLimit } from './database.js';
import type { Heads } from './heads.js';
import { type StoredRecord, TOMBSTONE_REVISION } from './record.js';
import { firstReadable, SOFT_DELETED, type StreamMetadata } from './stream-metadata.js';
import { isMetastream, LINK_TYPE, originalOf } from './system-streams.js';
import type { Tail } from './tail.js';

export type Direction = 'forwards' | 'backwards';

/** Whether a stream can be read, and between which revisions. */
export type StreamState =
  | { kind: 'missing' }
  | { kind: 'tombstoned' }
  | { kind: 'readable'; first: number; last: number; metadata: StreamMetadata };

/** A page of a stream; `next` is the revision to go on from, absent at the end of what there is. */
export interface StreamPage {
  records: StoredRecord[];
  next: number | undefined;
}

const EMPTY_PAGE: StreamPage = { records: [], next: undefined };
/** Below every position. */
export const BEFORE_ALL = 0;

/** Reads of what is on disk. Every method is synchronous and bounded by a page, so that none holds up the event loop. */
export class LogReader {
  constructor(
    private readonly database: LogDatabase,
    private readonly heads: Heads,
    private readonly tail: Tail,
    private readonly durablePosition: () => number,
  ) {}

  /** Position of the newest event on disk. */
  get lastPosition(): number {
    return this.durablePosition();
  }

  /** Records after `position`, oldest first. */
  allAfter(position: number, limit: PageLimit): StoredRecord[] {
    const last = this.durablePosition();
    if (position >= last) return [];
    return this.tail.after(position, limit.count) ?? this.database.forwards(position + 1, last, limit);
  }

  /** Records before `position`, newest first. */
  allBefore(position: number, limit: PageLimit): StoredRecord[] {
    // Beyond the last durable position there may be records whose commit has not been confirmed yet.
    return this.database.backwards(Math.min(position, this.durablePosition() + 1), limit);
  }

  stateOf(stream: string): StreamState {
    const head = this.heads.get(stream);
    if (head.tombstoned.durable) return { kind: 'tombstoned' };
    if (isMetastream(stream) && this.heads.get(originalOf(stream)).tombstoned.durable) return { kind: 'tombstoned' };
    const last = head.last.durable;
    const metadata = this.heads.metadataOf(stream, 'durable');
    if (last < 0 || metadata.truncateBefore === SOFT_DELETED) return { kind: 'missing' };
    return { kind: 'readable', first: firstReadable(metadata, last), last, metadata };
  }

  /**
   * Readable events of a stream from revision `from` on; truncated ones are left out, so a page can be empty and still
   * have a `next`.
   * @param now milliseconds since the UNIX epoch, against which $maxAge is measured
   */
  streamPage(stream: string, from: number, direction: Direction, limit: PageLimit, now: number): StreamPage {
    const state = this.stateOf(stream);
    if (state.kind !== 'readable') return EMPTY_PAGE;
    const forwards = direction === 'forwards';
    const start = forwards ? Math.max(from, state.first) : Math.min(from, state.last);
    const end = forwards ? state.last : state.first;
    if (forwards ? start > end : start < end) return EMPTY_PAGE;
    const streamNumber = this.heads.get(stream).streamNumber;
    // A range from a revision to itself has no direction; LMDB reads it forwards, which is the same.
    const read = this.database.streamRange(streamNumber, start, end, limit);
    const lastRead = read[read.length - 1]?.revision;
    const next = lastRead === undefined || lastRead === end ? undefined : lastRead + (forwards ? 1 : -1);
    return { records: read.filter((record) => isYoungEnough(record, state.metadata, now)), next };
  }

  /** Last revision of a stream, readable or not; -1 if it has no events. */
  lastRevision(stream: string): number {
    return this.heads.get(stream).last.durable;
  }

  /** The event that tombstoned a stream. */
  tombstoneOf(stream: string): StoredRecord | undefined {
    const position = this.database.positionOf(this.heads.get(stream).streamNumber, TOMBSTONE_REVISION);
    return position === undefined ? undefined : this.database.record(position);
  }

  /** The event a link points at, if it is one and the target is readable. `now` as for `streamPage`. */
  linkTarget(link: StoredRecord, now: number): StoredRecord | undefined {
    const match = /^(\d{1,15})@(.+)$/s.exec(link.data.toString('utf8'));
    if (!match) return undefined;
    const revision = Number(match[1]);
    const stream = match[2]!;
    const state = this.stateOf(stream);
    if (state.kind !== 'readable' || revision < state.first || revision > state.last) return undefined;
    const record = this.heads.get(stream).recordAt(revision);
    return isYoungEnough(record, state.metadata, now) ? record : undefined;
  }
}

/** Is this event a link to another one? */
export function isLink(record: StoredRecord): boolean {
  return record.type === LINK_TYPE;
}

function isYoungEnough(record: StoredRecord, metadata: StreamMetadata, now: number): boolean {
  return metadata.maxAge === undefined || record.created >= now - metadata.maxAge * 1000;
}
