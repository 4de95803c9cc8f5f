import { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { decodeEvent } from './decode.js';
import { storedEventOf } from './stored-event.js';
import { caughtUp, checkpoint, confirmation, event, recordedEvent, type Told } from './testing/messages.js';

const { convertGrpcEvent } = require('@eventstore/db-client/dist/utils') as {
  convertGrpcEvent: (event: object) => NonNullable<Parameters<typeof storedEventOf>[0]>;
};

const bytesOf = (message: ReadResp): Buffer => Buffer.from(message.serializeBinary());
const asClient = (bytes: Buffer) => storedEventOf(convertGrpcEvent(ReadResp.deserializeBinary(bytes).getEvent()!));

const position = fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) });
const told: fc.Arbitrary<Told> = fc.record({
  stream: fc.string({ minLength: 1, unit: 'grapheme' }),
  revision: position,
  position,
  type: fc.string({ minLength: 1, unit: 'grapheme' }),
  data: fc.jsonValue().filter((data) => data !== null),
});

describe('an event taken from its bytes', () => {
  it('is what the client makes of them', () => {
    fc.assert(
      fc.property(told, fc.option(fc.jsonValue()), (given, metadata) => {
        const message = event(given);
        if (metadata !== null)
          message
            .getEvent()!
            .getEvent()!
            .setCustomMetadata(Buffer.from(JSON.stringify(metadata)));
        // A name with the sign that stands for broken text is left to the client, which tells the two apart.
        fc.pre(!`${given.stream}${given.type}`.includes('\ufffd'));
        const bytes = bytesOf(message);
        const decoded = decodeEvent(bytes);
        expect(decoded?.stored).toEqual(asClient(bytes));
        expect(decoded?.stored.data).toEqual(JSON.parse(JSON.stringify(given.data)));
      }),
      { numRuns: 500 },
    );
  });

  it('is left to the client, or is the same, whatever was done to the bytes', () => {
    fc.assert(
      fc.property(told, fc.nat(), fc.nat(255), fc.boolean(), (given, at, byte, cut) => {
        const bytes = bytesOf(event(given));
        const hurt = cut ? bytes.subarray(0, at % bytes.length) : Buffer.from(bytes);
        if (!cut) hurt[at % hurt.length] = byte;
        const decoded = decodeEvent(hurt);
        if (decoded) expect(decoded.stored).toEqual(asClient(hurt));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    [
      'a link',
      () =>
        new ReadResp().setEvent(
          new ReadResp.ReadEvent().setEvent(recordedEvent({ position: 1n })).setLink(recordedEvent({ position: 2n })),
        ),
    ],
    ['an event that is gone', () => new ReadResp().setEvent(new ReadResp.ReadEvent().setLink(recordedEvent({ position: 2n })))],
    ['a confirmation', confirmation],
    ['a checkpoint', () => checkpoint(5n)],
    ['the end of what is there', caughtUp],
    ['nothing', () => new ReadResp()],
    ['bytes that are not JSON', () => of((record) => record.getMetadataMap().set('content-type', 'application/octet-stream'))],
    ['JSON that is broken', () => of((record) => record.setData(Buffer.from('{"a":')))],
    ['metadata that is broken', () => of((record) => record.setCustomMetadata(Buffer.from('{')))],
    ['no time', () => of((record) => record.getMetadataMap().del('created'))],
    ['no type', () => of((record) => record.getMetadataMap().del('type'))],
    ['no id', () => of((record) => record.clearId())],
    ['a position that a number does not hold', () => of((record) => record.setCommitPosition('18446744073709551615'))],
  ])('is left to the client: %s', (_, message) => {
    expect(decodeEvent(bytesOf(message()))).toBeUndefined();
  });
});

function of(change: (record: ReturnType<typeof recordedEvent>) => unknown): ReadResp {
  const record = recordedEvent({ position: 1n });
  change(record);
  return new ReadResp().setEvent(new ReadResp.ReadEvent().setEvent(record).setCommitPosition('1'));
}
