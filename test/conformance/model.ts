import type { AppendExpectedRevision } from '@eventstore/db-client';

/** An event as the model has it. */
export interface ModelEvent {
  stream: string;
  /** Infinity for a tombstone. */
  revision: number;
  type: string;
  /** Absent for events that the server writes of itself. */
  id: string | undefined;
  /** `undefined` for data that are not JSON. */
  data: unknown;
}

/** How a write is answered. `revision` and `current` are -1 for a stream without events. */
export type Answer = { kind: 'done'; revision: number } | { kind: 'wrong-version'; current: number } | { kind: 'deleted' };

/** What a read gives. */
export type Reading = ModelEvent[] | 'missing' | 'deleted';

export interface NewModelEvent {
  id: string;
  type: string;
  data: unknown;
}

type Verdict = Answer | 'write';
const DELETED: Answer = { kind: 'deleted' };
/** 2^63-1, as near as a double comes: the `$tb` of a soft-deleted stream. */
const SOFT_DELETED = 2 ** 63;

const metastreamOf = (stream: string) => `$$${stream}`;
const isMetastream = (stream: string) => stream.startsWith('$$');
const isObject = (data: unknown): data is Record<string, unknown> =>
  typeof data === 'object' && data !== null && !Array.isArray(data);

/** The rules of EventStoreDB, kept in memory: what a server is compared with. */
export class ModelStore {
  readonly log: ModelEvent[] = [];
  private readonly streams = new Map<string, ModelEvent[]>();
  private readonly tombstones = new Set<string>();
  /** Where each id was last written. The server remembers the newest ids, far more than a history has. */
  private readonly lastHome = new Map<string, ModelEvent>();

  append(stream: string, expected: AppendExpectedRevision, events: readonly NewModelEvent[]): Answer {
    const ids = events.map(({ id }) => id);
    const verdict = this.judge(stream, expected, ids);
    if (verdict !== 'write') return verdict;
    if (events.length === 0) return { kind: 'done', revision: this.last(stream) };
    const revived = isMetastream(stream) ? stream.slice(2) : stream;
    const truncateBefore = this.last(revived) + 1;
    const isRevival = this.metadataOf(revived).$tb === SOFT_DELETED;
    const before = this.rawMetadata(revived);
    for (const { id, type, data } of events) this.write(stream, this.last(stream) + 1, type, id, data);
    const { revision } = this.streams.get(stream)!.at(-1)!;
    if (isRevival) {
      const base = stream === revived ? before : this.rawMetadata(revived);
      this.writeMetadata(revived, { ...(isObject(base) && base), $tb: truncateBefore });
    }
    return { kind: 'done', revision };
  }

  delete(stream: string, expected: AppendExpectedRevision): Answer {
    const verdict = this.judge(stream, expected, ['the deletion']);
    if (verdict !== 'write') return verdict;
    if (this.last(stream) < 0 && !this.hasMetadata(stream)) return this.wrongVersion(stream);
    this.writeMetadata(stream, { $tb: SOFT_DELETED });
    return { kind: 'done', revision: this.last(stream) };
  }

  tombstone(stream: string, expected: AppendExpectedRevision): Answer {
    const verdict = this.judge(stream, expected, ['the tombstone']);
    if (verdict !== 'write') return verdict;
    this.tombstones.add(stream);
    this.log.push({ stream, revision: Number.POSITIVE_INFINITY, type: '$streamDeleted', id: undefined, data: undefined });
    return { kind: 'done', revision: this.last(stream) };
  }

  /** A read of at most `count` events from revision `from` on, which is included. */
  read(stream: string, direction: 'forwards' | 'backwards', from: number, count: number): Reading {
    if (this.isTombstoned(stream)) return 'deleted';
    const last = this.last(stream);
    const { $maxCount = Number.POSITIVE_INFINITY, $tb = 0 } = isMetastream(stream) ? { $maxCount: 1 } : this.metadataOf(stream);
    if (last < 0 || $tb === SOFT_DELETED) return 'missing';
    const readable = this.streams.get(stream)!.filter(({ revision }) => revision >= $tb && revision > last - $maxCount);
    if (direction === 'forwards') return readable.filter(({ revision }) => revision >= from).slice(0, count);
    return readable
      .filter(({ revision }) => revision <= from)
      .reverse()
      .slice(0, count);
  }

