import { isAscii } from 'node:buffer';

/** Thrown when bytes are not a well-formed protocol buffer message; services answer INVALID_ARGUMENT. */
export class MalformedMessageError extends Error {}

const TWO_32 = 0x1_0000_0000;

/** Bytes that `value`, an integer from 0 to 2^53-1, takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/**
 * Appends protocol buffer fields to one buffer of a size fixed beforehand. google-protobuf builds a message through
 * arrays of bytes and costs more than everything else a read or an append does; this writes each byte once.
 */
export class WireWriter {
  private offset = 0;
  private readonly buffer: Buffer;

  /** @param capacity upper bound of the bytes to be written; writing more throws a RangeError */
  constructor(capacity: number, start = 0) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
    this.offset = start;
  }

  /** Writes an integer from 0 to 2^53-1. */
  varint(value: number): this {
    let rest = value;
    while (rest >= TWO_32) {
      this.buffer[this.offset++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    rest >>>= 0;
    while (rest >= 0x80) {
      this.buffer[this.offset++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.offset++] = rest;
    return this;
  }

  /** Writes an unsigned 64-bit integer. */
  varint64(value: bigint): this {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.buffer[this.offset++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.offset++] = Number(rest);
    return this;
  }

  /** Tag and value of a varint field; zero is written too. */
  varintField(field: number, value: number): this {
    return this.varint(field << 3).varint(value);
  }

  /** Tag and length of a length-delimited field whose content the caller writes next. */
  header(field: number, length: number): this {
    return this.varint((field << 3) | 2).varint(length);
  }

  /** A length-delimited field. */
  bytesField(field: number, value: Uint8Array): this {
    return this.header(field, value.length).raw(value);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): this {
    this.buffer.set(value, this.offset);
    this.offset += value.length;
    return this;
  }

  /** The bytes written, sharing memory with the writer. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.offset);
  }
}

/** One pass over the fields of a protocol buffer message; unknown fields are skipped with `skip`. */
export class WireReader {
  /** Number and wire type of the field that `next` stopped at. */
  field: number;
  wireType: number;
  private offset = 0;

  constructor(private readonly buffer: Buffer) {
    this.field = 0;
    this.wireType = 0;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.offset >= this.buffer.length) return false;
    const tag = this.length();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    return true;
  }

  /** The varint at the current field as unsigned 64-bit integer. */
  uint64(): bigint {
    if (this.wireType !== 0) throw this.unexpectedWireType();
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new MalformedMessageError('a varint is longer than ten bytes');
  }

  /** The content of a length-delimited field, sharing memory with the message. */
  bytes(): Buffer {
    if (this.wireType !== 2) throw this.unexpectedWireType();
    const length = this.length();
    const start = this.offset;
    if (start + length > this.buffer.length) throw new MalformedMessageError('a field is longer than its message');
    this.offset = start + length;
    return this.buffer.subarray(start, this.offset);
  }

  /** The content of a string field. @throws MalformedMessageError when it is not UTF-8 */
  text(): string {
    return decodeUtf8(this.bytes());
  }

  /** Skips the value of the current field. */
  skip(): void {
    if (this.wireType === 0) this.uint64();
    else if (this.wireType === 2) this.bytes();
    else if (this.wireType === 1) this.offset += 8;
    else if (this.wireType === 5) this.offset += 4;
    else throw new MalformedMessageError(`wire type ${this.wireType} is not supported`);
    if (this.offset > this.buffer.length) throw new MalformedMessageError('a field is longer than its message');
  }

  /** A tag or a length: at most 31 bits, without the detour over bigint. */
  private length(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      // Bits beyond the 31st would be lost without a trace.
      if (shift === 28 && byte > 0x07) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedMessageError('a tag or a length is out of range');
  }

  private unexpectedWireType(): MalformedMessageError {
    return new MalformedMessageError(`field ${this.field} has an unexpected wire type`);
  }

  private byte(): number {
    const byte = this.buffer[this.offset++];
    if (byte === undefined) throw new MalformedMessageError('the message ends inside a varint');
    return byte;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws MalformedMessageError when the bytes are not UTF-8: a replacement character would silently rename a stream */
export function decodeUtf8(bytes: Buffer): string {
  // Far quicker than the decoder for what names mostly are.
  if (isAscii(bytes)) return bytes.toString('latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedMessageError('a name is not valid UTF-8');
  }
}
