import { setImmediate as turn } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { until } from '../../test/support/until.js';
import { connectEventStore } from './index.js';
import { type FaultyServer, type ReadCall, startFaultyServer } from './testing/faulty-server.js';
import { confirmation, event } from './testing/messages.js';

const OFFERED = 200_000;
/** How many of them the slow consumer takes; the rest must stay where it is. */
const TAKEN = process.env.HUICAI_SOAK ? OFFERED : 3_000;
/** Many times what the windows of the connection and the buffers of streams hold, and far less than is offered. */
const MANY = 2_000;

/** Positions whose wire form is of one length. */
const FIRST = 2n ** 40n;

/** Makes messages of one kilobyte and of ascending positions, faster than they can be taken. */
function kilobytes(): (n: number) => Buffer {
  const varint = (value: bigint) => {
    const bytes: number[] = [];
    for (let left = value; ; left >>= 7n) {
      if (left < 128n) return Buffer.from([...bytes, Number(left)]);
      bytes.push(Number(left & 127n) | 128);
    }
  };
  const first = varint(FIRST);
  const sample = Buffer.from(event({ position: FIRST, revision: 0n, data: { text: 'x'.repeat(900) } }).serializeBinary());
  const places: number[] = [];
  for (let at = sample.indexOf(first); at >= 0; at = sample.indexOf(first, at + 1)) places.push(at);
  return (n) => {
    const message = Buffer.from(sample);
    const position = varint(FIRST + BigInt(n));
    for (const place of places) position.copy(message, place);
    return message;
  };
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server that sends as fast as the connection takes it. */
async function flooding(): Promise<{ server: FaultyServer; sent: () => number }> {
  const make = kilobytes();
  let sent = 0;
  const flood = async (call: ReadCall) => {
    call.send(confirmation());
    while (sent < OFFERED && !call.isCancelled) if (!call.send(make(sent++))) await call.drained();
  };
  const server = await startFaultyServer({ read: flood });
  ends.push(() => server.close());
  return { server, sent: () => sent };
}

/** Whether a count has stood still for a while, or reached what it never should. */
function stands(count: () => number, never: number): () => boolean {
  let last = -1;
  let times = 0;
  return () => {
    times = count() === last ? times + 1 : 0;
    last = count();
    return times === 10 || last >= never;
  };
}

it('10: a handler of the bare client that takes its time does not slow the server down', async () => {
  const { server, sent } = await flooding();
  const client = EventStoreDBClient.connectionString(server.connectionString);
  ends.push(() => client.dispose());
  let finished = 0;
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const subscription = client.subscribeToAll();
  subscription
    .on('error', () => undefined)
    .on('data', async () => {
      await held;
      finished++;
    });
  await until('a flood', () => sent() > 2 * MANY);
  expect(finished).toBe(0);
  letGo();
  await subscription.unsubscribe();
  subscription.destroy();
});

it('10: a slow consumer of the adapter is never ahead of itself: what waits for it is bounded', async () => {
  const { server, sent } = await flooding();
  const store = connectEventStore(server.connectionString, { watchMs: 0 });
  ends.push(() => store.close());
  let taken = 0;
  let waiting = 0;
  for await (const { position } of store.followAll({ signal: new AbortController().signal })) {
    expect(position === FIRST + BigInt(taken)).toBe(true);
    taken++;
    if (taken % 10 === 0) await turn();
    // Now and then it stops altogether, until the server can send no more, or does not mind.
    if (taken % 1_000 === 0) await until('the server to wait', stands(sent, taken + MANY), 60_000);
    waiting = Math.max(waiting, sent() - taken);
    if (taken === TAKEN) break;
  }
  // The megabyte that the adapter lets a node send ahead, so that it works on while somebody reads.
  expect(waiting).toBeGreaterThan(600);
  expect(waiting).toBeLessThan(MANY);
}, 600_000);
