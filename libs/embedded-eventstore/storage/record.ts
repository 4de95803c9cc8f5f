import { crc32 } from 'node:zlib';
import { uuidToText } from '../wire/uuid.js';
import { decodeUtf8, varintSize, WireReader, WireWriter } from '../wire/wire.js';

/**
 * A record of the log: a fixed header, the stream's name, the event's type, and the RecordedEvent message exactly as
 * readers get it. It is encoded once, when the event is appended; a read only copies it.
 *
 *   0 u32 CRC-32 of everything after it       4 u8 format      5 u8 flags      6 u16 type length
 *   8 u16 stream length        10 u48 stream number      16 f64 created (ms since the UNIX epoch)
 *  24 f64 revision             32 id (16 bytes)          48 stream, type, RecordedEvent
 *
 * An event has one encoding in a format: `verify` encodes it again and compares. Other bytes need another format.
 */
const FORMAT = 1;
const HEADER = 48;
const FLAG_JSON = 1;
const CRC_FROM = 4;

/** Stored in place of 2^63-1, the revision of a tombstone, which a double can not hold. */
export const TOMBSTONE_REVISION = Number.MAX_SAFE_INTEGER;
const TOMBSTONE_ON_THE_WIRE = 0x7fff_ffff_ffff_ffffn;

/** Longest stream name and event type, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 0xffff;

/** Thrown when stored bytes are not what was written: a damaged disk or a file of another version. */
export class DamagedRecordError extends Error {}

export interface NewRecord {
  position: number;
  streamNumber: number;
  stream: string;
  revision: number;
  type: string;
  id: Buffer;
  isJson: boolean;
  /** Milliseconds since the UNIX epoch. */
  created: number;
  customMetadata: Buffer;
  data: Buffer;
}

const KEY_TYPE = Buffer.from('type');
const KEY_CREATED = Buffer.from('created');
const KEY_CONTENT_TYPE = Buffer.from('content-type');
const JSON_CONTENT = Buffer.from('application/json');
const BINARY_CONTENT = Buffer.from('application/octet-stream');

/** Encodes an event for the log. @throws RangeError when stream or type exceed MAX_NAME_BYTES */
export function encodeRecord(record: NewRecord): StoredRecord {
  const stream = Buffer.from(record.stream);
  const type = Buffer.from(record.type);
  if (stream.length > MAX_NAME_BYTES || type.length > MAX_NAME_BYTES) throw new RangeError('a name is too long');
  const writer = new WireWriter(
    HEADER + 2 * stream.length + 2 * type.length + record.customMetadata.length + record.data.length + 256,
    HEADER,
  );
  writer.raw(stream).raw(type);
  writeRecordedEvent(writer, record, stream, type);
  const bytes = writer.finish();
  bytes[4] = FORMAT;
  bytes[5] = record.isJson ? FLAG_JSON : 0;
  bytes.writeUInt16LE(type.length, 6);
  bytes.writeUInt16LE(stream.length, 8);
  bytes.writeUIntLE(record.streamNumber, 10, 6);
  bytes.writeDoubleLE(record.created, 16);
  bytes.writeDoubleLE(record.revision, 24);
  record.id.copy(bytes, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(CRC_FROM)), 0);
  return new StoredRecord(record.position, bytes, record.stream, record.type);
}

function writeRecordedEvent(writer: WireWriter, record: NewRecord, stream: Buffer, type: Buffer): void {
  const id = Buffer.from(uuidToText(record.id), 'latin1');
  writer.header(1, id.length + 2).bytesField(2, id);
  writer.header(2, fieldSize(stream)).bytesField(3, stream);
  if (record.revision === TOMBSTONE_REVISION) writer.varint(3 << 3).varint64(TOMBSTONE_ON_THE_WIRE);
  else writer.varintField(3, record.revision);
  writer.varintField(4, record.position).varintField(5, record.position);
  writeMapEntry(writer, KEY_TYPE, type);
  // Ticks of 100 ns, as EventStoreDB has it.
  writeMapEntry(writer, KEY_CREATED, Buffer.from(`${record.created}0000`, 'latin1'));
  writeMapEntry(writer, KEY_CONTENT_TYPE, record.isJson ? JSON_CONTENT : BINARY_CONTENT);
  if (record.customMetadata.length > 0) writer.bytesField(7, record.customMetadata);
  if (record.data.length > 0) writer.bytesField(8, record.data);
}

function writeMapEntry(writer: WireWriter, key: Buffer, value: Buffer): void {
  writer
    .header(6, fieldSize(key) + fieldSize(value))
    .bytesField(1, key)
    .bytesField(2, value);
}

/** Bytes of a length-delimited field with a number below 16. */
function fieldSize(value: Uint8Array): number {
  return 1 + varintSize(value.length) + value.length;
}

/** An event in the log. Names are decoded when first asked for: most records are only passed on. */
export class StoredRecord {
  constructor(
    /** Commit and prepare position alike. */
    readonly position: number,
    readonly bytes: Buffer,
    private streamName?: string,
    private typeName?: string,
  ) {}

  /** @throws DamagedRecordError when format or checksum are wrong */
  static decode(position: number, bytes: Buffer): StoredRecord {
    if (bytes.length < HEADER || bytes[4] !== FORMAT) {
      throw new DamagedRecordError(`the record at position ${position} has an unknown format`);
    }
    if (crc32(bytes.subarray(CRC_FROM)) !== bytes.readUInt32LE(0)) {
      throw new DamagedRecordError(`the record at position ${position} is damaged: its checksum does not match`);
    }
    return new StoredRecord(position, bytes);
  }

  get stream(): string {
    this.streamName ??= decodeUtf8(this.bytes.subarray(HEADER, HEADER + this.streamLength));
    return this.streamName;
  }

  get type(): string {
    const start = HEADER + this.streamLength;
    this.typeName ??= decodeUtf8(this.bytes.subarray(start, start + this.typeLength));
    return this.typeName;
  }

  get streamNumber(): number {
    return this.bytes.readUIntLE(10, 6);
  }

  /** Milliseconds since the UNIX epoch. */
  get created(): number {
    return this.bytes.readDoubleLE(16);
  }

  /** TOMBSTONE_REVISION for a tombstone. */
  get revision(): number {
    return this.bytes.readDoubleLE(24);
  }

  get id(): Buffer {
    return this.bytes.subarray(32, HEADER);
  }

  /** The id as map key: cheaper to make and to hold than the text form. */
  get idKey(): string {
    return this.id.toString('latin1');
  }

  /** The RecordedEvent message as sent to readers. */
  get recordedEvent(): Buffer {
    return this.bytes.subarray(HEADER + this.streamLength + this.typeLength);
  }

  get isJson(): boolean {
    return (this.bytes[5]! & FLAG_JSON) !== 0;
  }

  /** The event's payload. */
  get data(): Buffer {
    return this.messageField(8);
  }

  get customMetadata(): Buffer {
    return this.messageField(7);
  }

  /** Where the record after this one goes: positions are strictly increasing and look like offsets into a file. */
  get nextPosition(): number {
    return this.position + this.bytes.length;
  }

  private messageField(field: number): Buffer {
    const reader = new WireReader(this.recordedEvent);
    while (reader.next()) {
      if (reader.field === field) return reader.bytes();
      reader.skip();
    }
    return Buffer.alloc(0);
  }

  private get streamLength(): number {
    return this.bytes.readUInt16LE(8);
  }

  private get typeLength(): number {
    return this.bytes.readUInt16LE(6);
  }
}
