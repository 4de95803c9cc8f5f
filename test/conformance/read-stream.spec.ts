import {
  BACKWARDS,
  binaryEvent,
  END,
  FORWARDS,
  InvalidArgumentError,
  NO_STREAM,
  START,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { events, freshStream, readAllOf, refusalOf, revisionsOf, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

const revisions = (stream: string, options?: Parameters<typeof revisionsOf>[2]) => revisionsOf(server.client, stream, options);

describe('reading a stream', () => {
  const stream = freshStream();
  beforeAll(() => server.client.appendToStream(stream, events(200), { expectedRevision: NO_STREAM }));
  const upTo = (from: number, to: number) =>
    Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => from + Math.sign(to - from) * i);

  test('forwards from the start gives all events in order', async () => {
    expect(await revisions(stream)).toEqual(upTo(0, 199));
  });

  test.each([
    ['a revision', 150n, upTo(150, 199)],
    ['the last revision', 199n, [199]],
    ['beyond the last revision', 200n, []],
    ['a revision only 63 bits hold', 2n ** 62n, []],
    ['the highest revision of an event', 2n ** 63n - 1n, []],
    ['a revision only 64 bits hold', 2n ** 63n, []],
    ['the highest revision of all', 2n ** 64n - 1n, []],
  ])('forwards from %s, which is included', async (_name, fromRevision, expected) => {
    expect(await revisions(stream, { fromRevision })).toEqual(expected);
  });

  test.each([
    ['the end', END, upTo(199, 0)],
    ['a revision, which is included', 3n, [3, 2, 1, 0]],
    ['the last revision', 199n, upTo(199, 0)],
    ['revision 0', 0n, [0]],
    ['the start: its first event', START, [0]],
    ['beyond the end, which counts as the end', 5000n, upTo(199, 0)],
    ['a revision only 64 bits hold', 2n ** 63n, upTo(199, 0)],
  ] as const)('backwards from %s', async (_name, fromRevision, expected) => {
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision })).toEqual(expected);
  });

  test.each([1, 31, 32, 33, 63, 64, 65, 128, 199, 200, 201, 500])('at most %i events', async (maxCount) => {
    expect(await revisions(stream, { maxCount })).toEqual(upTo(0, Math.min(maxCount, 200) - 1));
    const backwards = await revisions(stream, { direction: BACKWARDS, fromRevision: END, maxCount });
    expect(backwards).toEqual(upTo(199, Math.max(0, 200 - maxCount)));
    expect(await revisions(stream, { fromRevision: 190n, maxCount })).toEqual(upTo(190, Math.min(199, 189 + maxCount)));
  });

  // EventStoreDB answers these two with an error; to give nothing is as good.
  test.each([
    ['forwards from the end', { direction: FORWARDS, fromRevision: END }],
    ['no events at all', { maxCount: 0 }],
  ] as const)('%s: nothing', async (_name, options) => {
    const [result] = await Promise.allSettled([revisions(stream, options)]);
    if (result.status === 'fulfilled') expect(result.value).toEqual([]);
    else expect(result.reason).toMatchObject({ type: 'unknown' });
  });

  test.each([-1n, 2n ** 64n])('from %s is refused by the client already', async (fromRevision) => {
    await expect(async () => readAllOf(server.client, stream, { fromRevision })).rejects.toBeInstanceOf(InvalidArgumentError);
  });

  test('a reader that stops early does not hinder others', async () => {
    for (let n = 0; n < 20; n++) {
      let seen = 0;
      for await (const _ of server.client.readStream(stream)) if (++seen === 3) break;
    }
    expect(await revisions(stream, { maxCount: 2 })).toEqual([0, 1]);
  });

  test('many readers at once each get everything', async () => {
    const reads = await Promise.all(Array.from({ length: 30 }, () => revisions(stream)));
    for (const read of reads) expect(read).toEqual(upTo(0, 199));
  });
});

test('a read of more than fits into memory buffers gives everything, however slowly it is taken', async () => {
  const stream = freshStream();
  for (let n = 0; n < 40; n++) {
    await server.client.appendToStream(stream, binaryEvent({ type: 'Large', data: Buffer.alloc(1_000_000, n) }));
  }
  const firsts: number[] = [];
  for await (const { event } of server.client.readStream(stream)) {
    firsts.push((event!.data as Uint8Array)[0]!);
    await new Promise((next) => setImmediate(next));
  }
  expect(firsts).toEqual(Array.from({ length: 40 }, (_, n) => n));
  const backwards = await readAllOf(server.client, stream, { direction: BACKWARDS, fromRevision: END, maxCount: 10 });
  expect(backwards.map(({ event }) => (event!.data as Uint8Array)[0])).toEqual(Array.from({ length: 10 }, (_, n) => 39 - n));
});

test('a read while others append gives an unbroken beginning of the stream', async () => {
  const stream = freshStream();
  await server.client.appendToStream(stream, events(1));
  const writing = Promise.all(Array.from({ length: 200 }, () => server.client.appendToStream(stream, events(1))));
  for (let n = 0; n < 10; n++) {
    const read = await revisions(stream);
    expect(read).toEqual(read.map((_, index) => index));
    const backwards = await revisions(stream, { direction: BACKWARDS, fromRevision: END });
    expect(backwards).toEqual(backwards.map((_, index) => backwards.length - 1 - index));
  }
  await writing;
  expect(await revisions(stream)).toHaveLength(201);
});

describe('a stream that can not be read', () => {
  const directions = [
    ['forwards', {}],
    ['backwards', { direction: BACKWARDS, fromRevision: END }],
    ['from a revision', { fromRevision: 7n }],
  ] as const;

  test.each(directions)('because it does not exist is named by the error: %s', async (_name, options) => {
    const stream = freshStream('清单');
    const error = await refusalOf(readAllOf(server.client, stream, options));
    expect(error).toBeInstanceOf(StreamNotFoundError);
    expect(error).toMatchObject({ type: 'stream-not-found', streamName: stream });
  });

  test.each(directions)('because it has metadata but no events does not exist: %s', async (_name, options) => {
    const stream = freshStream();
    await server.client.setStreamMetadata(stream, { owner: 'x' });
    expect(await refusalOf(readAllOf(server.client, stream, options))).toBeInstanceOf(StreamNotFoundError);
  });

  test.each(directions)('because it is soft-deleted does not exist: %s', async (_name, options) => {
    const stream = freshStream();
    await server.client.appendToStream(stream, events(10));
    await server.client.deleteStream(stream);
    expect(await refusalOf(readAllOf(server.client, stream, options))).toBeInstanceOf(StreamNotFoundError);
  });

  test.each(directions)('because it is tombstoned is deleted: %s', async (_name, options) => {
    const stream = freshStream();
    await server.client.appendToStream(stream, events(10));
    await server.client.tombstoneStream(stream);
    expect(await refusalOf(readAllOf(server.client, stream, options))).toBeInstanceOf(StreamDeletedError);
  });
});
