/** What the name of a metastream begins with. */
export const META_PREFIX = '$$';

/** Type of the events that hold a stream's metadata. */
export const METADATA_TYPE = '$metadata';
/** Type of the event that tombstones a stream. */
export const TOMBSTONE_TYPE = '$streamDeleted';
/** Type of the events that point at another event. */
export const LINK_TYPE = '$>';

/** Does this stream hold another one's metadata? */
export function isMetastream(stream: string): boolean {
  return stream.startsWith(META_PREFIX);
}

/** Stream that holds the metadata of `stream`. */
export function metastreamOf(stream: string): string {
  return META_PREFIX + stream;
}

/** Stream whose metadata `metastream` holds. */
export function originalOf(metastream: string): string {
  return metastream.slice(META_PREFIX.length);
}
