import { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { encodeRecord } from '../storage/record.js';
import { decodeAppendRequest, decodeBatchAppendChunk, type ExpectedRevision, type ProposedEvent } from './append-request.js';
import { encodeAppendSuccess, encodeBatchSuccess } from './append-response.js';
import { encodeCaughtUp, encodeCheckpoint, encodeConfirmation, encodeReadEvent, encodeStreamNotFound } from './read-response.js';
import { decodeUuid, encodeStructuredUuid, uuidFromText, uuidToText } from './uuid.js';
import { WireWriter } from './wire.js';

/** A message of fields in any order, any of them missing, repeated, or unknown to the reader. */
function message(...fields: fc.Arbitrary<Buffer>[]): fc.Arbitrary<Buffer> {
  const unknown = fc.tuple(fc.integer({ min: 20, max: 5000 }), fc.uint8Array({ maxLength: 9 }));
  const unread = unknown.map(([field, value]) => new WireWriter(40).bytesField(field, value).finish());
  return fc.array(fc.oneof(...fields, unread), { maxLength: 10 }).map((parts) => Buffer.concat(parts));
}

const bytesField = (field: number, content: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> =>
  content.map((value) => new WireWriter(value.length + 12).bytesField(field, value).finish());
const integerField = (field: number, values: fc.Arbitrary<bigint>): fc.Arbitrary<Buffer> =>
  values.map((value) =>
    new WireWriter(24)
      .varint(field << 3)
      .varint64(value)
      .finish(),
  );
const textField = (field: number, values: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  bytesField(
    field,
    values.map((value) => Buffer.from(value)),
  );

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const name = fc.string({ unit: 'grapheme', maxLength: 12 });
const structured = message(integerField(1, uint64), integerField(2, uint64));
const uuid = message(textField(2, fc.uuid()), bytesField(1, structured));
const identifier = message(textField(3, name));
const seconds = message(
  integerField(1, fc.bigInt({ min: 0n, max: 10n ** 10n })),
  integerField(2, fc.bigInt({ min: 0n, max: 999_999_999n })),
);
const empty = fc.constant(new Uint8Array());
const options = message(
  bytesField(1, identifier),
  integerField(2, uint64),
  bytesField(3, empty),
  bytesField(4, empty),
  bytesField(5, empty),
);
const batchOptions = message(
  bytesField(1, identifier),
  integerField(2, uint64),
  bytesField(3, empty),
  bytesField(4, empty),
  bytesField(5, empty),
  bytesField(6, seconds),
);
const entry = fc
  .tuple(fc.constantFrom('type', 'content-type', 'other'), name)
  .map(([key, value]) => new WireWriter(200).bytesField(1, Buffer.from(key)).bytesField(2, Buffer.from(value)).finish());
const payload = fc.uint8Array({ maxLength: 40 });
const proposed = message(bytesField(1, uuid), bytesField(2, entry), bytesField(3, payload), bytesField(4, payload));

/** The id as google-protobuf has read it. */
function idOf(message: UUID | undefined): Buffer | undefined {
  if (message?.hasStructured()) {
    const id = Buffer.alloc(16);
    const halves = message.getStructured()!;
    id.writeBigInt64BE(BigInt.asIntN(64, BigInt(halves.getMostSignificantBits())), 0);
    id.writeBigInt64BE(BigInt.asIntN(64, BigInt(halves.getLeastSignificantBits())), 8);
    return id;
  }
  return message?.getString() ? uuidFromText(message.getString()) : undefined;
}

function eventOf(message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage): ProposedEvent {
  return {
    id: idOf(message.getId()),
    type: message.getMetadataMap().get('type'),
    contentType: message.getMetadataMap().get('content-type'),
    customMetadata: Buffer.from(message.getCustomMetadata_asU8()),
    data: Buffer.from(message.getData_asU8()),
  };
}

function expectedOf(message: AppendReq.Options): ExpectedRevision | undefined {
  if (message.hasRevision()) return BigInt(message.getRevision());
  if (message.hasNoStream()) return 'no_stream';
  if (message.hasAny()) return 'any';
  return message.hasStreamExists() ? 'stream_exists' : undefined;
}

function batchExpectedOf(message: BatchAppendReq.Options): ExpectedRevision | undefined {
  if (message.hasStreamPosition()) return BigInt(message.getStreamPosition());
  if (message.hasNoStream()) return 'no_stream';
  if (message.hasAny()) return 'any';
  return message.hasStreamExists() ? 'stream_exists' : undefined;
}

const streamOf = (message: AppendReq.Options | BatchAppendReq.Options): string =>
  Buffer.from(message.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString();

test('options of an append are read as google-protobuf reads them', () => {
  fc.assert(
    fc.property(options, (content) => {
      const bytes = new WireWriter(content.length + 12).bytesField(1, content).finish();
      const theirs = AppendReq.deserializeBinary(bytes).getOptions()!;
      expect(decodeAppendRequest(bytes).options).toMatchObject({ stream: streamOf(theirs), expected: expectedOf(theirs) });
    }),
    { numRuns: 1000 },
  );
});

test('an event of an append is read as google-protobuf reads it', () => {
  fc.assert(
    fc.property(proposed, (content) => {
      const bytes = new WireWriter(content.length + 12).bytesField(2, content).finish();
      const theirs = AppendReq.deserializeBinary(bytes).getProposedMessage()!;
      expect(decodeAppendRequest(bytes).event).toEqual(eventOf(theirs));
    }),
    { numRuns: 1000 },
  );
});

test('a chunk of a batch append is read as google-protobuf reads it', () => {
  const flag = integerField(4, fc.constantFrom(0n, 1n));
  const chunk = message(bytesField(1, uuid), bytesField(2, batchOptions), bytesField(3, proposed), flag);
  fc.assert(
    fc.property(chunk, (bytes) => {
      const theirs = BatchAppendReq.deserializeBinary(bytes);
      const theirOptions = theirs.getOptions();
      const deadline = theirOptions?.getDeadline();
      const ours = decodeBatchAppendChunk(bytes, 0);
      expect(ours.correlationId).toEqual(idOf(theirs.getCorrelationId()));
      expect(ours.isFinal).toBe(theirs.getIsFinal());
      expect(ours.events).toEqual(theirs.getProposedMessagesList().map(eventOf));
      expect(ours.options?.stream).toBe(theirOptions && streamOf(theirOptions));
      expect(ours.options?.expected).toEqual(theirOptions && batchExpectedOf(theirOptions));
      if (deadline) expect(ours.options?.deadline).toBeCloseTo(deadline.getSeconds() * 1000 + deadline.getNanos() / 1e6, 2);
      else expect(ours.options?.deadline).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test('an id is read from text in upper case and without hyphens, and from nothing else', () => {
  const text = (value: string) => new WireWriter(200).bytesField(2, Buffer.from(value)).finish();
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      for (const form of [id, id.toUpperCase(), id.replaceAll('-', '')]) expect(decodeUuid(text(form))).toEqual(uuidFromText(id));
    }),
  );
  const one = '0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0';
  for (const wrong of [`${one}0`, one.slice(1), one.replace('b', 'g'), one.replace('b', 'é'), one.replace('-4f50', '4-f50')]) {
    expect(() => decodeUuid(text(wrong))).toThrow('an id is not a UUID');
  }
  expect(decodeUuid(text(''))).toBeUndefined();
});

test('the answer to an append is read by google-protobuf as it is meant', () => {
  const position = fc.option(fc.integer({ min: 64, max: Number.MAX_SAFE_INTEGER }), { nil: undefined });
  const revision = fc.oneof(fc.integer({ min: -1, max: 2 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  fc.assert(
    fc.property(fc.uuid(), name, revision, position, (id, stream, number, at) => {
      const written = { revision: number, position: at };
      const batch = BatchAppendResp.deserializeBinary(encodeBatchSuccess(id, stream, written));
      expect(batch.getCorrelationId()?.getString()).toBe(id);
      expect(Buffer.from(batch.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(stream);
      const unary = AppendResp.deserializeBinary(encodeAppendSuccess(written));
      for (const success of [batch.getSuccess()!, unary.getSuccess()!]) {
        expect([success.hasNoStream(), success.hasCurrentRevision()]).toEqual([number < 0, number >= 0]);
        if (number >= 0) expect(success.getCurrentRevision()).toBe(String(number));
        expect([success.hasNoPosition(), success.hasPosition()]).toEqual([at === undefined, at !== undefined]);
        const found = success.getPosition();
        if (at !== undefined) expect([found?.getCommitPosition(), found?.getPreparePosition()]).toEqual([String(at), String(at)]);
      }
    }),
  );
});

test('ids keep their bytes in both forms', () => {
  fc.assert(
    fc.property(fc.uuid(), (text) => {
      const id = uuidFromText(text);
      expect(uuidToText(id)).toBe(text);
      // A field of a UUID in structured form, without its own tag and length.
      const field = encodeStructuredUuid(id);
      expect(idOf(UUID.deserializeBinary(field))).toEqual(id);
      expect(decodeUuid(field)).toEqual(id);
    }),
  );
});

test('answers are read by google-protobuf as they are meant', () => {
  const position = fc.integer({ min: 64, max: Number.MAX_SAFE_INTEGER });
  const revision = fc.nat();
  fc.assert(
    fc.property(
      name,
      name,
      fc.uuid(),
      position,
      revision,
      payload,
      payload,
      (stream, type, id, at, number, data, customMetadata) => {
        const common = { streamNumber: 1, stream, type, id: uuidFromText(id), isJson: true, created: 1_700_000_000_123 };
        const record = encodeRecord({
          ...common,
          position: at,
          revision: number,
          data: Buffer.from(data),
          customMetadata: Buffer.from(customMetadata),
        });
        for (const form of ['string', 'structured'] as const) {
          const answer = ReadResp.deserializeBinary(encodeReadEvent(record, undefined, form)).getEvent()!;
          const event = answer.getEvent()!;
          expect(answer.getCommitPosition()).toBe(String(at));
          expect(idOf(event.getId())).toEqual(uuidFromText(id));
          expect(event.getStreamRevision()).toBe(String(number));
          expect([event.getCommitPosition(), event.getPreparePosition()]).toEqual([String(at), String(at)]);
          expect(Buffer.from(event.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(stream);
          expect(event.getMetadataMap().get('type')).toBe(type);
          expect(event.getMetadataMap().get('created')).toBe('17000000001230000');
          expect(Buffer.from(event.getData_asU8())).toEqual(Buffer.from(data));
          expect(Buffer.from(event.getCustomMetadata_asU8())).toEqual(Buffer.from(customMetadata));
          const unresolved = ReadResp.deserializeBinary(encodeReadEvent(undefined, record, form)).getEvent()!;
          expect(unresolved.hasEvent()).toBe(false);
          expect(unresolved.getCommitPosition()).toBe(String(at));
          expect(idOf(unresolved.getLink()?.getId())).toEqual(uuidFromText(id));
        }
        expect(ReadResp.deserializeBinary(encodeConfirmation(id)).getConfirmation()?.getSubscriptionId()).toBe(id);
        const checkpoint = ReadResp.deserializeBinary(encodeCheckpoint(at)).getCheckpoint()!;
        expect([checkpoint.getCommitPosition(), checkpoint.getPreparePosition()]).toEqual([String(at), String(at)]);
        const missing = ReadResp.deserializeBinary(encodeStreamNotFound(stream)).getStreamNotFound()!;
        expect(Buffer.from(missing.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(stream);
        expect(ReadResp.deserializeBinary(encodeCaughtUp()).hasCaughtUp()).toBe(true);
      },
    ),
  );
});
