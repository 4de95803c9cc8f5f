import { randomUUID } from 'node:crypto';
import { uuidFromText } from '../wire/uuid.js';
import { MalformedMessageError } from '../wire/wire.js';
import { MAX_NAME_BYTES } from './record.js';
import { metastreamOf } from './system-streams.js';

/** An event ready to be written. */
export interface NewEvent {
  /** 16 bytes. */
  id: Buffer;
  type: string;
  isJson: boolean;
  customMetadata: Buffer;
  data: Buffer;
}

/**
 * Most events of one append. The size of an append is bounded in bytes, but the smallest events count as two: half a million
 * of them would hold up everyone else for seconds, because an append is decided on, and put into its transaction, at once.
 */
export const MAX_APPEND_EVENTS = 16_384;

/** Thrown for an append of more than MAX_APPEND_EVENTS events; like any malformed request, it is answered as such. */
export class TooManyEventsError extends MalformedMessageError {}

/** @throws TooManyEventsError */
export function assertFewEnough(events: readonly NewEvent[]): void {
  if (events.length > MAX_APPEND_EVENTS) {
    throw new TooManyEventsError(`an append of ${events.length} events is refused, at most ${MAX_APPEND_EVENTS} are taken`);
  }
}

/** @throws RangeError when the names would not fit into a record; the stream's metastream has the longer name */
export function assertNamesFit(stream: string, events: readonly NewEvent[]): void {
  const names = [metastreamOf(stream), ...events.map((event) => event.type)];
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    throw new RangeError(`a stream name or an event type is longer than ${MAX_NAME_BYTES} bytes`);
  }
}

/** A random id for an event the server itself writes. */
export function newEventId(): Buffer {
  return uuidFromText(randomUUID());
}
