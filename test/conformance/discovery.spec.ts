import { once } from 'node:events';
import { EventStoreDBClient, NO_STREAM, persistentSubscriptionToStreamSettingsFromDefaults } from '@eventstore/db-client';
import { PersistentSubscriptionsService } from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { status } from '@grpc/grpc-js';
import {
  describeEmbedded,
  events,
  freshStream,
  isEmbedded,
  PATHS,
  readAllOf,
  refusalOf,
  type ServerUnderTest,
  serverUnderTest,
  withOptions,
} from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

/** Runs with a client of its own. */
async function withClient<T>(url: string, use: (client: EventStoreDBClient) => Promise<T>): Promise<T> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    return await use(client);
  } finally {
    await client.dispose();
  }
}

async function writeAndRead(client: EventStoreDBClient): Promise<void> {
  const stream = freshStream();
  await client.appendToStream(stream, events(2), { expectedRevision: NO_STREAM });
  expect(await readAllOf(client, stream)).toHaveLength(2);
}

describe('a client that discovers the cluster', () => {
  test.each(['leader', 'follower', 'random', 'readonlyreplica'])('preferring a %s finds the server', async (preference) => {
    const url = server.url.replace(/^esdb:/, 'esdb+discover:');
    await withClient(withOptions(url, `nodePreference=${preference}`), writeAndRead);
  });

  test('finds it among several seeds, some of them dead', async () => {
    const url = server.url.replace(/^(esdb(?:\+discover)?:\/\/(?:[^@/]+@)?)([^/?]+)/, '$1127.0.0.1:9,$2,127.0.0.1:1');
    await withClient(url, writeAndRead);
  });

  test('without credentials finds it, too', async () => {
    const url = server.url.replace(/^esdb:\/\/(?:[^@/]+@)?/, 'esdb+discover://');
    // What it may do then is another matter; here it only has to be told where the server is.
    await withClient(url, async (client) => {
      const [answer] = await Promise.allSettled([readAllOf(client, freshStream())]);
      expect(answer).toMatchObject({ reason: { type: expect.stringMatching(/stream-not-found|access-denied/) } });
    });
  });
});

describe('what the server says it supports', () => {
  // Protected in the client's types; it decides by this which way to append.
  type Supporting = { supports(method: { path: string }, feature?: string): Promise<boolean> };
  const supports = (method: { path: string }, feature?: string) =>
    (server.client as unknown as Supporting).supports(method, feature);

  test('are both ways to append, reads, deletions', async () => {
    for (const name of ['read', 'append', 'batchAppend', 'delete', 'tombstone'] as const) {
      expect([name, await supports(StreamsService[name])]).toEqual([name, true]);
    }
    expect(await supports(StreamsService.batchAppend, 'deadline_duration')).toBe(true);
    expect(await supports(StreamsService.read, 'position')).toBe(true);
    expect(await supports(StreamsService.read, 'events')).toBe(true);
  });

  test('is nothing that does not exist', async () => {
    expect(await supports({ path: '/event_store.client.streams.Streams/NoSuchMethod' })).toBe(false);
    expect(await supports(StreamsService.read, 'no-such-feature')).toBe(false);
  });

  test('is true of persistent subscriptions: supported and served, or neither', async () => {
    const supported = await supports(PersistentSubscriptionsService.create, 'stream');
    const list = server.client.listAllPersistentSubscriptions();
    const [answer] = await Promise.allSettled([list]);
    const isServed = answer.status === 'fulfilled' || answer.reason.type === 'persistent-subscription-does-not-exist';
    expect(isServed).toBe(supported);
    if (isEmbedded) expect(supported).toBe(false);
  });
});

describeEmbedded('persistent subscriptions', 'EventStoreDB has them', () => {
  test('are refused in a way the client understands', async () => {
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    const attempts = [
      server.client.createPersistentSubscriptionToStream('s', 'group', settings),
      once(server.client.subscribeToPersistentSubscriptionToStream('s', 'group'), 'data'),
    ];
    for (const attempt of attempts) expect(await refusalOf(attempt)).toMatchObject({ code: status.UNIMPLEMENTED });
    await writeAndRead(server.client);
  });
});

describe('a connection', () => {
  test('can come and go beside others', async () => {
    const stream = freshStream();
    for (let n = 0; n < 5; n++) {
      await withClient(server.url, async (client) => {
        await client.appendToStream(stream, events(1), n % 2 === 0 ? { credentials: server.credentials } : {});
      });
    }
    expect(await readAllOf(server.client, stream)).toHaveLength(5);
  });

  test('may have a name and ask for the leader', async () => {
    await withClient(withOptions(server.url, 'connectionName=conformance'), async (client) => {
      expect(client.connectionName).toBe('conformance');
      const stream = freshStream();
      for (const path of PATHS) {
        const options = path === 'unary' ? { credentials: server.credentials } : {};
        await client.appendToStream(stream, events(1), { ...options, requiresLeader: true });
      }
      expect(await readAllOf(client, stream, { requiresLeader: true })).toHaveLength(2);
    });
  });

  test('is kept alive through a long wait by the pings of the client', async () => {
    // The client says so when it finds an interval short.
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await withClient(withOptions(server.url, 'keepAliveInterval=50&keepAliveTimeout=5000'), async (client) => {
      const stream = freshStream();
      const idle = client.subscribeToStream(stream);
      await new Promise((confirmed) => idle.once('caughtUp', confirmed));
      const opened = Date.now();
      while (Date.now() - opened < 600) await readAllOf(server.client, '$users').catch(() => undefined);
      await server.client.appendToStream(stream, events(1));
      for await (const { event } of idle) {
        expect(event?.streamId).toBe(stream);
        break;
      }
    });
    warn.mockRestore();
  });

  test('carries many calls at once', async () => {
    await withClient(server.url, async (client) => {
      const streams = Array.from({ length: 100 }, () => freshStream());
      await Promise.all(streams.map((stream) => client.appendToStream(stream, events(1), { credentials: server.credentials })));
      const reads = await Promise.all(streams.map((stream) => readAllOf(client, stream)));
      expect(reads.map((read) => read.length)).toEqual(Array(100).fill(1));
    });
  });
});
