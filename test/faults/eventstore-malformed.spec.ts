import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { until } from '../support/until.js';
import { AttackedServer } from './eventstore-attacked.fixture.js';
import {
  answered,
  answerTo,
  closed,
  endOf,
  FRAME,
  framed,
  http2Frame,
  METHODS,
  openCall,
  openSession,
  openSocket,
  PREFACE,
} from './eventstore-raw.fixture.js';
import { appendEvent, appendOptions, validMessages } from './eventstore-requests.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const RUNS = soak ? 3000 : 100;
const ROUNDS = soak ? 4 : 1;
const MEGABYTE = 1024 * 1024;
const methods = Object.entries(METHODS) as [keyof typeof METHODS, string][];
jest.setTimeout(soak ? 1_200_000 : 60_000);

let server: AttackedServer;
beforeAll(async () => {
  server = await AttackedServer.start();
});
afterAll(() => server.stop());
afterEach(() => server.serveOnce());

describe('messages cut off', () => {
  it('an append whose last message is cut off is refused, not taken for a shorter one', async () => {
    const session = await openSession(server.port);
    const stream = `cut-${randomUUID()}`;
    for (const rest of [framed(appendEvent()).subarray(0, 30), framed(appendEvent()).subarray(0, 3), Buffer.of(0)]) {
      const call = openCall(session, METHODS.append);
      call.write(framed(appendOptions(stream)));
      call.write(framed(appendEvent()));
      call.end(rest);
      expect(await endOf(call)).toBe(status.INVALID_ARGUMENT);
    }
    session.destroy();
    expect(await server.countOf(stream)).toBe(0);
  });

  it.each(methods)(
    '%s answers an end in the middle of a message, and bears a cancellation or a lost connection there',
    async (name, path) => {
      const part = framed(Buffer.concat([...validMessages('cut')[name], Buffer.alloc(20)])).subarray(0, -10);
      const session = await openSession(server.port);
      const ended = openCall(session, path);
      ended.end(part);
      // Of a batch append everything that was complete has been answered; the end of the call itself is no error.
      const expected = name === 'batchAppend' ? status.OK : name === 'append' ? status.INVALID_ARGUMENT : status.UNIMPLEMENTED;
      expect(await endOf(ended)).toBe(expected);
      const cancelled = openCall(session, path);
      await new Promise((resolve) => cancelled.write(part, resolve));
      cancelled.close(8);
      expect(await endOf(cancelled)).toBeDefined();
      const lost = openCall(session, path);
      await new Promise((resolve) => lost.write(part, resolve));
      session.destroy();
    },
  );
});

describe('random bytes', () => {
  it('on a connection are answered, or end it', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const frame = fc.record({
      type: fc.nat(11),
      flags: fc.nat(255),
      stream: fc.nat(9),
      payload: fc.uint8Array({ maxLength: 60 }),
    });
    const frames = fc
      .array(frame, { maxLength: 12 })
      .map((list) =>
        Buffer.concat([
          PREFACE,
          http2Frame(FRAME.settings, 0, 0),
          ...list.map((f) => http2Frame(f.type, f.flags, f.stream, f.payload)),
        ]),
      );
    const begun = bytes.map((rest) => Buffer.concat([PREFACE, rest]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, begun, frames), async (sent) => {
        const socket = await openSocket(server.port);
        const reaction = answered(socket);
        socket.end(sent);
        await reaction;
        socket.destroy();
      }),
      { numRuns: RUNS },
    );
  });

  it.each(methods)('as a message of %s are answered', async (name, path) => {
    const change = fc.record({ at: fc.nat(150), byte: fc.nat(255) });
    const spoil = (valid: Uint8Array) =>
      fc.tuple(fc.array(change, { maxLength: 4 }), fc.option(fc.nat(valid.length), { freq: 5 })).map(([changes, length]) => {
        const message = Buffer.from(valid);
        for (const { at, byte } of changes) if (at < message.length) message[at] = byte;
        return message.subarray(0, length ?? undefined);
      });
    const spoiled = fc.tuple(...validMessages('random')[name].map(spoil));
    const messages = fc.oneof(spoiled, fc.array(fc.uint8Array({ maxLength: 120 }), { minLength: 1, maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(messages, async (contents) => {
        // One for each: a connection with a thousand calls reset is ended.
        const session = await openSession(server.port);
        const call = openCall(session, path);
        const reaction = answerTo(call);
        for (const content of contents) call.write(framed(content));
        call.end();
        call.resume();
        await reaction;
        session.destroy();
      }),
      { numRuns: RUNS },
    );
  });
});

