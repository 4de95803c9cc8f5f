import { isDeepStrictEqual } from 'node:util';

/** Events before this revision are hidden; Infinity marks a soft-deleted stream. */
export const SOFT_DELETED = Number.POSITIVE_INFINITY;
/** What EventStoreDB writes as `$tb` to soft-delete: 2^63-1. */
const DELETED_TRUNCATE_BEFORE = '9223372036854775807';
const TWO_63 = 2 ** 63;

/** The part of a stream's metadata that this server acts on. */
export interface StreamMetadata {
  /** Number of events kept readable. */
  maxCount?: number;
  /** Seconds after which an event is no longer readable. */
  maxAge?: number;
  /** First readable revision. */
  truncateBefore?: number;
}

const NOTHING: StreamMetadata = {};

/**
 * Reads `$metadata`. A value of the wrong type makes the whole metadata void, a non-positive limit only itself: both as
 * EventStoreDB does it.
 */
export function parseStreamMetadata(data: Buffer): StreamMetadata {
  const json = parseObject(data.toString('utf8'));
  if (!json || !isWellTyped(json)) return NOTHING;
  const metadata: StreamMetadata = {};
  const maxCount = json.$maxCount;
  const maxAge = json.$maxAge;
  const truncateBefore = json.$tb;
  if (typeof maxCount === 'number' && maxCount > 0) metadata.maxCount = maxCount;
  if (typeof maxAge === 'number' && maxAge > 0) metadata.maxAge = maxAge;
  if (typeof truncateBefore === 'number' && truncateBefore >= 0) {
    // JSON.parse rounds 2^63-1 to 2^63; no other revision comes near it.
    metadata.truncateBefore = truncateBefore >= TWO_63 ? SOFT_DELETED : truncateBefore;
  }
  return metadata;
}

/** Metadata that soft-deletes a stream. */
export function softDeleteMetadata(): Buffer {
  return Buffer.from(`{"$tb":${DELETED_TRUNCATE_BEFORE}}`);
}

/**
 * The metadata of a stream that comes back to life: `data` with `$tb` set to `truncateBefore`. Works on the text, so that
 * integers a double can not hold survive in the other keys.
 */
export function reviveMetadata(data: Buffer, truncateBefore: number): Buffer {
  const text = data.toString('utf8');
  const json = parseObject(text);
  const pair = `"$tb":${truncateBefore}`;
  if (!json) return Buffer.from(`{${pair}}`);
  const wanted = { ...json, $tb: truncateBefore };
  const edited = '$tb' in json ? text.replace(/"\$tb"\s*:\s*-?\d+/, () => pair) : text.replace('{', () => `{${pair},`);
  // Where the edit misses, as with a "$tb" further down or an empty object, the plain way is right.
  const isRight = isDeepStrictEqual(parseObject(edited), wanted);
  return Buffer.from(isRight ? edited : JSON.stringify(wanted));
}

/** First readable revision of a stream whose last revision is `last`. */
export function firstReadable(metadata: StreamMetadata, last: number): number {
  const byCount = metadata.maxCount === undefined ? 0 : last - metadata.maxCount + 1;
  return Math.max(0, metadata.truncateBefore ?? 0, byCount);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON: the same as no metadata.
    return undefined;
  }
}

function isWellTyped(json: Record<string, unknown>): boolean {
  for (const key of ['$maxCount', '$maxAge', '$tb', '$cacheControl']) {
    if (key in json && !Number.isInteger(json[key])) return false;
  }
  if (!('$acl' in json)) return true;
  const acl = json.$acl;
  if (typeof acl !== 'object' || acl === null || Array.isArray(acl)) return false;
  return Object.values(acl).every(
    (roles) => typeof roles === 'string' || (Array.isArray(roles) && roles.every((role) => typeof role === 'string')),
  );
}
