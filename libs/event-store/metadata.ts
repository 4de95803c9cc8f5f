import { DELETED, type StoredEvent, type StreamMetadata } from './port.js';

/** The metadata an event of a metadata stream holds; undefined when it holds none. */
export function streamMetadata({ data, revision }: StoredEvent): StreamMetadata | undefined {
  if (typeof data !== 'object' || data === null || data instanceof Uint8Array) return undefined;
  const { $maxCount, $maxAge, $tb, $acl } = data as Record<string, unknown>;
  return {
    ...(isCount($maxCount) && $maxCount > 0 ? { maxCount: $maxCount } : {}),
    ...(isCount($maxAge) && $maxAge > 0 ? { maxAge: $maxAge } : {}),
    ...(isCount($tb) ? { truncateBefore: revisionOf($tb) } : {}),
    ...($acl === undefined ? {} : { acl: $acl }),
    revision,
  };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;

/** Parsed from JSON, so past 2^53 it is no longer exact; only the mark of a deleted stream is that large. */
const revisionOf = (value: number): bigint => (Number.isSafeInteger(value) ? BigInt(value) : DELETED);