describe('wrong lengths', () => {
  it.each(methods)('%s refuses a message that claims four gigabytes', async (name, path) => {
    const session = await openSession(server.port);
    const call = openCall(session, path);
    call.end(framed(Buffer.alloc(100), 0, 0xffff_ffff));
    expect(await endOf(call)).toBe(name === 'unknown' ? status.UNIMPLEMENTED : status.RESOURCE_EXHAUSTED);
    session.destroy();
  });

  it.each(methods)('%s answers messages whose length is too short', async (name, path) => {
    const message = Buffer.concat(validMessages('short')[name]);
    const session = await openSession(server.port);
    const call = openCall(session, path);
    call.end(framed(message, 0, Math.floor(message.length / 2)));
    await answerTo(call);
    session.destroy();
  });

  it('a message over 17 MiB is refused when its length is known, and memory comes back', () =>
    server.withstand(async () => {
      const session = await openSession(server.port);
      const call = openCall(session, METHODS.batchAppend);
      call.end(framed(Buffer.alloc(18 * MEGABYTE)));
      expect(await endOf(call)).toBe(status.RESOURCE_EXHAUSTED);
      session.destroy();
    }, ROUNDS));

  it('messages of 16 MiB that never come to their end give their memory back with the connection', () =>
    server.withstand(async () => {
      const session = await openSession(server.port);
      const calls = Array.from({ length: 4 }, () => openCall(session, METHODS.batchAppend));
      await Promise.all(
        calls.map((call) => new Promise((sent) => call.write(framed(Buffer.alloc(16 * MEGABYTE), 0, 16 * MEGABYTE + 1), sent))),
      );
      session.destroy();
    }, ROUNDS));
});

describe('compression', () => {
  const gzip = { 'grpc-encoding': 'gzip' };
  it.each([
    ['a flag without an encoding', {}, appendOptions('flagged'), status.OK],
    ['gzip that is none', gzip, randomBytes(100), status.INTERNAL],
    ['gzip that is cut off', gzip, gzipSync(appendOptions('gzip')).subarray(0, -12), status.INTERNAL],
    ['an encoding nobody knows', { 'grpc-encoding': 'lzma' }, randomBytes(100), status.UNIMPLEMENTED],
    ['17 KiB that are 17 MiB and more', gzip, gzipSync(Buffer.alloc(18 * MEGABYTE)), status.RESOURCE_EXHAUSTED],
    ['gzip as it should be', gzip, gzipSync(appendOptions('gzip')), status.OK],
  ])('%s', async (_name, headers, content, expected) => {
    const session = await openSession(server.port);
    const call = openCall(session, METHODS.append, headers);
    call.end(framed(content, 1));
    expect(await endOf(call)).toBe(expected);
    session.destroy();
  });
});

describe('headers and protocols', () => {
  it.each([
    ['HTTP/1.1', 'GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['an upgrade', 'GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n'],
    ['TLS', Buffer.from('160301004001000003c0303', 'hex')],
    ['nothing', ''],
  ])('a connection that speaks %s is closed', async (_name, first) => {
    const socket = await openSocket(server.port);
    const gone = closed(socket);
    socket.end(first);
    await gone;
  });

  it.each([
    ['one of a megabyte', { long: 'x'.repeat(MEGABYTE) }],
    ['a thousand of a hundred bytes', Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`h${n}`, 'x'.repeat(100)]))],
    ['a binary one that is not base64', { 'odd-bin': '%%%' }],
    ['a timeout that is none', { 'grpc-timeout': 'soon' }],
    ['a timeout beyond all measure', { 'grpc-timeout': '99999999H' }],
    ['another content type', { 'content-type': 'text/plain' }],
    ['a path of another script', { ':path': '/惠才' }],
  ])('headers: %s', async (_name, headers) => {
    const session = await openSession(server.port);
    const call = openCall(session, METHODS.append, headers);
    call.end(framed(appendOptions('headers')));
    await endOf(call);
    session.destroy();
  });
});

// It takes as long as the server gives a silent client, which is the better part of a minute.
if (soak) {
  it('connections that broke the protocol, and whose client is gone without the server noticing, are let go in the end', async () => {
    const fresh = await AttackedServer.start();
    const before = fresh.openFiles();
    const dataOfNothing = Buffer.concat([PREFACE, http2Frame(FRAME.settings, 0, 0), http2Frame(FRAME.data, 0, 0)]);
    for (let n = 0; n < 20; n++) {
      const socket = await openSocket(fresh.port);
      const reaction = answered(socket);
      socket.end(dataOfNothing);
      await reaction;
      socket.destroy();
    }
    try {
      await until('the files of before', () => fresh.openFiles() <= before, 120_000);
    } finally {
      await fresh.stop();
    }
  });
}
