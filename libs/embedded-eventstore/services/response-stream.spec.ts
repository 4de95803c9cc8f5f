import { once } from 'node:events';
import {
  Client,
  credentials,
  type MethodDefinition,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { until } from '../testing/server-process.js';
import type { ServiceContext } from './context.js';
import { OpenCalls } from './open-calls.js';
import { serveStream } from './response-stream.js';

const bytes = (buffer: Buffer) => buffer;
const method: MethodDefinition<Buffer, Buffer> = {
  path: '/test.Stream/Read',
  requestStream: false,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};
const MESSAGE = Buffer.alloc(64 * 1024);
const MESSAGES = 500;

jest.setTimeout(30_000);

let server: Server;
let client: Client;
let written: number;
let finished: boolean;
let calls: OpenCalls;
beforeEach(async () => {
  written = 0;
  finished = false;
  server = new Server();
  calls = new OpenCalls();
  server.addService(
    { read: method },
    {
      read: (call: ServerWritableStream<Buffer, Buffer>) =>
        serveStream({ calls } as ServiceContext, call, async (_request, out) => {
          try {
            for (; written < MESSAGES; written++) await out.write(MESSAGE);
          } finally {
            finished = true;
          }
        }),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  client = new (makeGenericClientConstructor({ read: method }, 'Stream'))(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterEach(() => {
  client.close();
  server.forceShutdown();
});

/** Waits until the server has stopped writing: the same number at several looks in a row. */
async function standstill(): Promise<number> {
  let last = -1;
  let same = 0;
  await until(() => {
    same = written === last ? same + 1 : 0;
    last = written;
    return written > 0 && same >= 10;
  });
  return last;
}

test('a reader that does not read stops the server from writing, until it reads on', async () => {
  const call = client.makeServerStreamRequest(method.path, bytes, bytes, MESSAGE);
  await once(call, 'readable');
  const held = await standstill();
  // 31 MB are to be sent; what is under way is a few MB of buffers on both sides.
  expect(held).toBeLessThan(200);
  let received = 0;
  for await (const _ of call) received++;
  expect(received).toBe(MESSAGES);
});

test('a reader that goes away ends the handler', async () => {
  const call = client.makeServerStreamRequest(method.path, bytes, bytes, MESSAGE);
  await once(call, 'readable');
  await standstill();
  call.on('error', () => undefined);
  call.cancel();
  await until(() => finished);
  expect(written).toBeLessThan(MESSAGES);
});

test('a stopping server resets a reader that does not read, without waiting for it', async () => {
  const call = client.makeServerStreamRequest(method.path, bytes, bytes, MESSAGE);
  await once(call, 'readable');
  await standstill();
  const ended = once(call, 'error') as Promise<[ServiceError]>;
  calls.stopAll();
  // These are the client's words for a reset; a status in trailers would bring ours, and only after all the data.
  expect((await ended)[0]).toMatchObject({ code: status.CANCELLED, details: 'Call cancelled' });
  await until(() => finished);
});

test('a stopping server refuses new calls', async () => {
  calls.stopAll();
  const [error] = (await once(client.makeServerStreamRequest(method.path, bytes, bytes, MESSAGE), 'error')) as [ServiceError];
  expect(error.code).toBe(status.UNAVAILABLE);
});
