import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, persistentSubscriptionToStreamSettingsFromDefaults, UnsupportedError } from '@eventstore/db-client';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { MonitoringService } from '@eventstore/db-client/generated/monitoring_grpc_pb.js';
import { OperationsService } from '@eventstore/db-client/generated/operations_grpc_pb.js';
import { PersistentSubscriptionsService } from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import { ProjectionsService } from '@eventstore/db-client/generated/projections_grpc_pb.js';
import { ServerFeaturesClient, ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { UsersService } from '@eventstore/db-client/generated/users_grpc_pb.js';
import { Client, type ServiceError, status } from '@grpc/grpc-js';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../index.js';
import { channelTo } from '../security/raw-client.fixture.js';

/** Every method the client knows how to call. */
const METHODS: string[] = [
  StreamsService,
  GossipService,
  ServerFeaturesService,
  PersistentSubscriptionsService,
  OperationsService,
  ProjectionsService,
  UsersService,
  MonitoringService,
].flatMap((service) => Object.values(service as Record<string, { path: string }>).map(({ path }) => path));

const identity = (bytes: Buffer) => bytes;

describe.each([
  ['in plaintext', false],
  ['with TLS', true],
])('%s', (_mode, tls) => {
  let dir: string;
  let server: EmbeddedEventStore;
  let client: EventStoreDBClient;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'features-'));
    server = await startEmbeddedEventStore({ dir, tls });
    client = EventStoreDBClient.connectionString(server.connectionStringWithCredentials);
  });
  afterAll(async () => {
    await client.dispose();
    await server.stop();
    await rm(dir, { recursive: true });
  });

  /** The status of a call with an empty message, whatever kind of call it is: on the wire they are all alike. */
  const statusOf = async (path: string): Promise<status> => {
    const raw = new Client(`127.0.0.1:${server.port}`, channelTo(server));
    const call = raw.makeServerStreamRequest(path, identity, identity, Buffer.alloc(0));
    call.resume();
    const code = await new Promise<status>((resolve) => {
      call.on('error', (error: ServiceError) => resolve(error.code)).on('end', () => resolve(status.OK));
    });
    raw.close();
    return code;
  };

  const supported = async (): Promise<SupportedMethods> => {
    const features = new ServerFeaturesClient(`127.0.0.1:${server.port}`, channelTo(server));
    const answer = await new Promise<SupportedMethods>((resolve, reject) => {
      features.getSupportedMethods(new Empty(), (error, methods) => (error ? reject(error) : resolve(methods)));
    });
    features.close();
    return answer;
  };

  test('the methods listed are the methods that answer', async () => {
    const answering: string[] = [];
    for (const path of METHODS) if ((await statusOf(path)) !== status.UNIMPLEMENTED) answering.push(path.toLowerCase());
    const listed = (await supported()).getMethodsList().map((method) => `/${method.getServiceName()}/${method.getMethodName()}`);
    expect(new Set(listed)).toEqual(new Set(answering));
    expect(listed).toHaveLength(7);
  });

  test('the version has three numbers, which is what clients parse', async () => {
    expect((await supported()).getEventStoreServerVersion()).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('the client reports persistent subscriptions as unsupported', async () => {
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    await expect(client.createPersistentSubscriptionToAll('group', settings as never)).rejects.toBeInstanceOf(UnsupportedError);
    // The client tries these over HTTP/1.1 instead, which is not spoken here.
    await expect(client.listAllPersistentSubscriptions()).rejects.toThrow();
  });

  test.each([
    [
      'creating a persistent subscription',
      () => client.createPersistentSubscriptionToStream('s', 'group', persistentSubscriptionToStreamSettingsFromDefaults()),
    ],
    ['deleting a persistent subscription', () => client.deletePersistentSubscriptionToStream('s', 'group')],
    ['creating a projection', () => client.createProjection('p', 'fromAll()')],
  ])('the client hears that %s is not implemented, and goes on', async (_what, call) => {
    const outcome = await call().then(
      () => undefined,
      (error: Error & { code?: number }) => error,
    );
    expect(outcome instanceof UnsupportedError || outcome?.code === status.UNIMPLEMENTED).toBe(true);
    await client.getStreamMetadata('s');
  });

  test('the client hears it of a persistent subscription it connects to', async () => {
    const subscription = client.subscribeToPersistentSubscriptionToStream('s', 'group');
    const [error] = (await once(subscription, 'error')) as [ServiceError];
    expect(error.code).toBe(status.UNIMPLEMENTED);
  });
});
