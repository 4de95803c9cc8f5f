import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { GossipClient } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { type ClusterInfo, MemberInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { type EmbeddedEventStore, type EmbeddedEventStoreOptions, startEmbeddedEventStore } from '../index.js';
import { channelTo } from '../security/raw-client.fixture.js';

let dir: string;
let server: EmbeddedEventStore;
const clients: EventStoreDBClient[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gossip-'));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  await server.stop();
  await rm(dir, { recursive: true });
});

async function start(options: Partial<EmbeddedEventStoreOptions>): Promise<void> {
  server = await startEmbeddedEventStore({ dir, ...options });
}

async function gossip(authorization?: null): Promise<ClusterInfo> {
  const client = new GossipClient(`127.0.0.1:${server.port}`, channelTo(server, authorization));
  const info = await new Promise<ClusterInfo>((resolve, reject) => {
    client.read(new Empty(), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  client.close();
  return info;
}

/** Appends and reads through a client of this connection string. */
async function expectServed(url: string): Promise<void> {
  const client = EventStoreDBClient.connectionString(url);
  clients.push(client);
  await client.appendToStream('s', jsonEvent({ type: 'T', data: {} }));
  const found: unknown[] = [];
  for await (const event of client.readStream('s')) found.push(event);
  expect(found).toHaveLength(1);
}

describe.each([
  ['in plaintext', {}],
  ['with TLS', { tls: true }],
])('%s', (_mode, options) => {
  /** The connection string in another form: scheme, hosts, further settings. */
  const urlOf = (scheme: string, hosts: string, settings: string = '') =>
    `${server.connectionStringWithCredentials.replace('esdb:', `${scheme}:`).replace(`127.0.0.1:${server.port}`, hosts)}${settings}`;

  test.each(['leader', 'follower', 'random', 'read_only_replica'])(
    'a client that prefers a %s discovers it',
    async (preference) => {
      await start(options);
      await expectServed(urlOf('esdb+discover', `127.0.0.1:${server.port}`, `&nodePreference=${preference}`));
    },
  );

  test('a client with several seeds, of which one lives, finds it', async () => {
    await start(options);
    await expectServed(urlOf('esdb', `127.0.0.1:1,127.0.0.1:${server.port},localhost:2`));
  });

  test('a client that discovers it by name is led to the advertised host', async () => {
    await start({ ...options, host: 'localhost', advertiseHost: '127.0.0.1' });
    await expectServed(urlOf('esdb+discover', `localhost:${server.port}`));
  });

  test('a client that discovers finds it again after a restart', async () => {
    await start(options);
    const client = EventStoreDBClient.connectionString(urlOf('esdb+discover', `127.0.0.1:${server.port}`));
    clients.push(client);
    await client.appendToStream('s', jsonEvent({ type: 'T', data: {} }));
    const { port } = server;
    await server.stop();
    await expect(client.getStreamMetadata('s')).rejects.toThrow();
    await start({ ...options, port });
    let outcome = 'none';
    // How many calls fail until the client has noticed is its own affair.
    while (outcome !== 'served') {
      outcome = await client.getStreamMetadata('s').then(
        () => 'served',
        () => 'refused',
      );
    }
  });

  test('it tells everyone of one living leader at the advertised address', async () => {
    await start({ ...options, advertiseHost: 'eventstore.example' });
    const members = (await gossip(null)).getMembersList();
    expect(members).toHaveLength(1);
    const [member] = members as [MemberInfo];
    expect(member.getHttpEndPoint()!.toObject()).toEqual({ address: 'eventstore.example', port: server.port });
    expect(member.getState()).toBe(MemberInfo.VNodeState.LEADER);
    expect(member.getIsAlive()).toBe(true);
    expect(server.connectionString).toContain(`//eventstore.example:${server.port}?`);
  });
});

test('beyond loopback it advertises the host that was named, and serves under it', async () => {
  await start({ host: '0.0.0.0', advertiseHost: 'localhost', tls: true, password: 'secret' });
  await expectServed(server.connectionStringWithCredentials.replace('esdb:', 'esdb+discover:'));
});

test('localhost is served at both loopback addresses', async () => {
  await start({ host: 'localhost', tls: true });
  for (const address of ['127.0.0.1', '[::1]']) {
    const client = new GossipClient(`${address}:${server.port}`, channelTo(server));
    const members = await new Promise<number>((resolve, reject) => {
      client.read(new Empty(), (error, answer) => (error ? reject(error) : resolve(answer.getMembersList().length)));
    });
    client.close();
    expect(members).toBe(1);
  }
});

test('a free port is free at both', async () => {
  await start({ host: 'localhost' });
  const second = await startEmbeddedEventStore({ dir: join(dir, 'second'), host: 'localhost' });
  expect(second.port).not.toBe(server.port);
  await second.stop();
});

test.each(['127.0.0.1', '::1'])('localhost with a port taken at %s is refused', async (host) => {
  await start({ host, advertiseHost: 'localhost' });
  const second = startEmbeddedEventStore({ dir: join(dir, 'second'), host: 'localhost', port: server.port });
  await expect(second).rejects.toThrow(/can not listen on localhost:\d+: .*EADDRINUSE/);
});
