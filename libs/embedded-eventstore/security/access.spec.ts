import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectHttp2, constants } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessDeniedError, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type BatchAppendResp, TombstoneReq } from '@eventstore/db-client/generated/streams_pb.js';
import { type ServiceError, status } from '@grpc/grpc-js';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../index.js';
import { batchChunk, batchOptions } from '../testing/raw-client.js';
import { basic, rawClientTo } from './raw-client.fixture.js';

const event = () => jsonEvent({ type: 'T', data: {} });
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

let dir: string;
let server: EmbeddedEventStore;
let errors: unknown[];
const clients: EventStoreDBClient[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'access-'));
  server = await startEmbeddedEventStore({
    dir,
    tls: true,
    login: 'keeper',
    password: 'p:ß %@/?',
    onError: (error) => errors.push(error),
  });
});
beforeEach(() => {
  errors = [];
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  expect(errors).toEqual([]);
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

function connect(url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  clients.push(client);
  return client;
}

function connectAs(username: string, password: string): EventStoreDBClient {
  return connect(server.connectionString.replace('://', `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`));
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** Every kind of call there is, by a client with these credentials of its own or of each call. */
const CALLS: [string, (client: EventStoreDBClient, perCall?: { username: string; password: string }) => Promise<unknown>][] = [
  ['append', (client, credentials) => client.appendToStream('s', event(), { credentials })],
  ['append of many', (client, credentials) => client.appendToStream('s', Array.from({ length: 500 }, event), { credentials })],
  ['read', (client, credentials) => drain(client.readStream('s', { credentials }))],
  ['read all', (client, credentials) => drain(client.readAll({ credentials }))],
  ['subscribe', (client, credentials) => drain(client.subscribeToStream('s', { credentials }))],
  ['subscribe to all', (client, credentials) => drain(client.subscribeToAll({ credentials }))],
  ['delete', (client, credentials) => client.deleteStream('s', { credentials })],
  ['tombstone', (client, credentials) => client.tombstoneStream('s', { credentials })],
  ['read metadata', (client, credentials) => client.getStreamMetadata('s', { credentials })],
  ['write metadata', (client, credentials) => client.setStreamMetadata('s', {}, { credentials })],
];

/** What the server itself holds. */
async function countOf(stream: string): Promise<number> {
  const client = connect(server.connectionStringWithCredentials);
  let count = 0;
  for await (const _ of client.readStream(stream)) count++;
  return count;
}

test('the account may do everything, with credentials of the client and of the call', async () => {
  const client = connect(server.connectionStringWithCredentials);
  const perCall = { credentials: server.credentials! };
  await client.appendToStream('mine', event());
  await connect(server.connectionString).appendToStream('mine', event(), perCall);
  await client.setStreamMetadata('mine', { maxCount: 10 });
  await client.appendToStream('$system', event());
  expect(await countOf('mine')).toBe(2);
  expect(await countOf('$system')).toBe(1);
  await client.deleteStream('mine');
  await client.tombstoneStream('mine');
  const subscription = client.subscribeToAll();
  await once(subscription, 'caughtUp');
  await subscription.unsubscribe();
});

describe('denied is', () => {
  beforeAll(async () => {
    const client = connect(server.connectionStringWithCredentials);
    await client.appendToStream('s', event());
  });
  afterAll(async () => expect(await countOf('s')).toBe(1));

  test.each(CALLS)('an anonymous %s', async (_name, call) => {
    await expect(call(connect(server.connectionString))).rejects.toBeInstanceOf(AccessDeniedError);
  });

  test.each(CALLS)('with a wrong password of the call, %s', async (_name, call) => {
    const refused = call(connect(server.connectionStringWithCredentials), { username: 'keeper', password: 'wrong' });
    await expect(refused).rejects.toMatchObject({ type: 'access-denied', code: status.UNAUTHENTICATED });
  });

  test.each(CALLS)('with a wrong password of the client, %s', async (_name, call) => {
    await expect(call(connectAs('keeper', 'wrong'))).rejects.toMatchObject({
      type: 'access-denied',
      code: status.UNAUTHENTICATED,
    });
  });

  test.each(CALLS)('under another login, %s', async (_name, call) => {
    await expect(call(connectAs('admin', server.credentials!.password))).rejects.toBeInstanceOf(AccessDeniedError);
  });
});

test('none of the account is denied its append because a stranger in the same process is', async () => {
  const known = connect(server.connectionStringWithCredentials);
  const stranger = connect(server.connectionString);
  const [mine, ...theirs] = await Promise.allSettled([
    known.appendToStream('together', Array.from({ length: 200 }, event)),
    ...Array.from({ length: 20 }, () => stranger.appendToStream('together', event())),
  ]);
  expect(mine.status).toBe('fulfilled');
  for (const outcome of theirs) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(AccessDeniedError) as unknown });
  }
  expect(await countOf('together')).toBe(200);
});

