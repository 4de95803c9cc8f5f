import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { batchChunk, batchOptions, subscribeToAll } from '../../libs/embedded-eventstore/testing/raw-client.js';
import { WireWriter } from '../../libs/embedded-eventstore/wire/wire.js';
import { until } from '../support/until.js';
import { AttackedServer } from './eventstore-attacked.fixture.js';
import {
  answered,
  callHeaders,
  END_HEADERS,
  END_STREAM,
  FRAME,
  framed,
  headerBlock,
  http2Frame,
  METHODS,
  openCall,
  openSession,
  openSocket,
  PREFACE,
} from './eventstore-raw.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const ROUNDS = soak ? 3 : 1;
const MEGABYTE = 1024 * 1024;
jest.setTimeout(soak ? 1_200_000 : 60_000);

let server: AttackedServer;
beforeAll(async () => {
  server = await AttackedServer.start();
});
afterAll(() => server.stop());

/** Writes no faster than the connection takes it. */
async function write(call: ClientHttp2Stream, message: Uint8Array): Promise<void> {
  if (!call.write(framed(message))) await once(call, 'drain');
}

const subscription = framed(subscribeToAll().serializeBinary());
const LARGEST_WINDOW = 0x7fff_ffff;

/** A subscriber whose HTTP/2 would take everything, but who does not read from its socket. */
async function openDeafSocket(): Promise<{ destroy(): void }> {
  const socket = await openSocket(server.port);
  const windowSetting = Buffer.of(0, 4, 0x7f, 0xff, 0xff, 0xff);
  const increment = Buffer.alloc(4);
  increment.writeUInt32BE(LARGEST_WINDOW - 65_535);
  socket.pause();
  socket.write(
    Buffer.concat([
      PREFACE,
      http2Frame(FRAME.settings, 0, 0, windowSetting),
      http2Frame(FRAME.windowUpdate, 0, 0, increment),
      http2Frame(FRAME.headers, END_HEADERS, 1, headerBlock(callHeaders(METHODS.read))),
      http2Frame(FRAME.data, END_STREAM, 1, subscription),
    ]),
  );
  return socket;
}

describe('clients that do not read', () => {
  it('events for subscribers do not pile up', async () => {
    const megabytes = soak ? 100 : 12;
    await server.withstand(async () => {
      const sessions = await Promise.all([openSession(server.port), openSession(server.port)]);
      for (const session of sessions) openCall(session, METHODS.read).end(subscription);
      const sockets = await Promise.all([openDeafSocket(), openDeafSocket()]);
      const before = await server.memory();
      await server.fill(megabytes * MEGABYTE);
      await server.expectMemory(before, 8 * MEGABYTE);
      for (const connection of [...sessions, ...sockets]) connection.destroy();
    }, ROUNDS);
  });

  it('answers to appends do not pile up, and every append is answered when they are read', async () => {
    const appends = soak ? 50_000 : 5_000;
    const stream = `unread-${randomUUID()}`;
    const session = await openSession(server.port);
    const call = openCall(session, METHODS.batchAppend);
    for (let n = 0; n < appends; n++) {
      call.write(framed(batchChunk(randomUUID(), [randomUUID()], true, batchOptions(stream)).serializeBinary()));
    }
    call.end();
    let written = 0;
    let same = 0;
    await until('a server that reads no more appends', async () => {
      const now = await server.countOf(stream);
      same = now > 0 && now === written ? same + 1 : 0;
      written = now;
      return same >= 5;
    });
    expect(written).toBeLessThan(appends);
    call.resume();
    await once(call, 'end');
    expect(await server.countOf(stream)).toBe(appends);
    session.destroy();
  });
});

