import { decodeUuid, uuidToText } from '../wire/uuid.js';
import { MalformedMessageError, WireReader } from '../wire/wire.js';

/** Which append a chunk belongs to when the rest of it is malformed; `undefined` when not even that can be read. */
export function decodeChunkIdentity(message: Buffer): { id: string; isFinal: boolean } | undefined {
  const reader = new WireReader(message);
  let id: Buffer | undefined;
  let isFinal = false;
  try {
    while (reader.next()) {
      if (reader.field === 1) id = decodeUuid(reader.bytes());
      else if (reader.field === 4) isFinal = reader.uint64() !== 0n;
      else reader.skip();
    }
  } catch (error) {
    if (error instanceof MalformedMessageError) return undefined;
    throw error;
  }
  return id && { id: uuidToText(id), isFinal };
}
