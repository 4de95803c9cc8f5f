import { BACKWARDS, END, FORWARDS, jsonEvent } from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import { events, freshStream, revisionsOf, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

const revisions = (stream: string, options?: Parameters<typeof revisionsOf>[2]) => revisionsOf(server.client, stream, options);
const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** A stream of ten events with this metadata, written as it is: the client checks and renames some keys. */
const truncated = async (metadata: Record<string, unknown>) => {
  const stream = freshStream();
  await server.client.appendToStream(stream, events(10));
  await server.client.appendToStream(`$$${stream}`, jsonEvent({ type: '$metadata', data: metadata as never }));
  return stream;
};

describe('truncation', () => {
  test.each<[string, Record<string, unknown>, number[]]>([
    ['$maxCount', { $maxCount: 3 }, [7, 8, 9]],
    ['$maxCount 1', { $maxCount: 1 }, [9]],
    ['a $maxCount that is not reached', { $maxCount: 11 }, ALL],
    ['the largest $maxCount', { $maxCount: Number.MAX_SAFE_INTEGER }, ALL],
    ['$tb', { $tb: 6 }, [6, 7, 8, 9]],
    ['$tb 0', { $tb: 0 }, ALL],
    ['$tb at the last event', { $tb: 9 }, [9]],
    ['$tb after the last event', { $tb: 10 }, []],
    ['$tb beyond the end', { $tb: 50 }, []],
    ['$maxAge that reaches back far enough', { $maxAge: 3600 }, ALL],
    ['the stricter of $maxCount and $tb: $tb', { $maxCount: 8, $tb: 6 }, [6, 7, 8, 9]],
    ['the stricter of $maxCount and $tb: $maxCount', { $maxCount: 2, $tb: 6 }, [8, 9]],
    ['all three', { $maxCount: 5, $tb: 7, $maxAge: 3600 }, [7, 8, 9]],
    ['$maxCount beside other keys', { $maxCount: 2, owner: '惠才', $cacheControl: 5, $acl: { $r: ['$all'] } }, [8, 9]],
    ['nothing: $maxCount 0', { $maxCount: 0 }, ALL],
    ['nothing: a negative $maxCount', { $maxCount: -3 }, ALL],
    ['nothing: $maxAge 0', { $maxAge: 0 }, ALL],
    ['nothing: a negative $maxAge', { $maxAge: -3 }, ALL],
    ['a good limit beside one that is not positive', { $maxCount: 0, $tb: 8 }, [8, 9]],
  ])('by %s', async (_name, metadata, expected) => {
    const stream = await truncated(metadata);
    expect(await revisions(stream)).toEqual(expected);
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual([...expected].reverse());
    expect(await revisions(stream, { direction: FORWARDS, fromRevision: 8n })).toEqual(expected.filter((n) => n >= 8));
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: 8n })).toEqual(expected.filter((n) => n <= 8).reverse());
    // A read below the first readable event begins with it, so that a count is a count of events read.
    expect(await revisions(stream, { fromRevision: 1n, maxCount: 2 })).toEqual(expected.filter((n) => n >= 1).slice(0, 2));
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 2 })).toEqual(
      [...expected].reverse().slice(0, 2),
    );
    const recorder = subscriptions.toStream(stream);
    await recorder.untilCaughtUp();
    expect(recorder.revisions).toEqual(expected);
  });

  test.each<[string, Record<string, unknown>]>([
    ['$tb', { $maxCount: 3, $tb: 'x' }],
    ['$maxCount', { $maxCount: '3', $tb: 5 }],
    ['$maxCount, a fraction', { $maxCount: 2.5, $tb: 5 }],
    ['$maxCount, null', { $maxCount: null, $tb: 5 }],
    ['$maxAge', { $maxAge: [], $maxCount: 3 }],
    ['$cacheControl', { $cacheControl: {}, $maxCount: 3 }],
    ['$acl', { $acl: 7, $maxCount: 3 }],
    ['a role list', { $acl: { $r: 7 }, $maxCount: 3 }],
    ['a role in a list', { $acl: { $w: ['$admins', 7] }, $maxCount: 3 }],
  ])('a value of the wrong type makes the whole metadata void: %s', async (_name, metadata) => {
    const stream = await truncated(metadata);
    expect(await revisions(stream)).toEqual(ALL);
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual([...ALL].reverse());
  });

  test('follows changes of the metadata and new events', async () => {
    const stream = await truncated({ $maxCount: 2 });
    await server.client.appendToStream(stream, events(1));
    expect(await revisions(stream)).toEqual([9, 10]);
    await server.client.setStreamMetadata(stream, { truncateBefore: 4 });
    expect(await revisions(stream)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    await server.client.setStreamMetadata(stream, {});
    expect(await revisions(stream)).toEqual([...ALL, 10]);
  });

  test('set before the first event holds from the first event on', async () => {
    const stream = freshStream();
    await server.client.setStreamMetadata(stream, { maxCount: 2 });
    for (let n = 0; n < 4; n++) await server.client.appendToStream(stream, events(1));
    expect(await revisions(stream)).toEqual([2, 3]);
  });

  test('does not change what a new append is numbered, expects or repeats', async () => {
    const stream = freshStream();
    const first = events(3);
    await server.client.appendToStream(stream, first);
    await server.client.setStreamMetadata(stream, { truncateBefore: 50 });
    expect(await server.client.appendToStream(stream, first, { expectedRevision: 'no_stream' })).toMatchObject({
      nextExpectedRevision: 2n,
    });
    expect(await server.client.appendToStream(stream, events(1), { expectedRevision: 2n })).toMatchObject({
      nextExpectedRevision: 3n,
    });
    expect(await revisions(stream)).toEqual([]);
  });

  test('by age: events disappear once they are old enough, and newer ones stay', async () => {
    const stream = await truncated({ $maxAge: 1 });
    while ((await revisions(stream)).length > 0) await new Promise((next) => setTimeout(next, 50));
    await server.client.appendToStream(stream, events(1));
    expect(await revisions(stream)).toEqual([10]);
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).toEqual([10]);
    await server.client.setStreamMetadata(stream, {});
    expect(await revisions(stream)).toHaveLength(11);
  });

  test('by age and count together: the stricter holds', async () => {
    const stream = await truncated({ $maxAge: 1, $maxCount: 3 });
    while ((await revisions(stream)).length > 0) await new Promise((next) => setTimeout(next, 50));
    await server.client.appendToStream(stream, events(5));
    expect(await revisions(stream)).toEqual([12, 13, 14]);
  });
});
