import { type AppendResult, END, START, StreamDeletedError } from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import { events, freshStream, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

const append = (stream: string, batch = events(1)): Promise<AppendResult> => server.client.appendToStream(stream, batch);
const filled = async (count: number) => {
  const stream = freshStream('订阅');
  await append(stream, events(count));
  return stream;
};
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('a subscription to a stream', () => {
  test('is confirmed first, gives what is there, says once that it has caught up, and goes on with what comes', async () => {
    const stream = await filled(150);
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    expect(recorder.revisions).toEqual(upTo(150));
    expect(recorder.log).toEqual(['confirmation', ...Array(150).fill('Numbered'), 'caught-up']);
    for (let n = 0; n < 5; n++) await append(stream, events(3));
    await recorder.untilEvents(165);
    expect(recorder.revisions).toEqual(upTo(165));
    expect(recorder.caughtUp).toBe(1);
    expect(recorder.subscription.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ['the start', START, [0, 1, 2, 3, 4]],
    ['revision 0: after it', 0n, [1, 2, 3, 4]],
    ['a revision: after it', 2n, [3, 4]],
    ['the last revision', 4n, []],
    ['beyond the last revision', 50n, []],
    ['a revision only 64 bits hold', 2n ** 63n, []],
    ['the end', END, []],
  ] as const)('from %s', async (_name, fromRevision, expected) => {
    const stream = await filled(5);
    const recorder = subscriptions.toStream(stream, { fromRevision });
    await recorder.untilCaughtUp();
    expect(recorder.log).toEqual(['confirmation', ...expected.map(() => 'Numbered'), 'caught-up']);
    expect(recorder.revisions).toEqual(expected);
  });

  test('from the end gives only what comes after the confirmation', async () => {
    const stream = await filled(5);
    const recorder = subscriptions.toStream(stream, { fromRevision: END });
    await recorder.until(() => recorder.log.includes('confirmation'));
    await append(stream, events(2));
    await recorder.untilEvents(2);
    expect(recorder.revisions).toEqual([5, 6]);
    expect(recorder.caughtUp).toBe(1);
  });

  test('beyond the end gives nothing until a later revision', async () => {
    const stream = await filled(2);
    const recorder = subscriptions.toStream(stream, { fromRevision: 3n });
    await recorder.untilCaughtUp();
    await append(stream, events(4));
    await recorder.untilEvents(2);
    expect(recorder.revisions).toEqual([4, 5]);
  });

  test('that does not exist yet waits for it', async () => {
    const stream = freshStream();
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    await append(stream);
    await recorder.untilEvents(1);
    expect(recorder.log).toEqual(['confirmation', 'caught-up', 'Numbered']);
  });

  test('that has only metadata waits for its events', async () => {
    const stream = freshStream();
    await server.client.setStreamMetadata(stream, { owner: 'x' });
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    await append(stream, events(2));
    await recorder.untilEvents(2);
    expect(recorder.revisions).toEqual([0, 1]);
  });

  test('that is soft-deleted waits for its revival, and begins with the first new event', async () => {
    const stream = await filled(3);
    await server.client.deleteStream(stream);
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    expect(recorder.events).toEqual([]);
    await append(stream, events(2));
    await recorder.untilEvents(2);
    expect(recorder.revisions).toEqual([3, 4]);
  });

  test('lives through soft deletes', async () => {
    const stream = await filled(2);
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    for (let round = 0; round < 3; round++) {
      await server.client.deleteStream(stream);
      await append(stream, events(2));
      await recorder.untilEvents(4 + round * 2);
    }
    expect(recorder.revisions).toEqual(upTo(8));
    expect(recorder.error).toBeUndefined();
    expect(recorder.caughtUp).toBe(1);
  });

  test('ends with the tombstone, then says that the stream is deleted', async () => {
    const stream = await filled(1);
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    await server.client.tombstoneStream(stream);
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.log).toEqual(['confirmation', 'Numbered', 'caught-up', '$streamDeleted', 'error']);
    expect(recorder.events.at(-1)?.event?.revision).toBe(2n ** 63n - 1n);
    expect(recorder.error).toBeInstanceOf(StreamDeletedError);
  });

  test('ends with the tombstone of a stream that never was', async () => {
    const stream = freshStream();
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    await server.client.tombstoneStream(stream);
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.log).toEqual(['confirmation', 'caught-up', '$streamDeleted', 'error']);
  });

  test.each([START, END, 7n] as const)('already tombstoned is refused, from %s', async (fromRevision) => {
    const stream = await filled(1);
    await server.client.tombstoneStream(stream);
    const recorder = subscriptions.toStream(stream, { fromRevision });
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.log).toEqual(['error']);
    expect(recorder.error).toBeInstanceOf(StreamDeletedError);
  });

  test('gets nothing of other streams, of its metadata neither', async () => {
    const stream = await filled(1);
    const recorder = subscriptions.toStream(stream, { fromRevision: END });
    await recorder.untilCaughtUp();
    for (const other of [`${stream}x`, stream.slice(0, -1), stream.toUpperCase()]) await append(other, events(3));
    await server.client.setStreamMetadata(stream, { owner: 'x' });
    await append(stream, events(1, 'Last'));
    await recorder.until(() => recorder.log.includes('Last'));
    expect(recorder.log).toEqual(['confirmation', 'caught-up', 'Last']);
  });

  test('goes on when what it has been given is truncated', async () => {
    const stream = await filled(5);
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    await server.client.setStreamMetadata(stream, { truncateBefore: 5 });
    await append(stream, events(2));
    await recorder.untilEvents(7);
    expect(recorder.revisions).toEqual(upTo(7));
  });
});
