import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, EventStoreDBClient, jsonEvent, UnavailableError } from '@eventstore/db-client';
import { MonitoringClient } from '@eventstore/db-client/generated/monitoring_grpc_pb.js';
import { StatsReq } from '@eventstore/db-client/generated/monitoring_pb.js';
import { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendReq, type ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type ServiceError, status } from '@grpc/grpc-js';
import { type EmbeddedEventStore, startEmbeddedEventStore } from './index.js';
import { channelTo, rawClientTo } from './security/raw-client.fixture.js';
import { batchChunk, batchOptions, streamIdentifier, subscribeToAll } from './testing/raw-client.js';

describe.each([
  ['in plaintext', false],
  ['with TLS', true],
])('%s', (_mode, tls) => {
  let dir: string;
  let server: EmbeddedEventStore;
  let client: EventStoreDBClient;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'stop-'));
    server = await startEmbeddedEventStore({ dir, tls });
    client = EventStoreDBClient.connectionString(server.connectionStringWithCredentials);
  });
  afterEach(async () => {
    await client.dispose();
    await server.stop();
    await rm(dir, { recursive: true });
  });

  test('subscriptions end as cancelled', async () => {
    const subscription = client.subscribeToAll();
    await once(subscription, 'caughtUp');
    const ended = once(subscription, 'error');
    await server.stop();
    expect((await ended)[0]).toBeInstanceOf(CancelledError);
  });

  test('an append half received ends as unavailable, nothing of it is written', async () => {
    const raw = rawClientTo(server);
    const answered = new Promise<ServiceError | null>((resolve) => {
      const call = raw.append((error) => resolve(error));
      const options = new AppendReq.Options().setStreamIdentifier(streamIdentifier('half')).setAny(new Empty());
      call.write(new AppendReq().setOptions(options));
    });
    // A call that the server answers proves that it has seen the earlier one on this connection.
    await new Promise((resolve) => raw.read(subscribeToAll()).once('data', resolve).on('error', resolve));
    await server.stop();
    expect((await answered)?.code).toBe(status.UNAVAILABLE);
    raw.close();
  });

  test('a reader that takes nothing any more is cancelled too, at once', async () => {
    const fill = 'x'.repeat(50_000);
    for (let n = 0; n < 100; n++) await client.appendToStream('big', jsonEvent({ type: 'Big', data: { fill } }));
    const raw = rawClientTo(server);
    const call = raw.read(subscribeToAll());
    await once(call, 'readable');
    const ended = once(call, 'error') as Promise<[ServiceError]>;
    await server.stop();
    // Only now is anything read: what is buffered comes first, then the end.
    const received: ReadResp[] = [];
    call.on('data', (message: ReadResp) => received.push(message));
    // What a reset says; a status would wait behind what is not read, until the connection is cut.
    expect((await ended)[0]).toMatchObject({ code: status.CANCELLED, details: 'Call cancelled' });
    expect(received.length).toBeLessThan(100);
    raw.close();
  });

  test('a batch append stream ends as cancelled', async () => {
    const raw = rawClientTo(server);
    const call = raw.batchAppend();
    call.write(
      batchChunk('00000000-0000-4000-8000-000000000001', ['00000000-0000-4000-8000-000000000002'], true, batchOptions('s')),
    );
    await once(call, 'data');
    const ended = once(call, 'error') as Promise<[ServiceError]>;
    await server.stop();
    expect((await ended)[0].code).toBe(status.CANCELLED);
    raw.close();
  });

  test('a batch append already received is answered before its stream ends', async () => {
    let total = 0;
    const raw = rawClientTo(server);
    for (let round = 0; round < 5; round++) {
      const call = raw.batchAppend();
      const received = new Promise<void>((resolve) => {
        call.on('data', () => {
          answers++;
          resolve();
        });
      });
      let answers = 0;
      for (let n = 0; n < 20; n++) call.write(batchChunk(randomUUID(), [randomUUID()], true, batchOptions('batched')));
      await received;
      const ended = once(call, 'error');
      await server.stop();
      await ended;
      server = await startEmbeddedEventStore({ dir, tls, port: server.port });
      const reader = EventStoreDBClient.connectionString(server.connectionStringWithCredentials);
      let stored = 0;
      for await (const _ of reader.readStream('batched')) stored++;
      await reader.dispose();
      total += answers;
      expect(stored).toBe(total);
    }
    raw.close();
  });

  test('appends already received are answered', async () => {
    const credentialed = { credentials: server.credentials ?? { username: 'a', password: 'b' } };
    await client.appendToStream('s', jsonEvent({ type: 'T', data: {} }), credentialed);
    const outcomes: boolean[] = [];
    const appends = Array.from({ length: 50 }, (_, n) =>
      client.appendToStream('s', jsonEvent({ type: 'T', data: { n } }), credentialed).then(
        () => outcomes.push(true),
        (error: unknown) => {
          expect(error).toBeInstanceOf(UnavailableError);
          outcomes.push(false);
        },
      ),
    );
    await appends[0];
    await server.stop();
    await Promise.all(appends);
    await client.dispose();
    server = await startEmbeddedEventStore({ dir, tls });
    client = EventStoreDBClient.connectionString(server.connectionStringWithCredentials);
    let stored = 0;
    for await (const _ of client.readStream('s')) stored++;
    // One was written before; of the rest, exactly those that were told so.
    expect(stored - 1).toBe(outcomes.filter((accepted) => accepted).length);
  });

  test('stopping twice is stopping once', async () => {
    const first = server.stop();
    expect(server.stop()).toBe(first);
    await first;
  });

  test('methods that are not served are unimplemented', async () => {
    const monitoring = new MonitoringClient(`127.0.0.1:${server.port}`, channelTo(server));
    const call = monitoring.stats(new StatsReq());
    const [error] = (await once(call, 'error')) as [ServiceError];
    expect(error.code).toBe(status.UNIMPLEMENTED);
    monitoring.close();
  });
});
