import { randomUUID } from 'node:crypto';
import { uuidFromText } from '../wire/uuid.js';
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