describe('appends out of proportion', () => {
  it('those that share a call and are never finished are refused beyond a measure', () =>
    server.withstand(async () => {
      const session = await openSession(server.port);
      const call = openCall(session, METHODS.batchAppend);
      call.resume();
      const before = await server.memory();
      const data = Buffer.alloc(64 * 1024);
      const inAnHour = Timestamp.fromDate(new Date(Date.now() + 3_600_000));
      const options = batchOptions('unfinished').setDeadline(inAnHour);
      for (let n = 0; n < (soak ? 10_000 : 900); n++) {
        const chunk = batchChunk(randomUUID(), [randomUUID()], false, options, data);
        await write(call, chunk.serializeBinary());
      }
      await server.expectMemory(before, 40 * MEGABYTE);
      session.destroy();
    }, ROUNDS));

  it('one of half a million tiny events is refused with one answer', () =>
    server.withstand(async () => {
      const session = await openSession(server.port);
      const call = openCall(session, METHODS.batchAppend);
      const answers: Buffer[] = [];
      call.on('data', (chunk: Buffer) => answers.push(chunk));
      const id = new UUID().setString(randomUUID());
      const entry = (key: string, value: string) =>
        new WireWriter(32).bytesField(1, Buffer.from(key)).bytesField(2, Buffer.from(value)).finish();
      const [type, content] = [entry('type', 'T'), entry('content-type', 'x')];
      const chunks = soak ? 50 : 5;
      for (let at = 0; at < chunks; at++) {
        const chunk = new BatchAppendReq().setCorrelationId(id).setIsFinal(at === chunks - 1);
        if (at === 0) chunk.setOptions(batchOptions('tiny'));
        const events = new WireWriter(2 * MEGABYTE);
        for (let n = 1; n <= 10_000; n++) {
          const halves = new WireWriter(24)
            .varintField(1, at + 1)
            .varintField(2, n)
            .finish();
          const uuid = new WireWriter(32).bytesField(1, halves).finish();
          const event = new WireWriter(128).bytesField(1, uuid).bytesField(2, type).bytesField(2, content).finish();
          events.bytesField(3, event);
        }
        await write(call, Buffer.concat([chunk.serializeBinary(), events.finish()]));
        await nextTurn();
      }
      call.end();
      await once(call, 'end');
      // An answer is a message of its own; a second one would begin with another flag and length.
      const all = Buffer.concat(answers);
      expect(all.readUInt32BE(1)).toBe(all.length - 5);
      expect(await server.countOf('tiny')).toBe(0);
      session.destroy();
    }, ROUNDS));
});

describe('floods', () => {
  const COUNT = soak ? 100_000 : 10_000;
  const header = headerBlock(callHeaders(METHODS.read));
  const stream = (n: number) => 2 * n + 1;
  it.each<[string, (n: number) => Buffer]>([
    ['settings', () => http2Frame(FRAME.settings, 0, 0)],
    ['pings', () => http2Frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['priorities', (n) => http2Frame(FRAME.priority, 0, stream(n), Buffer.alloc(5))],
    ['resets of nothing', (n) => http2Frame(FRAME.reset, 0, stream(n), Buffer.alloc(4))],
    [
      'calls reset at once',
      (n) =>
        Buffer.concat([
          http2Frame(FRAME.headers, END_HEADERS, stream(n), header),
          http2Frame(FRAME.reset, 0, stream(n), Buffer.alloc(4)),
        ]),
    ],
    ['calls and nothing more', (n) => http2Frame(FRAME.headers, END_HEADERS, stream(n), header)],
    [
      'headers that go on',
      (n) =>
        n === 0 ? http2Frame(FRAME.headers, 0, 1, header) : http2Frame(FRAME.continuation, 0, 1, headerBlock({ more: 'x' })),
    ],
    [
      'empty data',
      (n) =>
        n === 0
          ? http2Frame(FRAME.headers, END_HEADERS, 1, headerBlock(callHeaders(METHODS.append)))
          : http2Frame(FRAME.data, 0, 1),
    ],
  ])('of %s', (_name, frameOf) =>
    server.withstand(async () => {
      const socket = await openSocket(server.port);
      const reaction = answered(socket);
      socket.write(Buffer.concat([PREFACE, http2Frame(FRAME.settings, 0, 0)]));
      const frames = Buffer.concat(Array.from({ length: COUNT }, (_, n) => frameOf(n)));
      // The server may well have closed the connection by then.
      await new Promise<void>((resolve) => socket.write(frames, () => resolve()));
      await reaction;
      socket.destroy();
    }, ROUNDS),
  );
});

it('connections that only begin to say something hold up nobody', () =>
  server.withstand(async () => {
    const begun = Buffer.concat([PREFACE, http2Frame(FRAME.settings, 0, 0)]);
    const call = Buffer.concat([begun, http2Frame(FRAME.headers, END_HEADERS, 1, headerBlock(callHeaders(METHODS.append)))]);
    const starts = [
      Buffer.alloc(0),
      PREFACE.subarray(0, 10),
      begun.subarray(0, -3),
      begun,
      call.subarray(0, -20),
      call,
      Buffer.concat([call, http2Frame(FRAME.data, 0, 1, framed(Buffer.alloc(3), 0, 1000))]),
    ];
    const sockets = await Promise.all(Array.from({ length: soak ? 2000 : 300 }, () => openSocket(server.port)));
    for (const [n, socket] of sockets.entries()) {
      for (const byte of starts[n % starts.length]!) socket.write(Buffer.of(byte));
    }
    await server.servedMore();
    for (const socket of sockets) socket.destroy();
  }, ROUNDS));
