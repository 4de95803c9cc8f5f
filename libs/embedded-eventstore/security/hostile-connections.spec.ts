import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { EventStoreDBClient, jsonEvent, UnavailableError } from '@eventstore/db-client';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '../index.js';

let dir: string;
let server: EmbeddedEventStore;
let errors: unknown[];
const sockets: Socket[] = [];

async function start(tls: boolean): Promise<void> {
  errors = [];
  dir = await mkdtemp(join(tmpdir(), 'hostile-'));
  server = await startEmbeddedEventStore({ dir, tls, onError: (error) => errors.push(error) });
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
  await rm(dir, { recursive: true });
});

/** A bare connection; its own errors are expected and do not matter. */
async function dial(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: server.port });
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Whatever error comes first. */
async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Clients of good will are still served. */
async function expectServing(): Promise<void> {
  const client = EventStoreDBClient.connectionString(server.connectionStringWithCredentials);
  await client.appendToStream('s', jsonEvent({ type: 'T', data: {} }));
  await client.dispose();
  expect(errors).toEqual([]);
}

/** The begin of a handshake that will not go on: a record that announces more than it holds. */
const HALF_HANDSHAKE = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]);

describe('with TLS', () => {
  beforeEach(() => start(true));

  test('a client that speaks plaintext is told that the server is unavailable', async () => {
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${server.port}?tls=false`);
    const append = client.appendToStream('s', jsonEvent({ type: 'T', data: {} }), { credentials: server.credentials! });
    await expect(append).rejects.toBeInstanceOf(UnavailableError);
    await client.dispose();
    await expectServing();
  });

  test('a client that does not trust the authority does not get through', async () => {
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${server.port}?tls=true`);
    const append = client.appendToStream('s', jsonEvent({ type: 'T', data: {} }), { credentials: server.credentials! });
    await expect(append).rejects.toThrow(/certificate/);
    await client.dispose();
    await expectServing();
  });

  test.each([
    ['garbage', randomBytes(5000)],
    ['a request of HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['the preface of HTTP/2 in plaintext', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ])('%s instead of a handshake is cut off', async (_what, bytes) => {
    const socket = await dial();
    socket.write(bytes);
    await closed(socket);
    await expectServing();
  });

  test.each([
    ['another protocol', { ALPNProtocols: ['http/1.1'] }],
    ['no protocol', {}],
    ['an outdated version of TLS', { ALPNProtocols: ['h2'], maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }],
  ] as const)('a handshake that offers %s comes to nothing', async (_what, options) => {
    const secure = connectTls({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, ...options });
    sockets.push(secure);
    secure.on('error', () => undefined);
    await closed(secure);
    await expectServing();
  });

  test('garbage after the handshake ends its connection alone', async () => {
    const secure = connectTls({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    sockets.push(secure);
    secure.on('error', () => undefined);
    await once(secure, 'secureConnect');
    secure.write(randomBytes(5000));
    await closed(secure);
    await expectServing();
  });

  test('many that begin a handshake and leave are nothing to it', async () => {
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const socket = await dial();
        socket.write(HALF_HANDSHAKE);
        if (n % 2) socket.destroy();
        else socket.resetAndDestroy();
      }),
    );
    await expectServing();
  });

  test('those that never finish their handshake are cut off when the server stops, which ends all it holds', async () => {
    const silent = await dial();
    const halfWay = await dial();
    halfWay.write(HALF_HANDSHAKE);
    await expectServing();
    await server.stop();
    await Promise.all([closed(silent), closed(halfWay)]);
    // Nothing listens any more: the port can be had again.
    server = await startEmbeddedEventStore({ dir, tls: true, port: server.port });
    await expectServing();
  });
});

describe('in plaintext', () => {
  beforeEach(() => start(false));

  test('a client that speaks TLS is told that the server is unavailable', async () => {
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${server.port}?tls=true`);
    const credentials = { username: 'admin', password: 'changeit' };
    const append = client.appendToStream('s', jsonEvent({ type: 'T', data: {} }), { credentials });
    await expect(append).rejects.toBeInstanceOf(UnavailableError);
    await client.dispose();
    await expectServing();
  });

  test.each([
    ['garbage', randomBytes(5000)],
    ['a request of HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a handshake', HALF_HANDSHAKE],
  ])('%s is nothing to it', async (_what, bytes) => {
    const socket = await dial();
    socket.end(bytes);
    await closed(socket);
    await expectServing();
  });

  test('those that never say anything are cut off when the server stops', async () => {
    const silent = await dial();
    await expectServing();
    await server.stop();
    await closed(silent);
  });
});

test.each([false, true])('a call that is no gRPC is refused and its connection lives (TLS: %s)', async (tls) => {
  await start(tls);
  const session = tls
    ? connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false })
    : connectHttp2(`http://127.0.0.1:${server.port}`);
  const status = async (headers: Record<string, string>) => {
    const stream = session.request({ ':method': 'POST', ':path': '/event_store.client.streams.Streams/Read', ...headers });
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.close();
    return [answer[':status'], answer['grpc-status']];
  };
  expect(await status({ ':method': 'GET' })).toEqual([415, undefined]);
  expect(await status({ 'content-type': 'application/grpc', ':path': '/nothing' })).toEqual([200, '12']);
  expect(session.closed || session.destroyed).toBe(false);
  session.close();
  await expectServing();
});
