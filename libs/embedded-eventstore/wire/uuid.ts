import { decodeUtf8, MalformedMessageError, WireReader, WireWriter } from './wire.js';

const CANONICAL = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The 16 bytes of a UUID in text form, hyphens optional. @throws MalformedMessageError when it is none */
export function uuidFromText(text: string): Buffer {
  if (!CANONICAL.test(text)) throw new MalformedMessageError('an id is not a UUID');
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** Lower-case text form of 16 bytes. */
export function uuidToText(id: Buffer): string {
  const hex = id.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Values of the hexadecimal digits by their ASCII codes, -1 for everything else. */
const DIGITS = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
  DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}
const HYPHEN = 0x2d;

/** The form that clients send, read without a detour over text: every event and every append has one. */
function parseCanonical(text: Buffer): Buffer | undefined {
  if (text.length !== 36) return undefined;
  const id = Buffer.allocUnsafe(16);
  let at = 0;
  for (let n = 0; n < 16; n++) {
    if (n === 4 || n === 6 || n === 8 || n === 10) if (text[at++] !== HYPHEN) return undefined;
    const high = DIGITS[text[at++]!]!;
    const low = DIGITS[text[at++]!]!;
    if ((high | low) < 0) return undefined;
    id[n] = (high << 4) | low;
  }
  return id;
}

/** Decodes event_store.client.UUID in either of its forms; `undefined` when neither is set. */
export function decodeUuid(message: Buffer): Buffer | undefined {
  const reader = new WireReader(message);
  let id: Buffer | undefined;
  while (reader.next()) {
    if (reader.field === 2) {
      const text = reader.bytes();
      id = text.length === 0 ? undefined : (parseCanonical(text) ?? uuidFromText(decodeUtf8(text)));
    } else if (reader.field === 1) id = decodeStructured(reader.bytes());
    else reader.skip();
  }
  return id;
}

function decodeStructured(message: Buffer): Buffer {
  const reader = new WireReader(message);
  const id = Buffer.alloc(16);
  while (reader.next()) {
    if (reader.field === 1) id.writeBigUInt64BE(reader.uint64(), 0);
    else if (reader.field === 2) id.writeBigUInt64BE(reader.uint64(), 8);
    else reader.skip();
  }
  return id;
}

/** event_store.client.UUID as two signed 64-bit halves, for readers that ask for `structured`. */
export function encodeStructuredUuid(id: Buffer): Buffer {
  const halves = new WireWriter(24)
    .varint((1 << 3) | 0)
    .varint64(id.readBigUInt64BE(0))
    .varint((2 << 3) | 0)
    .varint64(id.readBigUInt64BE(8))
    .finish();
  return new WireWriter(halves.length + 2).bytesField(1, halves).finish();
}
