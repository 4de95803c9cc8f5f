import { randomUUID } from 'node:crypto';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { batchChunk, batchOptions, subscribeToAll } from '../../libs/embedded-eventstore/testing/raw-client.js';
import { AttackedServer } from './eventstore-attacked.fixture.js';
import { answerTo, endOf, framed, METHODS, openCall, openSession } from './eventstore-raw.fixture.js';
import { appendEvent, appendOptions } from './eventstore-requests.fixture.js';

const soak = process.env.HUICAI_SOAK === '1';
const CALLS = soak ? 10_000 : 500;
/** A connection is ended after a thousand calls reset. */
const CALLS_PER_SESSION = 500;
const ROUNDS = soak ? 3 : 1;
const _MEGABYTE = 1024 * 1024;
jest.setTimeout(soak ? 1_200_000 : 60_000);

let server: AttackedServer;
beforeAll(async () => {
  server = await AttackedServer.start();
});
afterAll(() => server.stop());

/** Ways to begin a call and leave it alone. */
const beginnings: Record<string, (session: ClientHttp2Session) => ClientHttp2Stream> = {
  'subscriptions that are not read': (session) => {
    const call = openCall(session, METHODS.read);
    call.end(framed(subscribeToAll().serializeBinary()));
    return call;
  },
  'appends half sent': (session) => {
    const call = openCall(session, METHODS.append);
    call.write(framed(appendOptions('abandoned')));
    call.write(framed(appendEvent(Buffer.alloc(1000))));
    return call;
  },
  'messages half sent': (session) => {
    const call = openCall(session, METHODS.append);
    call.write(framed(appendEvent(Buffer.alloc(1000)), 0, 5000));
    return call;
  },
  'batch appends without their last chunk': (session) => {
    const call = openCall(session, METHODS.batchAppend);
    call.write(framed(batchChunk(randomUUID(), [randomUUID()], false, batchOptions('abandoned')).serializeBinary()));
    return call;
  },
};

describe.each(Object.entries(beginnings))('%s', (_name, begin) => {
  it.each(['cancelled', 'cut with their connection'])('%s take nothing with them', (how) =>
    server.withstand(async () => {
      for (let n = 0; n < CALLS; n += CALLS_PER_SESSION) {
        const session = await openSession(server.port);
        const calls = Array.from({ length: CALLS_PER_SESSION }, () => begin(session));
        // The server has seen them all when it answers what comes after them.
        const last = openCall(session, METHODS.features);
        last.end(framed(Buffer.alloc(0)));
        await answerTo(last);
        if (how === 'cancelled') {
          const ended = calls.map((call) => endOf(call));
          for (const call of calls) call.close(8);
          await Promise.all(ended);
        }
        session.destroy();
      }
    }, ROUNDS),
  );

  it('nothing of them was done', async () => {
    expect(await server.countOf('abandoned')).toBe(0);
  });
});
