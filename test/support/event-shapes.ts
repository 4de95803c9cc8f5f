import type { StoredEvent } from '@huicai/event-store';

/**
 * The form of an event's data without its values: names and kinds of members, envelopes as `sealed`, the forms an array's items
 * take. Two events of one form are read by the same code.
 */
export function shapeOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].sort().join('|')}]`;
  if ('$enc' in value) return 'sealed';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${name}:${shapeOf(member)}`).join(',')}}`;
}

/** Type, schema version and shape of an event of ours: what a reader must be able to read. */
export function eventShape({ type, data, metadata }: Pick<StoredEvent, 'type' | 'data' | 'metadata'>): string {
  return `${type} v${(metadata as { schemaVersion: number }).schemaVersion} ${shapeOf(data)}`;
}
