import { Empty, StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendReq, BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { Empty as GoogleEmpty } from 'google-protobuf/google/protobuf/empty_pb.js';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { decodeAppendRequest, decodeBatchAppendChunk, type ExpectedRevision, MAX_CHUNK_EVENTS } from './append-request.js';
import { uuidFromText } from './uuid.js';
import { MalformedMessageError, WireWriter } from './wire.js';

const name = fc.string({ unit: 'grapheme', maxLength: 30 });
const payload = fc.uint8Array({ maxLength: 200 });
const expectation: fc.Arbitrary<ExpectedRevision> = fc.oneof(
  fc.constantFrom('any' as const, 'no_stream' as const, 'stream_exists' as const),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
const proposed = fc.record({ id: fc.uuid(), type: name, contentType: name, customMetadata: payload, data: payload });

const decodeChunk = (bytes: Buffer) => decodeBatchAppendChunk(bytes, 0);

function identifier(stream: string): StreamIdentifier {
  return new StreamIdentifier().setStreamName(Buffer.from(stream));
}

test('the options of an append decode as google-protobuf encodes them', () => {
  fc.assert(
    fc.property(name, expectation, (stream, expected) => {
      const options = new AppendReq.Options().setStreamIdentifier(identifier(stream));
      if (expected === 'any') options.setAny(new Empty());
      else if (expected === 'no_stream') options.setNoStream(new Empty());
      else if (expected === 'stream_exists') options.setStreamExists(new Empty());
      else options.setRevision(String(expected));
      const bytes = Buffer.from(new AppendReq().setOptions(options).serializeBinary());
      expect(decodeAppendRequest(bytes).options).toMatchObject({ stream, expected });
    }),
  );
});

test('an event decodes as google-protobuf encodes it', () => {
  fc.assert(
    fc.property(proposed, (event) => {
      const message = new AppendReq.ProposedMessage().setId(new UUID().setString(event.id));
      message.getMetadataMap().set('type', event.type).set('content-type', event.contentType).set('other', 'x');
      message.setData(event.data).setCustomMetadata(event.customMetadata);
      const bytes = Buffer.from(new AppendReq().setProposedMessage(message).serializeBinary());
      expect(decodeAppendRequest(bytes).event).toEqual({
        ...event,
        id: uuidFromText(event.id),
        data: Buffer.from(event.data),
        customMetadata: Buffer.from(event.customMetadata),
      });
    }),
  );
});

test('an id in structured form decodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uuid(), (text) => {
      const id = uuidFromText(text);
      const halves = new UUID.Structured()
        .setMostSignificantBits(String(id.readBigInt64BE(0)))
        .setLeastSignificantBits(String(id.readBigInt64BE(8)));
      const message = new AppendReq.ProposedMessage().setId(new UUID().setStructured(halves));
      expect(decodeAppendRequest(Buffer.from(new AppendReq().setProposedMessage(message).serializeBinary())).event?.id).toEqual(
        id,
      );
    }),
  );
});

test('a chunk of a batch append decodes as google-protobuf encodes it', () => {
  const deadline = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(
      fc.uuid(),
      name,
      fc.array(proposed, { maxLength: 4 }),
      fc.boolean(),
      deadline,
      (id, stream, events, isFinal, date) => {
        const options = new BatchAppendReq.Options().setStreamIdentifier(identifier(stream)).setAny(new GoogleEmpty());
        options.setDeadline(Timestamp.fromDate(date));
        const request = new BatchAppendReq().setCorrelationId(new UUID().setString(id)).setOptions(options).setIsFinal(isFinal);
        for (const event of events) {
          const message = new BatchAppendReq.ProposedMessage().setId(new UUID().setString(event.id)).setData(event.data);
          message.getMetadataMap().set('type', event.type);
          request.addProposedMessages(message);
        }
        const chunk = decodeChunk(Buffer.from(request.serializeBinary()));
        expect(chunk.correlationId).toEqual(uuidFromText(id));
        expect(chunk.options).toMatchObject({ stream, expected: 'any' });
        expect(chunk.options?.deadline).toBeCloseTo(date.getTime(), 2);
        expect(chunk.isFinal).toBe(isFinal);
        expect(chunk.events.map(({ type, data }) => ({ type, data }))).toEqual(
          events.map(({ type, data }) => ({ type, data: Buffer.from(data) })),
        );
      },
    ),
  );
});

test('a relative deadline counts from now', () => {
  const duration = new WireWriter(16).varintField(1, 5).varintField(2, 250_000_000).finish();
  const options = new WireWriter(32).bytesField(7, duration).finish();
  const chunk = decodeBatchAppendChunk(new WireWriter(40).bytesField(2, options).finish(), 1_000_000);
  expect(chunk.options?.deadline).toBe(1_005_250);
});

test('arbitrary bytes are decoded or refused as malformed, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (array) => {
      for (const decode of [decodeAppendRequest, decodeChunk]) {
        try {
          decode(Buffer.from(array));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a name that is not UTF-8', new WireWriter(20).bytesField(3, Buffer.from([0xff, 0xfe])).finish()],
  ['a length beyond the message', Buffer.from([0x1a, 0x7f])],
])('%s is refused', (_name, identifierBytes) => {
  const options = new WireWriter(40).bytesField(1, identifierBytes).finish();
  expect(() => decodeAppendRequest(new WireWriter(60).bytesField(1, options).finish())).toThrow(MalformedMessageError);
});

test('a chunk with more events than allowed is refused, however small they are', () => {
  const events = (count: number) => Buffer.concat(Array.from({ length: count }, () => Buffer.of(0x1a, 0)));
  expect(decodeChunk(events(MAX_CHUNK_EVENTS)).events).toHaveLength(MAX_CHUNK_EVENTS);
  expect(() => decodeChunk(events(MAX_CHUNK_EVENTS + 1))).toThrow(MalformedMessageError);
});
