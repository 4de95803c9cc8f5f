import {
  AccessDeniedError,
  type AppendToStreamOptions,
  binaryEvent,
  type EventData,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
} from '@eventstore/db-client';
import {
  appendOver,
  events,
  freshStream,
  PATHS,
  readAllOf,
  refusalOf,
  type ServerUnderTest,
  serverUnderTest,
} from './support.js';

const ONE_MIB = 1024 * 1024;

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

/** One event whose data, metadata and twice the length of its type add up to `bytes`. */
const sized = (bytes: number, type = 'Big!') => binaryEvent({ type, data: Buffer.alloc(bytes - 2 * type.length, 7) });

describe.each(PATHS)('append over the %s path', (path) => {
  const append = (stream: string, batch: EventData[], more?: AppendToStreamOptions) =>
    appendOver(server, path, stream, batch, NO_STREAM, more);

  test.each([
    ['one byte less than 1 MiB', () => [sized(ONE_MIB - 1)]],
    ['exactly 1 MiB', () => [sized(ONE_MIB)]],
    ['exactly 1 MiB, its type counted in UTF-16 units', () => [sized(ONE_MIB, '事件已发生')]],
    ['exactly 1 MiB in several events', () => [sized(300_000), sized(ONE_MIB - 300_000)]],
    [
      'exactly 1 MiB with metadata',
      () => [binaryEvent({ type: 'Big!', data: Buffer.alloc(1), metadata: Buffer.alloc(ONE_MIB - 9, 1) })],
    ],
  ])('%s is written', async (_name, make) => {
    const stream = freshStream();
    const batch = make();
    expect(await append(stream, batch)).toMatchObject({ nextExpectedRevision: BigInt(batch.length - 1) });
    const read = await readAllOf(server.client, stream);
    expect(read.map(({ event }) => Buffer.from(event!.data as Uint8Array).length)).toEqual(
      batch.map(({ data }) => (data as Uint8Array).length),
    );
  });

  test.each([
    ['one byte more', () => [sized(ONE_MIB + 1)]],
    ['one byte more, by the type', () => [binaryEvent({ type: 'Bigger', data: Buffer.alloc(ONE_MIB - 11) })]],
    ['one byte more in several events', () => [sized(300_000), sized(ONE_MIB - 300_000 + 1)]],
    [
      'one byte more, by the metadata',
      () => [binaryEvent({ type: 'Big!', data: Buffer.alloc(1), metadata: Buffer.alloc(ONE_MIB - 8) })],
    ],
    ['4 MB in many events', () => Array.from({ length: 40 }, () => sized(100_000))],
    ['one event of 15 MiB', () => [sized(15 * ONE_MIB)]],
  ])('%s is refused with the limit, and nothing is written', async (_name, make) => {
    const stream = freshStream();
    const error = await refusalOf(append(stream, make(), { batchAppendSize: 16 * ONE_MIB }));
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(error).toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: ONE_MIB });
    expect(await append(stream, events(1))).toMatchObject({ nextExpectedRevision: 0n });
  });

  test('one that is refused before it has been sent entirely does not hinder the next', async () => {
    const stream = freshStream();
    const tooMany = Array.from({ length: 300 }, () => sized(50_000));
    const refused = refusalOf(append(stream, tooMany, { batchAppendSize: 200_000 }));
    const next = await append(freshStream(), events(2));
    expect(await refused).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(next).toMatchObject({ nextExpectedRevision: 1n });
    expect(await append(stream, events(1))).toMatchObject({ nextExpectedRevision: 0n });
  });

  test('in several chunks is still one append', async () => {
    const stream = freshStream();
    const batch = Array.from({ length: 20 }, () => sized(40_000));
    expect(await append(stream, batch, { batchAppendSize: 100_000 })).toMatchObject({ nextExpectedRevision: 19n });
    expect(await readAllOf(server.client, stream)).toHaveLength(20);
  });

  test('of very many small events is one append', async () => {
    const stream = freshStream();
    expect(await append(stream, events(3000))).toMatchObject({ nextExpectedRevision: 2999n });
    const read = await readAllOf(server.client, stream);
    expect(read.map(({ event }) => (event!.data as { n: number }).n)).toEqual(Array.from({ length: 3000 }, (_, n) => n));
  });

  test('to $all is denied', async () => {
    expect(await refusalOf(appendOver(server, path, '$all', events(1)))).toBeInstanceOf(AccessDeniedError);
  });

  test('of an event without a type is refused, and nothing is written', async () => {
    const stream = freshStream();
    expect(await refusalOf(append(stream, [...events(1), jsonEvent({ type: '', data: {} })]))).toBeInstanceOf(Error);
    expect(await append(stream, events(1))).toMatchObject({ nextExpectedRevision: 0n });
  });
});
