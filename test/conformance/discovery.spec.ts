import { EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { events, freshStream, readAllOf, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

test.each(['leader', 'follower'])(
  'a client that discovers the cluster, preferring a %s, finds the server',
  async (preference) => {
    const url = server.url.replace(/^esdb:/, 'esdb+discover:');
    const client = EventStoreDBClient.connectionString(`${url}${url.includes('?') ? '&' : '?'}nodePreference=${preference}`);
    try {
      const stream = freshStream();
      await client.appendToStream(stream, events(2), { expectedRevision: NO_STREAM });
      expect(await readAllOf(client, stream)).toHaveLength(2);
    } finally {
      await client.dispose();
    }
  },
);

test('the server says what it supports', async () => {
  // Protected in the client's types; it decides by this which way to append.
  const client = server.client as unknown as { supports(method: { path: string }, feature?: string): Promise<boolean> };
  expect(await client.supports(StreamsService.batchAppend)).toBe(true);
  expect(await client.supports(StreamsService.batchAppend, 'deadline_duration')).toBe(true);
  expect(await client.supports(StreamsService.read, 'position')).toBe(true);
  expect(await client.supports({ path: '/event_store.client.streams.Streams/NoSuchMethod' })).toBe(false);
});

test('several clients can come and go', async () => {
  const stream = freshStream();
  for (let n = 0; n < 3; n++) {
    const client = EventStoreDBClient.connectionString(server.url);
    await client.appendToStream(stream, events(1), { credentials: server.credentials });
    await client.dispose();
  }
  expect(await readAllOf(server.client, stream)).toHaveLength(3);
});
