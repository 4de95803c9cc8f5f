import {
  ANY,
  NO_STREAM,
  START,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { events, freshStream, readAllOf, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

async function filled(count: number): Promise<string> {
  const stream = freshStream('删除');
  await server.client.appendToStream(stream, events(count));
  return stream;
}
const numbers = async (stream: string) => (await readAllOf(server.client, stream)).map(({ event }) => Number(event?.revision));

describe('soft delete', () => {
  test('hides the stream from readers, not from $all', async () => {
    const stream = await filled(3);
    const { position } = await server.client.deleteStream(stream);
    await expect(readAllOf(server.client, stream)).rejects.toBeInstanceOf(StreamNotFoundError);
    const log = await readLog(server.client);
    expect(log.filter(({ streamId }) => streamId === stream)).toHaveLength(3);
    expect(log.at(-1)).toMatchObject({ streamId: `$$${stream}`, type: '$metadata' });
    expect(log.at(-1)?.position?.commit).toBe(position?.commit);
  });

  test.each([ANY, NO_STREAM, 2n] as const)(
    'an append expecting %s revives it from the next revision on',
    async (expectedRevision) => {
      const stream = await filled(3);
      await server.client.deleteStream(stream);
      const revived = await server.client.appendToStream(stream, events(2), { expectedRevision });
      expect(revived.nextExpectedRevision).toBe(4n);
      expect(await numbers(stream)).toEqual([3, 4]);
      expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 3 });
    },
  );

  test('an append expecting no_stream that begins as the deleted stream did is neither a repetition nor new', async () => {
    const stream = freshStream();
    const [first, ...rest] = events(3);
    await server.client.appendToStream(stream, [first!, ...rest]);
    await server.client.deleteStream(stream);
    const attempt = server.client.appendToStream(stream, [first!, ...events(1)], { expectedRevision: NO_STREAM });
    await expect(attempt).rejects.toBeInstanceOf(WrongExpectedVersionError);
  });

  test('an append expecting stream_exists finds it deleted', async () => {
    const stream = await filled(1);
    await server.client.deleteStream(stream);
    const attempt = server.client.appendToStream(stream, events(1), { expectedRevision: STREAM_EXISTS });
    await expect(attempt).rejects.toBeInstanceOf(StreamDeletedError);
  });

  test('repeating the first append to a revived stream is still recognised', async () => {
    const stream = await filled(2);
    await server.client.deleteStream(stream);
    const again = events(1);
    const first = await server.client.appendToStream(stream, again, { expectedRevision: 1n });
    expect(await server.client.appendToStream(stream, again, { expectedRevision: 1n })).toEqual(first);
    expect(await numbers(stream)).toEqual([2]);
  });

  test('new metadata revives it without bringing events back, and keeps its own keys', async () => {
    const stream = await filled(3);
    await server.client.deleteStream(stream);
    await server.client.setStreamMetadata(stream, { owner: '人社局', maxCount: 10 });
    expect(await readAllOf(server.client, stream)).toEqual([]);
    await server.client.appendToStream(stream, events(1), { expectedRevision: 2n });
    expect(await numbers(stream)).toEqual([3]);
    expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({
      owner: '人社局',
      maxCount: 10,
      truncateBefore: 3,
    });
  });

  test('can be repeated after a revival', async () => {
    const stream = await filled(1);
    for (let round = 1; round <= 3; round++) {
      await server.client.deleteStream(stream);
      await server.client.appendToStream(stream, events(1), { expectedRevision: ANY });
      expect(await numbers(stream)).toEqual([round]);
    }
  });

  test('at the wrong revision is refused with all fields', async () => {
    const stream = await filled(2);
    const attempt = server.client.deleteStream(stream, { expectedRevision: 0n });
    await expect(attempt).rejects.toBeInstanceOf(WrongExpectedVersionError);
    await expect(attempt).rejects.toMatchObject({ expectedVersion: 0n, actualVersion: 1n });
    expect(await numbers(stream)).toEqual([0, 1]);
  });

  test('of a stream that does not exist is refused', async () => {
    const attempt = server.client.deleteStream(freshStream(), { expectedRevision: ANY });
    await expect(attempt).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: -2n,
      actualVersion: 'no_stream',
    });
  });

  test('at the right revision is done', async () => {
    const stream = await filled(2);
    await server.client.deleteStream(stream, { expectedRevision: 1n });
    await expect(readAllOf(server.client, stream)).rejects.toBeInstanceOf(StreamNotFoundError);
  });
});

describe('tombstone', () => {
  test('ends the stream for good', async () => {
    const stream = await filled(2);
    const { position } = await server.client.tombstoneStream(stream, { expectedRevision: 1n });
    await expect(readAllOf(server.client, stream)).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(server.client.deleteStream(stream)).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(server.client.tombstoneStream(stream)).rejects.toBeInstanceOf(StreamDeletedError);
    await expect(server.client.setStreamMetadata(stream, {})).rejects.toBeInstanceOf(StreamDeletedError);
    const last = (await readLog(server.client)).at(-1);
    expect(last).toMatchObject({ streamId: stream, type: '$streamDeleted', revision: 2n ** 63n - 1n, position });
  });

  test('can be put on a name that was never used', async () => {
    const stream = freshStream();
    await server.client.tombstoneStream(stream, { expectedRevision: NO_STREAM });
    await expect(server.client.appendToStream(stream, events(1))).rejects.toBeInstanceOf(StreamDeletedError);
  });

  test('can be put on a soft-deleted stream', async () => {
    const stream = await filled(1);
    await server.client.deleteStream(stream);
    await server.client.tombstoneStream(stream, { expectedRevision: 0n });
    await expect(server.client.appendToStream(stream, events(1))).rejects.toBeInstanceOf(StreamDeletedError);
  });

  test('at the wrong revision is refused', async () => {
    const stream = await filled(2);
    const attempt = server.client.tombstoneStream(stream, { expectedRevision: 7n });
    await expect(attempt).rejects.toMatchObject({ type: 'wrong-expected-version', expectedVersion: 7n, actualVersion: 1n });
    expect(await readAllOf(server.client, stream, { fromRevision: START })).toHaveLength(2);
  });
});