  /** Last revision, -1 if there is none. */
  last(stream: string): number {
    return (this.streams.get(stream)?.length ?? 0) - 1;
  }

  isTombstoned(stream: string): boolean {
    return this.tombstones.has(stream) || (isMetastream(stream) && this.tombstones.has(stream.slice(2)));
  }

  private judge(stream: string, expected: AppendExpectedRevision, ids: string[]): Verdict {
    if (this.isTombstoned(stream)) return DELETED;
    const isSoftDeleted = this.metadataOf(stream).$tb === SOFT_DELETED;
    if (expected === 'stream_exists' && isSoftDeleted) return DELETED;
    const last = this.last(stream);
    if (expected === 'stream_exists' && last < 0 && !this.hasMetadata(stream)) return this.wrongVersion(stream);
    if (expected === 'any' || expected === 'stream_exists') return this.judgeByIds(stream, ids);
    const revision = expected === 'no_stream' ? -1 : Number(expected);
    if (revision > last) return this.wrongVersion(stream);
    if (revision === last) return 'write';
    const stored = this.streams.get(stream)!.slice(revision + 1, revision + 1 + ids.length);
    const isRepetition = ids.length > 0 && ids.length === stored.length && ids.every((id, n) => id === stored[n]!.id);
    if (isRepetition) return { kind: 'done', revision: revision + ids.length };
    const beginsOtherwise = ids.length > 0 && ids[0] !== stored[0]?.id;
    return expected === 'no_stream' && isSoftDeleted && beginsOtherwise ? 'write' : this.wrongVersion(stream);
  }

  /** Only the ids tell: none known, all known, or, if the first is known and another is not, neither. */
  private judgeByIds(stream: string, ids: string[]): Verdict {
    const homes = ids.map((id) => this.lastHome.get(id)).map((home) => (home?.stream === stream ? home : undefined));
    if (!homes[0]) return 'write';
    if (homes.includes(undefined)) return this.wrongVersion(stream);
    return { kind: 'done', revision: homes.at(-1)!.revision };
  }

  private wrongVersion(stream: string): Answer {
    return { kind: 'wrong-version', current: this.last(stream) };
  }

  private hasMetadata(stream: string): boolean {
    return this.last(metastreamOf(stream)) >= 0;
  }

  private rawMetadata(stream: string): unknown {
    return this.streams.get(metastreamOf(stream))?.at(-1)?.data;
  }

  /** What of the metadata takes effect: nothing if a value has the wrong type. */
  private metadataOf(stream: string): { $maxCount?: number; $tb?: number } {
    const raw = this.rawMetadata(stream);
    if (!isObject(raw)) return {};
    const { $maxCount, $tb } = raw;
    for (const value of [$maxCount, $tb]) if (value !== undefined && !Number.isInteger(value)) return {};
    return {
      ...($maxCount !== undefined && Number($maxCount) > 0 && { $maxCount: Number($maxCount) }),
      ...($tb !== undefined && { $tb: Number($tb) }),
    };
  }

  private writeMetadata(stream: string, data: unknown): void {
    const metastream = metastreamOf(stream);
    this.write(metastream, this.last(metastream) + 1, '$metadata', undefined, data);
  }

  private write(stream: string, revision: number, type: string, id: string | undefined, data: unknown): void {
    const event: ModelEvent = { stream, revision, type, id, data };
    this.log.push(event);
    this.streams.set(stream, [...(this.streams.get(stream) ?? []), event]);
    if (id !== undefined) this.lastHome.set(id, event);
  }
}
