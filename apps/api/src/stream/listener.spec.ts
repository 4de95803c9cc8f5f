import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../../../test/support/until.js';
import { EventReader } from './event-reader.fixture.js';
import { Listener } from './listener.js';

const LIMIT = 64 * 1024;
const BLOCK = JSON.stringify('x'.repeat(1_000));

let server: Server;
let listener: Listener;
let sink: ServerResponse;
beforeAll(async () => {
  server = createServer((_, response) => {
    sink = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    listener = new Listener(response, { sight: 'all', isOutside: false }, undefined, LIMIT, () => 999n);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function stalled(): Promise<EventReader> {
  const reader = new EventReader(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {});
  await until('the stream', () => reader.body.includes('retry'));
  reader.pause();
  return reader;
}

/** Far more than any socket takes on its own. */
function flood(): number {
  let most = 0;
  for (let i = 1n; i <= 20_000n; i++) {
    listener.tell('case', i, BLOCK);
    most = Math.max(most, sink.writableLength);
  }
  return most;
}

it('holds no more than its bound for a reader who takes nothing, and tells them to load anew when they read again', async () => {
  const reader = await stalled();
  expect(flood()).toBeLessThan(LIMIT + 2 * BLOCK.length);
  listener.tell('case', 500_000n, BLOCK);
  reader.resume();
  const reset = await reader.next('reset', ({ event }) => event === 'reset');
  expect(reset).toEqual({ event: 'reset', id: '999', data: { reason: 'too-slow', position: '999' } });
  const told = reader.named('case').map(({ id }) => Number(id));
  // What came before is whole and in order; what came while nothing was taken is left out altogether.
  expect(told).toEqual(told.map((_, i) => i + 1));
  listener.tell('case', 1_000n, BLOCK);
  await reader.next('after the reset', ({ id }) => id === '1000');
  expect(reader.named('reset')).toHaveLength(1);
  reader.close();
});

it('cuts off a reader who takes nothing for four beats', async () => {
  const reader = await stalled();
  flood();
  for (let beats = 1; beats <= 3; beats++) listener.beat(1n);
  expect(sink.destroyed).toBe(false);
  listener.beat(1n);
  expect(sink.destroyed).toBe(true);
  reader.close();
});

it('ends with a reason, after which nothing is written', async () => {
  const reader = await stalled();
  reader.resume();
  listener.end('closing');
  listener.tell('case', 1n, BLOCK);
  listener.beat(1n);
  await until('the end', () => reader.ended);
  expect(reader.events).toEqual([{ event: 'end', id: undefined, data: { reason: 'closing' } }]);
  expect(reader.comments).toBe(0);
});
