import { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { encodeReadEvent } from '../wire/read-response.js';
import { uuidToText } from '../wire/uuid.js';
import { DamagedRecordError, encodeRecord, MAX_NAME_BYTES, type NewRecord, StoredRecord, TOMBSTONE_REVISION } from './record.js';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const newRecord: fc.Arbitrary<NewRecord> = fc.record({
  position: fc.maxSafeNat(),
  streamNumber: fc.nat(),
  stream: name,
  revision: fc.maxSafeNat(),
  type: name,
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array)),
  isJson: fc.boolean(),
  created: fc.integer({ min: 1, max: 8.64e15 }),
  customMetadata: bytes(60),
  data: bytes(300),
});
const example: NewRecord = {
  position: 64,
  streamNumber: 1,
  stream: '惠才-1',
  revision: 0,
  type: 'CardIssued',
  id: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
  isJson: true,
  created: 1_790_000_000_000,
  customMetadata: Buffer.from('{}'),
  data: Buffer.from('{"a":1}'),
};

test('a record read back has every field as it was written', () => {
  fc.assert(
    fc.property(newRecord, (record) => {
      const read = StoredRecord.decode(record.position, encodeRecord(record).bytes);
      const { position, streamNumber, stream, revision, type, id, created, data } = read;
      const { isJson, customMetadata, ...expected } = record;
      expect({ position, streamNumber, stream, revision, type, id, created, data }).toEqual(expected);
    }),
  );
});

test('what readers get decodes to the same event', () => {
  fc.assert(
    fc.property(newRecord, (record) => {
      const message = ReadResp.deserializeBinary(encodeReadEvent(encodeRecord(record), undefined, 'string')).getEvent()!;
      const event = message.getEvent()!;
      expect(message.getCommitPosition()).toBe(String(record.position));
      expect(event.getId()?.getString()).toBe(uuidToText(record.id));
      expect(Buffer.from(event.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(record.stream);
      const onTheWire = record.revision === TOMBSTONE_REVISION ? 2n ** 63n - 1n : record.revision;
      expect(event.getStreamRevision()).toBe(String(onTheWire));
      expect(event.getCommitPosition()).toBe(String(record.position));
      expect(event.getPreparePosition()).toBe(String(record.position));
      expect(event.getMetadataMap().get('type')).toBe(record.type);
      expect(event.getMetadataMap().get('created')).toBe(`${record.created}0000`);
      expect(event.getMetadataMap().get('content-type')).toBe(record.isJson ? 'application/json' : 'application/octet-stream');
      expect(Buffer.from(event.getCustomMetadata_asU8())).toEqual(record.customMetadata);
      expect(Buffer.from(event.getData_asU8())).toEqual(record.data);
    }),
  );
});

test('a reader that asks for structured ids gets the same 16 bytes as two halves', () => {
  fc.assert(
    fc.property(newRecord, (record) => {
      const event = ReadResp.deserializeBinary(encodeReadEvent(undefined, encodeRecord(record), 'structured'))
        .getEvent()!
        .getLink()!;
      const halves = event.getId()!.getStructured()!;
      const id = Buffer.alloc(16);
      id.writeBigInt64BE(BigInt(halves.getMostSignificantBits()), 0);
      id.writeBigInt64BE(BigInt(halves.getLeastSignificantBits()), 8);
      expect(id).toEqual(record.id);
      expect(Buffer.from(event.getData_asU8())).toEqual(record.data);
    }),
  );
});

test('a tombstone carries the highest 63-bit revision', () => {
  const record = encodeRecord({ ...example, revision: TOMBSTONE_REVISION });
  const event = ReadResp.deserializeBinary(encodeReadEvent(record, undefined, 'string'))
    .getEvent()!
    .getEvent()!;
  expect(event.getStreamRevision()).toBe('9223372036854775807');
  expect(record.revision).toBe(TOMBSTONE_REVISION);
});

test('any changed byte is noticed', () => {
  const { bytes: stored } = encodeRecord(example);
  for (let index = 0; index < stored.length; index++) {
    const damaged = Buffer.from(stored);
    damaged[index]! ^= 0x40;
    expect(() => StoredRecord.decode(64, damaged)).toThrow(DamagedRecordError);
  }
});

test('a record cut short is noticed', () => {
  const { bytes: stored } = encodeRecord(example);
  for (const length of [0, 1, 47, 48, stored.length - 1]) {
    expect(() => StoredRecord.decode(64, stored.subarray(0, length))).toThrow(DamagedRecordError);
  }
});

test('names that do not fit are refused before anything is written', () => {
  expect(() => encodeRecord({ ...example, type: 'x'.repeat(MAX_NAME_BYTES + 1) })).toThrow(RangeError);
  expect(encodeRecord({ ...example, type: 'x'.repeat(MAX_NAME_BYTES) }).type).toHaveLength(MAX_NAME_BYTES);
});
