import { ANY, NO_STREAM, StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError } from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import {
  appendOver,
  events,
  freshStream,
  PATHS,
  readAllOf,
  readLog,
  refusalOf,
  type ServerUnderTest,
  serverUnderTest,
} from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
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
    const start = (await readAllOf(server.client, stream))[0]?.event?.position;
    const { position } = await server.client.deleteStream(stream);
    await expect(readAllOf(server.client, stream)).rejects.toBeInstanceOf(StreamNotFoundError);
    const log = await readLog(server.client, { fromPosition: start });
    expect(log.filter(({ streamId }) => streamId === stream)).toHaveLength(3);
    const [last] = await readLog(server.client, { fromPosition: position, maxCount: 1 });
    expect(last).toMatchObject({ streamId: `$$${stream}`, type: '$metadata', position });
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

  test('new metadata that have a $tb of their own do not bring events back either', async () => {
    const stream = await filled(3);
    await server.client.deleteStream(stream);
    await server.client.setStreamMetadata(stream, { truncateBefore: 1, owner: 'x' });
    expect(await readAllOf(server.client, stream)).toEqual([]);
    expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 3, owner: 'x' });
  });

  test('replaces the metadata, and revival adds nothing to them but the new $tb', async () => {
    const stream = await filled(3);
    await server.client.setStreamMetadata(stream, { owner: '人社局', maxCount: 2, acl: { readRoles: ['$all'] } });
    await server.client.deleteStream(stream);
    const { position } = await server.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM });
    await server.client.appendToStream(stream, events(3));
    // The deletion replaced the metadata, so there is nothing but the new $tb.
    expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 3 });
    expect(await numbers(stream)).toEqual([3, 4, 5, 6]);
    const log = await readLog(server.client, { fromPosition: position });
    const own = log.filter(({ streamId }) => streamId.endsWith(stream)).slice(0, 2);
    // The server's own event follows those of the append; its position is not that of the append.
    expect(own.map(({ type }) => type)).toEqual(['Numbered', '$metadata']);
  });

  test.each(PATHS)('an append of nothing does not revive it, over the %s path', async (path) => {
    const stream = await filled(2);
    await server.client.deleteStream(stream);
    await appendOver(server, path, stream, [], 1n);
    expect(await refusalOf(readAllOf(server.client, stream))).toBeInstanceOf(StreamNotFoundError);
  });

  test('a repeated append, recognised by its ids, does not revive it', async () => {
    const stream = freshStream();
    const batch = events(2);
    const first = await server.client.appendToStream(stream, batch, { expectedRevision: NO_STREAM });
    await server.client.deleteStream(stream);
    for (const expectedRevision of [ANY, NO_STREAM] as const) {
      expect(await server.client.appendToStream(stream, batch, { expectedRevision })).toEqual(first);
    }
    expect(await refusalOf(readAllOf(server.client, stream))).toBeInstanceOf(StreamNotFoundError);
  });

  test('of a stream with nothing but metadata is revived from revision 0', async () => {
    const stream = freshStream();
    await server.client.setStreamMetadata(stream, { owner: 'x' });
    await server.client.deleteStream(stream);
    expect(await server.client.appendToStream(stream, events(2))).toMatchObject({ nextExpectedRevision: 1n });
    expect(await numbers(stream)).toEqual([0, 1]);
  });

  test('is seen by concurrent writers as before or after it, never in between', async () => {
    const stream = await filled(1);
    const start = (await readAllOf(server.client, stream))[0]?.event?.position;
    const attempts = [
      server.client.deleteStream(stream),
      ...Array.from({ length: 5 }, () => server.client.appendToStream(stream, events(1))),
    ];
    await Promise.all(attempts);
    const log = (await readLog(server.client, { fromPosition: start })).filter(({ streamId }) => streamId === stream);
    expect(log.map(({ revision }) => Number(revision))).toEqual([0, 1, 2, 3, 4, 5]);
    const [visible] = await Promise.allSettled([numbers(stream)]);
    // Missing if the deletion came last; otherwise everything from the first append after it.
    if (visible.status === 'rejected') expect(visible.reason).toBeInstanceOf(StreamNotFoundError);
    else expect(visible.value).toEqual([1, 2, 3, 4, 5].slice(5 - visible.value.length));
  });

  test('can be repeated after a revival', async () => {
    const stream = await filled(1);
    for (let round = 1; round <= 3; round++) {
      await server.client.deleteStream(stream);
      await server.client.appendToStream(stream, events(1), { expectedRevision: ANY });
      expect(await numbers(stream)).toEqual([round]);
    }
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
    const [last] = await readLog(server.client, { fromPosition: position, maxCount: 1 });
    expect(last).toMatchObject({ streamId: stream, type: '$streamDeleted', revision: 2n ** 63n - 1n, position });
  });

  test('leaves nothing to subscribe to, read from, write or delete, under either name', async () => {
    const stream = await filled(2);
    await server.client.tombstoneStream(stream, { expectedRevision: ANY });
    for (const path of PATHS)
      expect(await refusalOf(appendOver(server, path, stream, events(1)))).toBeInstanceOf(StreamDeletedError);
    const recorder = subscriptions.toStream(stream);
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.error).toBeInstanceOf(StreamDeletedError);
    expect(await refusalOf(server.client.setStreamMetadata(stream, { maxCount: 1 }))).toBeInstanceOf(StreamDeletedError);
  });

  test.each(['deleteStream', 'tombstoneStream'] as const)('%s of $all is denied or refused', async (method) => {
    expect(await refusalOf(server.client[method]('$all'))).toBeInstanceOf(Error);
    expect((await readLog(server.client, { maxCount: 1 })).length).toBe(1);
  });
});