test('an anonymous batch append is denied inside its stream, once per append, however many chunks it has', async () => {
  const raw = rawClientTo(server, null);
  const call = raw.batchAppend();
  const answers: BatchAppendResp[] = [];
  call.on('data', (answer: BatchAppendResp) => answers.push(answer));
  call.write(batchChunk(uuid(1), [uuid(10)], false, batchOptions('denied')));
  call.write(batchChunk(uuid(2), [uuid(20)], true, batchOptions('other')));
  call.write(batchChunk(uuid(1), [uuid(11)], false));
  call.write(batchChunk(uuid(1), [uuid(12)], true));
  call.write(batchChunk(uuid(3), [uuid(30)], true, batchOptions('third')));
  call.end();
  await once(call, 'end');
  raw.close();
  const told = answers.map((answer) => [answer.getCorrelationId()!.getString(), answer.getError()!.getDetails()!.getTypeName()]);
  expect(told).toEqual([1, 2, 3].map((n) => [uuid(n), 'event_store.client.AccessDenied']));
  expect(Buffer.from(answers[0]!.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe('denied');
});

test('an anonymous batch append that does not finish its appends is ended', async () => {
  const raw = rawClientTo(server, null);
  const call = raw.batchAppend();
  call.resume();
  const ended = once(call, 'error') as Promise<[ServiceError]>;
  for (let n = 0; n <= 1000; n++) call.write(batchChunk(uuid(n), [], false, batchOptions('s')));
  expect((await ended)[0].code).toBe(status.PERMISSION_DENIED);
  raw.close();
});

test('an anonymous batch append ends with the server, which need not cut its connection', async () => {
  const other = await mkdtemp(join(tmpdir(), 'access-'));
  const stopping = await startEmbeddedEventStore({ dir: other, tls: true });
  const session = connectHttp2(`https://127.0.0.1:${stopping.port}`, { ca: await readFile(stopping.caFile!) });
  const ends: number[] = [];
  session.on('goaway', (code) => ends.push(code));
  const headers = { ':method': 'POST', ':path': StreamsService.batchAppend.path, 'content-type': 'application/grpc' };
  const stream = session.request(headers, { endStream: false });
  stream.on('error', () => undefined);
  const message = batchChunk(uuid(1), [], true, batchOptions('s')).serializeBinary();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.write(Buffer.concat([prefix, message]));
  await once(stream, 'data');
  const closed = new Promise((resolve) => session.once('close', resolve));
  await stopping.stop();
  await closed;
  expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  expect(new Set(ends)).toEqual(new Set([constants.NGHTTP2_NO_ERROR]));
  await rm(other, { recursive: true });
});

describe('a header that can not be read is unauthenticated:', () => {
  const good = () => basic(`${server.credentials!.username}:${server.credentials!.password}`);

  /** How a call with this header, and an empty request, ends. */
  const call = async (header: string): Promise<unknown> => {
    const raw = rawClientTo(server, header);
    const code = await new Promise((resolve) => raw.tombstone(new TombstoneReq(), (error) => resolve(error?.code)));
    raw.close();
    return code;
  };

  test('the right one gets through to the service', async () => {
    expect(await call(good())).toBe(status.INVALID_ARGUMENT);
  });

  test.each([
    ['empty', ''],
    ['without credentials', 'Basic'],
    ['with no base64', 'Basic ???'],
    ['with base64 cut short', 'Basic a'],
    ['without a colon', basic('keeper')],
    ['with a colon alone', basic(':')],
    ['of another scheme', 'Bearer abc'],
    ['that is very long', `Basic ${'A'.repeat(7000)}`],
    ['of bytes that are no text', `Basic ${Buffer.from([0xff, 0xfe, 0x00]).toString('base64')}`],
  ])('%s', async (_name, header) => {
    expect(await call(header)).toBe(status.UNAUTHENTICATED);
  });

  test('twice the right one', async () => {
    expect(await call(`${good()}, ${good()}`)).toBe(status.UNAUTHENTICATED);
  });
});

test('in plaintext everyone is let in, whoever they say they are', async () => {
  const other = await mkdtemp(join(tmpdir(), 'access-'));
  const plain = await startEmbeddedEventStore({ dir: other });
  expect(plain).toMatchObject({ credentials: undefined, caFile: undefined });
  expect(plain.connectionStringWithCredentials).toBe(plain.connectionString);
  const client = connect(plain.connectionString.replace('://', '://nobody:nothing@'));
  await client.appendToStream('s', event());
  await client.appendToStream('s', event(), { credentials: { username: 'x', password: 'y' } });
  await client.dispose();
  await plain.stop();
  await rm(other, { recursive: true });
});
