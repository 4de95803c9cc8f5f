import {
  ANY,
  BACKWARDS,
  binaryEvent,
  END,
  NO_STREAM,
  StreamDeletedError,
  type StreamMetadata,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import {
  appendOver,
  events,
  freshStream,
  PATHS,
  readAllOf,
  refusalOf,
  revisionsOf,
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

const metadataOf = async (stream: string) => (await server.client.getStreamMetadata(stream)).metadata;

describe('metadata', () => {
  test('of all kinds come back as they were set', async () => {
    const stream = freshStream('元数据');
    const metadata = {
      maxAge: 100_000,
      maxCount: 1000,
      truncateBefore: 3,
      cacheControl: 60,
      acl: {
        readRoles: ['$all', '甲'],
        writeRoles: '$admins',
        deleteRoles: ['$admins'],
        metaReadRoles: ['$all'],
        metaWriteRoles: ['$admins'],
      },
      owner: '人社局',
      nested: { list: [1, null, { a: true }] },
    };
    const { position } = await server.client.setStreamMetadata(stream, metadata as unknown as StreamMetadata);
    expect(await server.client.getStreamMetadata(stream)).toEqual({
      streamName: stream,
      metadata,
      // The client gives the position under this name.
      metastreamRevision: position!.commit,
    });
  });

  test.each(PATHS)('may be set for a stream that does not exist, over the %s path', async (path) => {
    const stream = freshStream();
    expect(await server.client.getStreamMetadata(stream)).toEqual({ streamName: stream });
    const options = path === 'unary' ? { credentials: server.credentials } : {};
    expect(await server.client.setStreamMetadata(stream, { owner: 'x' }, options)).toMatchObject({ nextExpectedRevision: 0n });
    expect(await metadataOf(stream)).toEqual({ owner: 'x' });
    expect(await refusalOf(readAllOf(server.client, stream))).toBeInstanceOf(StreamNotFoundError);
    expect(await server.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM })).toMatchObject({
      nextExpectedRevision: 0n,
    });
  });

  test('are replaced as a whole', async () => {
    const stream = freshStream();
    await server.client.setStreamMetadata(stream, { maxCount: 5, owner: 'x' });
    await server.client.setStreamMetadata(stream, { owner: 'y' });
    expect(await metadataOf(stream)).toEqual({ owner: 'y' });
  });

  test.each(PATHS)('have revisions of their own to be expected, over the %s path', async (path) => {
    const stream = freshStream();
    await server.client.appendToStream(stream, events(5));
    const set = (owner: string, expectedRevision: bigint | typeof NO_STREAM) =>
      server.client.setStreamMetadata(
        stream,
        { owner },
        {
          expectedRevision,
          ...(path === 'unary' && { credentials: server.credentials }),
        },
      );
    await set('a', NO_STREAM);
    expect(await set('b', 0n)).toMatchObject({ nextExpectedRevision: 1n });
    const error = await refusalOf(set('c', 0n));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ streamName: `$$${stream}`, expectedVersion: 0n, actualVersion: 1n });
    expect(await metadataOf(stream)).toEqual({ owner: 'b' });
  });

  test('that are not JSON are none', async () => {
    const stream = freshStream();
    await server.client.appendToStream(stream, events(3));
    await server.client.setStreamMetadata(stream, { maxCount: 1 });
    await server.client.appendToStream(`$$${stream}`, binaryEvent({ type: '$metadata', data: Buffer.from('no JSON') }));
    expect(await server.client.getStreamMetadata(stream)).toEqual({ streamName: stream });
    expect(await revisionsOf(server.client, stream)).toEqual([0, 1, 2]);
  });

  test('of one stream are nothing to another', async () => {
    const [one, two] = [freshStream(), freshStream()];
    for (const stream of [one, two]) await server.client.appendToStream(stream, events(3));
    await server.client.setStreamMetadata(one, { maxCount: 1 });
    expect(await revisionsOf(server.client, one)).toEqual([2]);
    expect(await revisionsOf(server.client, two)).toEqual([0, 1, 2]);
    expect(await metadataOf(two)).toBeUndefined();
  });
});

describe('a metadata stream', () => {
  const changed = async (times: number) => {
    const stream = freshStream();
    for (let n = 0; n < times; n++) await server.client.setStreamMetadata(stream, { n });
    return { stream, metastream: `$$${stream}` };
  };

  test('shows only its last event, from wherever it is read', async () => {
    const { metastream } = await changed(4);
    expect(await revisionsOf(server.client, metastream)).toEqual([3]);
    expect(await revisionsOf(server.client, metastream, { fromRevision: 1n })).toEqual([3]);
    expect(await revisionsOf(server.client, metastream, { fromRevision: 4n })).toEqual([]);
    expect(await revisionsOf(server.client, metastream, { direction: BACKWARDS, fromRevision: END })).toEqual([3]);
    expect(await revisionsOf(server.client, metastream, { direction: BACKWARDS, fromRevision: 2n })).toEqual([]);
  });

  test('can be subscribed to: the last event, then those that come', async () => {
    const { stream, metastream } = await changed(3);
    const recorder = subscriptions.toStream(metastream);
    await recorder.untilCaughtUp();
    expect(recorder.revisions).toEqual([2]);
    await server.client.setStreamMetadata(stream, { n: 3 });
    await recorder.untilEvents(2);
    expect(recorder.revisions).toEqual([2, 3]);
    expect(recorder.events.at(-1)?.event).toMatchObject({ type: '$metadata', data: { n: 3 }, isJson: true });
  });

  test('does not exist while there is no metadata', async () => {
    const stream = freshStream();
    await server.client.appendToStream(stream, events(1));
    expect(await refusalOf(readAllOf(server.client, `$$${stream}`))).toBeInstanceOf(StreamNotFoundError);
  });

  test('takes nothing any more once its stream is tombstoned', async () => {
    const { stream } = await changed(1);
    await server.client.tombstoneStream(stream, { expectedRevision: ANY });
    for (const path of PATHS) {
      const error = await refusalOf(appendOver(server, path, `$$${stream}`, events(1, '$metadata')));
      expect(error).toBeInstanceOf(StreamDeletedError);
    }
  });

  test('has no metadata of its own', async () => {
    const { metastream } = await changed(1);
    expect(await refusalOf(server.client.setStreamMetadata(metastream, { maxCount: 5 }))).toBeInstanceOf(Error);
  });
});
