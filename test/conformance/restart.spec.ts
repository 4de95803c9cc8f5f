import {
  ANY,
  END,
  EventStoreDBClient,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
} from '@eventstore/db-client';
import { type ServiceError, status } from '@grpc/grpc-js';
import { ControlledServer } from './controlled-server.js';
import { Recorder } from './recorder.js';
import { describeEmbedded, events, freshStream, readAllOf, readLog, refusalOf, revisionsOf } from './support.js';

describeEmbedded('a server that stops and starts again', 'a client can not stop it', () => {
  let server: ControlledServer;
  let client: EventStoreDBClient;
  beforeEach(async () => {
    server = await ControlledServer.start();
    client = EventStoreDBClient.connectionString(server.url);
  });
  afterEach(async () => {
    await client.dispose();
    await server.close();
  });

  const restarts = [
    ['after a graceful stop', () => server.restart()],
    ['after an abrupt end', () => server.crash()],
  ] as const;

  /** The client notices on its first call that the server has gone; the one after that connects anew. */
  const reconnected = async () => {
    await Promise.allSettled([readAllOf(client, '$users')]);
    expect(await readAllOf(client, '$users')).toHaveLength(1);
  };

  test.each(restarts)('has the same events %s, at the same positions', async (_name, restart) => {
    const stream = freshStream();
    for (let n = 0; n < 20; n++) await client.appendToStream(stream, events(1 + (n % 3)));
    const before = await readLog(client);
    await restart();
    await reconnected();
    expect(await readLog(client)).toEqual(before);
    expect(await revisionsOf(client, stream)).toHaveLength(39);
  });

  test.each(restarts)('goes on numbering %s', async (_name, restart) => {
    const stream = freshStream();
    const { position } = await client.appendToStream(stream, events(3));
    await restart();
    await reconnected();
    const next = await client.appendToStream(stream, events(1), { expectedRevision: 2n });
    expect(next.nextExpectedRevision).toBe(3n);
    expect(next.position!.commit).toBeGreaterThan(position!.commit);
  });

  test.each(restarts)('recognises repeated appends %s, whatever they expect', async (_name, restart) => {
    const stream = freshStream();
    const batch = events(3);
    const first = await client.appendToStream(stream, batch, { expectedRevision: NO_STREAM });
    await restart();
    await reconnected();
    // EventStoreDB promises the last one only; this server reads the newest ids back, so that it knows the others, too.
    for (const expectedRevision of [ANY, STREAM_EXISTS, NO_STREAM] as const) {
      expect(await client.appendToStream(stream, batch, { expectedRevision })).toEqual(first);
    }
    expect(await revisionsOf(client, stream)).toEqual([0, 1, 2]);
  });

  test.each(restarts)('keeps deletions, tombstones and metadata %s', async (_name, restart) => {
    const [soft, hard, short] = [freshStream('软'), freshStream('硬'), freshStream('短')];
    for (const stream of [soft, hard, short]) await client.appendToStream(stream, events(5));
    await client.deleteStream(soft);
    await client.tombstoneStream(hard);
    await client.setStreamMetadata(short, { maxCount: 2, owner: 'x' });
    await restart();
    await reconnected();
    expect(await refusalOf(readAllOf(client, soft))).toBeInstanceOf(StreamNotFoundError);
    expect(await refusalOf(readAllOf(client, hard))).toBeInstanceOf(StreamDeletedError);
    expect(await refusalOf(client.appendToStream(hard, events(1)))).toBeInstanceOf(StreamDeletedError);
    expect(await revisionsOf(client, short)).toEqual([3, 4]);
    expect((await client.getStreamMetadata(short)).metadata).toEqual({ maxCount: 2, owner: 'x' });
    expect(await client.appendToStream(soft, events(1), { expectedRevision: NO_STREAM })).toMatchObject({
      nextExpectedRevision: 5n,
    });
    expect(await revisionsOf(client, soft)).toEqual([5]);
  });

  test.each(restarts)('ends subscriptions with an error; they go on from the last event %s', async (_name, restart) => {
    const stream = freshStream();
    const all = new Recorder(client.subscribeToAll({ fromPosition: END }));
    const one = new Recorder(client.subscribeToStream(stream));
    await Promise.all([all.untilCaughtUp(), one.untilCaughtUp()]);
    await client.appendToStream(stream, events(3));
    await Promise.all([all.untilEvents(3), one.untilEvents(3)]);
    await restart();
    await Promise.all([all, one].map((recorder) => recorder.until(() => recorder.error !== undefined)));
    for (const { error } of [all, one]) expect(error).toMatchObject({ type: expect.stringMatching(/cancelled|unavailable/) });
    await reconnected();
    await client.appendToStream(stream, events(2));
    const resumed = new Recorder(client.subscribeToAll({ fromPosition: all.events.at(-1)!.event!.position! }));
    await resumed.untilEvents(2);
    expect(resumed.revisions).toEqual([3, 4]);
    await resumed.subscription.unsubscribe();
  });

  test('answers calls while it is away with "unavailable" or "cancelled", and the client finds it again', async () => {
    const stream = freshStream();
    await client.appendToStream(stream, events(1));
    await server.stop();
    for (const attempt of [
      () => readAllOf(client, stream),
      () => client.appendToStream(stream, events(1)),
      () => client.appendToStream(stream, events(1), { credentials: { username: 'a', password: 'b' } }),
      () => client.deleteStream(stream),
    ]) {
      expect([status.UNAVAILABLE, status.CANCELLED]).toContain(((await refusalOf(attempt())) as ServiceError).code);
    }
    await server.restart();
    await reconnected();
    expect(await revisionsOf(client, stream)).toEqual([0]);
  });

  test('is found again by a client that discovers', async () => {
    const discovering = EventStoreDBClient.connectionString(server.url.replace('esdb:', 'esdb+discover:'));
    try {
      const stream = freshStream();
      await discovering.appendToStream(stream, events(1));
      await server.restart();
      await Promise.allSettled([readAllOf(discovering, stream)]);
      expect(await discovering.appendToStream(stream, events(1))).toMatchObject({ nextExpectedRevision: 1n });
    } finally {
      await discovering.dispose();
    }
  });

  test('writes the events of a fresh server once', async () => {
    const before = await readLog(client);
    await server.restart();
    await reconnected();
    expect(await readLog(client)).toEqual(before);
  });
});
