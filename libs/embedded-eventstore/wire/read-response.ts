import type { StoredRecord } from '../storage/record.js';
import { encodeStructuredUuid } from './uuid.js';
import { varintSize, WireWriter } from './wire.js';

/** How the reader wants event ids: text, or two 64-bit halves. */
export type UuidForm = 'string' | 'structured';

/** Length of the UUID field every stored RecordedEvent begins with (see `encodeRecord`). */
const TEXT_ID_FIELD = 40;

/** ReadResp with one event; `event` is absent when a link could not be resolved. */
export function encodeReadEvent(event: StoredRecord | undefined, link: StoredRecord | undefined, form: UuidForm): Buffer {
  const position = (link ?? event)?.position ?? 0;
  const eventBody = event && recordedEvent(event, form);
  const linkBody = link && recordedEvent(link, form);
  const length = fieldSize(eventBody) + fieldSize(linkBody) + 1 + varintSize(position);
  const writer = new WireWriter(1 + varintSize(length) + length).header(1, length);
  if (eventBody) writer.bytesField(1, eventBody);
  if (linkBody) writer.bytesField(2, linkBody);
  return writer.varintField(3, position).finish();
}

/** ReadResp that confirms a subscription. */
export function encodeConfirmation(subscriptionId: string): Buffer {
  const id = Buffer.from(subscriptionId);
  return new WireWriter(id.length + 8)
    .header(2, id.length + 1 + varintSize(id.length))
    .bytesField(1, id)
    .finish();
}

/** ReadResp with a checkpoint of a filtered subscription. */
export function encodeCheckpoint(position: number): Buffer {
  return new WireWriter(24)
    .header(3, 2 * (1 + varintSize(position)))
    .varintField(1, position)
    .varintField(2, position)
    .finish();
}

/** ReadResp that says the stream does not exist. */
export function encodeStreamNotFound(stream: string): Buffer {
  const name = Buffer.from(stream);
  const identifier = new WireWriter(name.length + 8).bytesField(3, name).finish();
  const notFound = new WireWriter(identifier.length + 8).bytesField(1, identifier).finish();
  return new WireWriter(notFound.length + 8).bytesField(4, notFound).finish();
}

/** ReadResp that says a subscription has reached the end and is live. */
export function encodeCaughtUp(): Buffer {
  return new WireWriter(2).header(8, 0).finish();
}

function fieldSize(body: Buffer | undefined): number {
  return body ? 1 + varintSize(body.length) + body.length : 0;
}

function recordedEvent(record: StoredRecord, form: UuidForm): Buffer {
  if (form === 'string') return record.recordedEvent;
  const id = encodeStructuredUuid(record.id);
  const rest = record.recordedEvent.subarray(TEXT_ID_FIELD);
  return new WireWriter(id.length + 2 + rest.length).bytesField(1, id).raw(rest).finish();
}
