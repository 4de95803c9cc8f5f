import { decodeUuid } from './uuid.js';
import { decodeUtf8, MalformedMessageError, WireReader } from './wire.js';

/** What the writer of an append believes about the stream: its last revision, or one of the three words. */
export type ExpectedRevision = bigint | 'no_stream' | 'any' | 'stream_exists';

/** An event as proposed by a client; fields that the protocol requires may still be missing. */
export interface ProposedEvent {
  id: Buffer | undefined;
  type: string | undefined;
  contentType: string | undefined;
  customMetadata: Buffer;
  data: Buffer;
}

export interface AppendOptions {
  stream: string;
  expected: ExpectedRevision | undefined;
}

export interface BatchAppendOptions extends AppendOptions {
  /** Milliseconds since the UNIX epoch. */
  deadline: number | undefined;
}

/** A message of Streams.Append: either the options (first) or one event. */
export interface AppendRequest {
  options?: AppendOptions;
  event?: ProposedEvent;
}

/** A message of Streams.BatchAppend: a chunk of the append named by its correlation id. */
export interface BatchAppendChunk {
  correlationId: Buffer | undefined;
  options: BatchAppendOptions | undefined;
  events: ProposedEvent[];
  isFinal: boolean;
}

const NOTHING = Buffer.alloc(0);
/** More are refused before they take memory: an empty event is two bytes on the wire. No append may have as many. */
export const MAX_CHUNK_EVENTS = 16_384;

/** @throws MalformedMessageError */
export function decodeAppendRequest(message: Buffer): AppendRequest {
  const reader = new WireReader(message);
  const request: AppendRequest = {};
  while (reader.next()) {
    if (reader.field === 1) request.options = decodeOptions(reader.bytes(), 0);
    else if (reader.field === 2) request.event = decodeProposed(reader.bytes());
    else reader.skip();
  }
  return request;
}

/** @param now milliseconds since the UNIX epoch, to turn a relative deadline into an instant @throws MalformedMessageError */
export function decodeBatchAppendChunk(message: Buffer, now: number): BatchAppendChunk {
  const reader = new WireReader(message);
  const chunk: BatchAppendChunk = { correlationId: undefined, options: undefined, events: [], isFinal: false };
  while (reader.next()) {
    if (reader.field === 1) chunk.correlationId = decodeUuid(reader.bytes());
    else if (reader.field === 2) chunk.options = decodeOptions(reader.bytes(), now);
    else if (reader.field === 3) {
      if (chunk.events.length === MAX_CHUNK_EVENTS)
        throw new MalformedMessageError(`a chunk has more than ${MAX_CHUNK_EVENTS} events`);
      chunk.events.push(decodeProposed(reader.bytes()));
    } else if (reader.field === 4) chunk.isFinal = reader.uint64() !== 0n;
    else reader.skip();
  }
  return chunk;
}

/** The options of Append, Delete, Tombstone and BatchAppend share their numbers; 6 and 7 occur in BatchAppend only. */
export function decodeOptions(message: Buffer, now: number): BatchAppendOptions {
  const reader = new WireReader(message);
  const options: BatchAppendOptions = { stream: '', expected: undefined, deadline: undefined };
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        options.stream = decodeStreamIdentifier(reader.bytes());
        break;
      case 2:
        options.expected = reader.uint64();
        break;
      case 3:
        options.expected = setFlag(reader, 'no_stream');
        break;
      case 4:
        options.expected = setFlag(reader, 'any');
        break;
      case 5:
        options.expected = setFlag(reader, 'stream_exists');
        break;
      case 6:
        options.deadline = decodeSeconds(reader.bytes());
        break;
      case 7:
        options.deadline = now + decodeSeconds(reader.bytes());
        break;
      default:
        reader.skip();
    }
  }
  return options;
}

function setFlag<T extends ExpectedRevision>(reader: WireReader, value: T): T {
  reader.skip();
  return value;
}

function decodeStreamIdentifier(message: Buffer): string {
  const reader = new WireReader(message);
  let name = '';
  while (reader.next()) {
    if (reader.field === 3) name = decodeUtf8(reader.bytes());
    else reader.skip();
  }
  return name;
}

/** google.protobuf.Timestamp and Duration alike, in milliseconds. */
function decodeSeconds(message: Buffer): number {
  const reader = new WireReader(message);
  let seconds = 0;
  let nanoseconds = 0;
  while (reader.next()) {
    if (reader.field === 1) seconds = Number(BigInt.asIntN(64, reader.uint64()));
    else if (reader.field === 2) nanoseconds = Number(BigInt.asIntN(64, reader.uint64()));
    else reader.skip();
  }
  return seconds * 1000 + nanoseconds / 1e6;
}

function decodeProposed(message: Buffer): ProposedEvent {
  const reader = new WireReader(message);
  const event: ProposedEvent = { id: undefined, type: undefined, contentType: undefined, customMetadata: NOTHING, data: NOTHING };
  while (reader.next()) {
    if (reader.field === 1) event.id = decodeUuid(reader.bytes());
    else if (reader.field === 2) decodeMetadataEntry(reader.bytes(), event);
    else if (reader.field === 3) event.customMetadata = reader.bytes();
    else if (reader.field === 4) event.data = reader.bytes();
    else reader.skip();
  }
  return event;
}

function decodeMetadataEntry(message: Buffer, event: ProposedEvent): void {
  const reader = new WireReader(message);
  let key = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) value = reader.text();
    else reader.skip();
  }
  if (key === 'type') event.type = value;
  else if (key === 'content-type') event.contentType = value;
}
