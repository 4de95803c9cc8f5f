import type { StoredEvent } from './port.js';

/** An event taken from the bytes of its message, in the place of what the client would have made of them. */
export class DecodedEvent {
  constructor(readonly stored: StoredEvent) {}
}

/** Fields of the messages of a read, as the protocol numbers them. */
const EVENT_OF_RESPONSE = 1;
const RECORD_OF_EVENT = 1;
const POSITION_OF_EVENT = 3;
const ID = 1;
const STREAM = 2;
const REVISION = 3;
const PREPARED = 4;
const COMMITTED = 5;
const SYSTEM_METADATA = 6;
const METADATA = 7;
const DATA = 8;
const UUID_AS_TEXT = 2;
const STREAM_NAME = 3;

/**
 * Decodes a message of a read that carries one event with JSON in it, without the objects that google-protobuf and the client make
 * on the way. Reading is most of what a rebuild does.
 *
 * @returns undefined for any message that is not plainly that: the client decodes it, or finds what is wrong with it
 */
export function decodeEvent(message: Buffer): DecodedEvent | undefined {
  try {
    return new Decoder(message).response();
  } catch (error) {
    if (error instanceof NotPlain || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class NotPlain extends Error {}
const notPlain = new NotPlain();

class Decoder {
  private at = 0;
  private id: string | undefined;
  private stream: string | undefined;
  // A zero is not sent.
  private revision = 0n;
  private position = 0n;
  private type: string | undefined;
  private created: number | undefined;
  private isJson = false;
  private metadata: unknown;
  private data: unknown;

  constructor(private readonly bytes: Buffer) {}

  response(): DecodedEvent {
    if (this.fieldOf(2) !== EVENT_OF_RESPONSE || this.end() !== this.bytes.length) throw notPlain;
    if (this.fieldOf(2) !== RECORD_OF_EVENT) throw notPlain;
    this.record(this.end());
    // No link, which would come between.
    if (this.at < this.bytes.length && this.fieldOf(0) !== POSITION_OF_EVENT) throw notPlain;
    if (this.at < this.bytes.length) this.uint64();
    const { id, stream, revision, position, type, data, metadata, created } = this;
    if (this.at !== this.bytes.length || !this.isJson || data === undefined) throw notPlain;
    if (id === undefined || stream === undefined || type === undefined || created === undefined) throw notPlain;
    return new DecodedEvent({ id, stream, revision, position, type, data, metadata, created });
  }

  private record(end: number): void {
    while (this.at < end) {
      const tag = this.varint();
      if (tag === ((REVISION << 3) | 0)) this.revision = this.uint64();
      else if (tag === ((COMMITTED << 3) | 0)) this.position = this.uint64();
      else if (tag === ((PREPARED << 3) | 0)) this.uint64();
      else if (tag === ((SYSTEM_METADATA << 3) | 2)) this.entry(this.end());
      else if (tag === ((ID << 3) | 2)) this.id = this.only(UUID_AS_TEXT, this.end());
      else if (tag === ((STREAM << 3) | 2)) this.stream = this.only(STREAM_NAME, this.end());
      else if (tag === ((METADATA << 3) | 2)) this.metadata = this.json(this.end(), undefined);
      else if (tag === ((DATA << 3) | 2)) this.data = this.json(this.end(), notPlain);
      else throw notPlain;
    }
    if (this.at !== end) throw notPlain;
  }

  /** What the server itself keeps of an event: its type, when it was written, and of what form its data is. */
  private entry(end: number): void {
    if (this.fieldOf(2) !== 1) throw notPlain;
    const key = this.name(this.end());
    if (this.fieldOf(2) !== 2) throw notPlain;
    const value = this.name(this.end());
    if (this.at !== end) throw notPlain;
    if (key === 'type') this.type = value;
    else if (key === 'content-type') this.isJson = value === 'application/json';
    else if (key === 'created') {
      // Ticks of 100 ns need more than the 53 bits of a number; the four digits left out are less than a millisecond.
      if (!/^\d{5,20}$/.test(value)) throw notPlain;
      this.created = Number(value.slice(0, -4));
    }
  }

  /** The one field of a message. */
  private only(field: number, end: number): string {
    if (this.fieldOf(2) !== field || this.end() !== end) throw notPlain;
    return this.name(end);
  }

  private json(end: number, ofNothing: NotPlain | undefined): unknown {
    if (end === this.at && ofNothing) throw ofNothing;
    return end === this.at ? undefined : JSON.parse(this.text(end));
  }

  private text(end: number): string {
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }

  /** What google-protobuf takes as text, and has ways of its own with when it is not. */
  private name(end: number): string {
    const name = this.text(end);
    if (name.includes('\ufffd')) throw notPlain;
    return name;
  }

  /** Number of the field that stands here, which must be of a wire type. */
  private fieldOf(wireType: number): number {
    const tag = this.varint();
    if ((tag & 7) !== wireType) throw notPlain;
    return tag >>> 3;
  }

  /** Where the content ends that has its length here. */
  private end(): number {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.bytes.length) throw notPlain;
    return end;
  }

  /** An unsigned integer of at most 53 bits. */
  private varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw notPlain;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw notPlain;
        return value;
      }
    }
    throw notPlain;
  }

  private uint64(): bigint {
    return BigInt(this.varint());
  }
}
