import { varintSize, WireWriter } from './wire.js';

/** Where the last event of an append is: revision -1 in an empty stream, no position if nothing was ever written. */
export interface WrittenAt {
  revision: number;
  position: number | undefined;
}

const CORRELATION_ID = 1;
/** Longest of the fields 1 to 4 of a Success, with room to spare. */
const SUCCESS_BYTES = 64;

/** AppendResp of an append that was made. */
export function encodeAppendSuccess(written: WrittenAt): Buffer {
  const success = encodeSuccess(written);
  return new WireWriter(success.length + 2).bytesField(1, success).finish();
}

/** BatchAppendResp of an append that was made. @param id the append's correlation id, text form */
export function encodeBatchSuccess(id: string, stream: string, written: WrittenAt): Buffer {
  const text = Buffer.from(id);
  const success = encodeSuccess(written);
  const name = Buffer.from(stream);
  const nameSize = 1 + varintSize(name.length) + name.length;
  // Clients dereference both id and stream of every answer.
  return new WireWriter(text.length + success.length + nameSize + 16)
    .header(CORRELATION_ID, 1 + varintSize(text.length) + text.length)
    .bytesField(2, text)
    .bytesField(3, success)
    .header(4, nameSize)
    .bytesField(3, name)
    .finish();
}

/** The message Success, whose fields are the same in both answers. */
function encodeSuccess({ revision, position }: WrittenAt): Buffer {
  const writer = new WireWriter(SUCCESS_BYTES);
  if (revision < 0) writer.header(2, 0);
  else writer.varintField(1, revision);
  if (position === undefined) return writer.header(4, 0).finish();
  return writer
    .header(3, 2 * (1 + varintSize(position)))
    .varintField(1, position)
    .varintField(2, position)
    .finish();
}
