import { MAX_APPEND_EVENTS, type NewEvent } from '../storage/new-event.js';
import { MAX_NAME_BYTES } from '../storage/record.js';
import { isMetastream, metastreamOf, originalOf } from '../storage/system-streams.js';
import type { AppendOptions, ExpectedRevision, ProposedEvent } from '../wire/append-request.js';
import { accessDenied, invalidArgument, MAX_APPEND_BYTES, maximumAppendSizeExceeded, missingRequiredMetadata } from './faults.js';

const JSON_CONTENT_TYPE = 'application/json';
const NO_ID = Buffer.alloc(16);
/** Bytes that an event takes in memory beside what it carries, roughly. */
const EVENT_OVERHEAD = 512;

/** An append while its messages come in. */
export class Proposal {
  readonly events: NewEvent[] = [];
  readonly stream: string;
  readonly expected: ExpectedRevision;
  private bytes = 0;

  /** @throws ServiceFault when the stream may not be written or no expectation is given */
  constructor(options: AppendOptions) {
    ({ stream: this.stream, expected: this.expected } = assertWritable(options));
  }

  /** Bytes of memory that it takes so far, roughly. */
  get footprint(): number {
    return EVENT_OVERHEAD * (1 + this.events.length) + 2 * this.stream.length + this.bytes;
  }

  /** @throws ServiceFault when the event is incomplete or the append has become too large */
  add(event: ProposedEvent): void {
    // Not only when all of them have come: until then they would be in memory.
    if (this.events.length === MAX_APPEND_EVENTS) {
      throw invalidArgument(`an append of more than ${MAX_APPEND_EVENTS} events is refused`);
    }
    if (event.type === undefined || event.contentType === undefined) throw missingRequiredMetadata();
    if (event.type === '') throw invalidArgument('the event type is empty');
    if (Buffer.byteLength(event.type) > MAX_NAME_BYTES) {
      throw invalidArgument(`the event type is longer than ${MAX_NAME_BYTES} bytes`);
    }
    if (!event.id || event.id.equals(NO_ID)) throw invalidArgument('the event id is empty');
    this.bytes += event.data.length + event.customMetadata.length + 2 * event.type.length;
    if (this.bytes > MAX_APPEND_BYTES) throw maximumAppendSizeExceeded();
    this.events.push({
      id: event.id,
      type: event.type,
      isJson: event.contentType === JSON_CONTENT_TYPE,
      customMetadata: event.customMetadata,
      data: event.data,
    });
  }
}

/** Checks the stream and the expectation of a write. @throws ServiceFault */
export function assertWritable(options: AppendOptions | undefined): { stream: string; expected: ExpectedRevision } {
  if (!options) throw invalidArgument('the options are missing');
  const { stream, expected } = options;
  if (stream === '' || stream === metastreamOf('')) throw invalidArgument('the stream name is empty');
  if (stream === '$all') throw accessDenied();
  if (isMetastream(stream) && isMetastream(originalOf(stream))) {
    throw invalidArgument('a metadata stream has no metadata of its own');
  }
  if (Buffer.byteLength(metastreamOf(stream)) > MAX_NAME_BYTES) {
    throw invalidArgument(`the stream name is longer than ${MAX_NAME_BYTES - metastreamOf('').length} bytes`);
  }
  if (expected === undefined) throw invalidArgument('the expected revision is missing');
  return { stream, expected };
}
