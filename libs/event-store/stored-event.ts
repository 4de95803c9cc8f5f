import { DecodedEvent } from './decode.js';
import { type NewEvent, type StoredEvent, StoreUnavailableError } from './port.js';

/** An event as the client gives it. */
interface ReadEvent {
  readonly id: string;
  readonly streamId: string;
  readonly revision: bigint;
  readonly position?: { readonly commit: bigint } | undefined;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  readonly created: Date;
}

/** What a read has given, event or not. @throws StoreUnavailableError when an event lacks what nobody can do without */
export function storedEventOf(given: { readonly event?: ReadEvent | undefined } | DecodedEvent): StoredEvent | undefined {
  if (given instanceof DecodedEvent) return given.stored;
  return given.event && storedEvent(given.event);
}

function storedEvent({ streamId, position, created, ...event }: ReadEvent): StoredEvent {
  if (!position) throw new StoreUnavailableError('an event came without its position');
  const { id, revision, type, data, metadata } = event;
  return { id, stream: streamId, revision, position: position.commit, type, data, metadata, created: created.getTime() };
}

/** The client would neither settle nor reject an append whose event it can not write. @throws TypeError */
export function assertJson({ data, metadata }: NewEvent): void {
  if (JSON.stringify(data) === undefined || JSON.stringify(metadata) === undefined)
    throw new TypeError('the data and metadata of an event must be JSON');
}
