import { isLink } from '../storage/log-reader.js';
import type { StoredRecord } from '../storage/record.js';
import { encodeReadEvent } from '../wire/read-response.js';
import type { ServiceContext } from './context.js';
import type { ReadRequest } from './read-request.js';

/** A page of a read: long enough to be quick, short enough not to hold up other calls, or memory while its reader pauses. */
export const PAGE = { count: 64, bytes: 256 * 1024 };

/** The message for an event; links are resolved if the reader asked for it. */
export function present(context: ServiceContext, request: ReadRequest, record: StoredRecord): Buffer {
  if (!request.resolveLinks || !isLink(record)) return encodeReadEvent(record, undefined, request.uuidForm);
  return encodeReadEvent(context.log.reader.linkTarget(record, context.now()), record, request.uuidForm);
}
