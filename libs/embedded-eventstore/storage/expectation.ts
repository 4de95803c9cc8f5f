import type { ExpectedRevision } from '../wire/append-request.js';

/** What an append is judged by: the stream as it will be once everything queued before is written. */
export interface StreamView {
  /** Last revision, -1 if there is no event. */
  last: number;
  tombstoned: boolean;
  softDeleted: boolean;
  hasMetadata: boolean;
  /** Id of the event at a revision from 0 to `last`. */
  idAt(revision: number): string;
  /** Revision at which this stream holds a recently written id. */
  recentRevision(id: string): number | undefined;
}

export type Verdict =
  | { kind: 'write' }
  /** A repetition of an append already made; its last event is at `revision`. */
  | { kind: 'repeated'; revision: number }
  | { kind: 'wrong-version' }
  | { kind: 'deleted' };

const WRITE: Verdict = { kind: 'write' };
const WRONG_VERSION: Verdict = { kind: 'wrong-version' };
const DELETED: Verdict = { kind: 'deleted' };

/** EventStoreDB's rules for expected revisions and repeated appends. `ids` are the event ids in order. */
export function judgeAppend(expected: ExpectedRevision, ids: readonly string[], view: StreamView): Verdict {
  if (view.tombstoned) return DELETED;
  if (expected === 'stream_exists') {
    if (view.softDeleted) return DELETED;
    if (view.last < 0 && !view.hasMetadata) return WRONG_VERSION;
  }
  if (expected === 'any' || expected === 'stream_exists') return judgeByRecentIds(ids, view);
  const revision = expected === 'no_stream' ? -1n : expected;
  if (revision > BigInt(view.last)) return WRONG_VERSION;
  if (revision === BigInt(view.last)) return WRITE;
  return judgeByStoredIds(Number(revision), ids, view, expected === 'no_stream' && view.softDeleted);
}

function judgeByRecentIds(ids: readonly string[], view: StreamView): Verdict {
  let revision = -1;
  for (const [index, id] of ids.entries()) {
    const known = view.recentRevision(id);
    // Half of it known: neither a repetition nor a new append.
    if (known === undefined) return index === 0 ? WRITE : WRONG_VERSION;
    revision = known;
  }
  return ids.length === 0 ? WRITE : { kind: 'repeated', revision };
}

function judgeByStoredIds(expected: number, ids: readonly string[], view: StreamView, mayRevive: boolean): Verdict {
  let revision = expected;
  for (const [index, id] of ids.entries()) {
    revision++;
    if (revision <= view.last && view.idAt(revision) === id) continue;
    return index === 0 && mayRevive ? WRITE : WRONG_VERSION;
  }
  return ids.length === 0 ? WRONG_VERSION : { kind: 'repeated', revision };
}
