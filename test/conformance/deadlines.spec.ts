import { DeadlineExceededError, EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import {
  appendOver,
  events,
  freshStream,
  PATHS,
  readAllOf,
  refusalOf,
  type ServerUnderTest,
  serverUnderTest,
  withOptions,
} from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

describe('a deadline that has passed', () => {
  test.each(PATHS)('refuses an append over the %s path and writes nothing', async (path) => {
    const stream = freshStream('deadline');
    const error = await refusalOf(appendOver(server, path, stream, events(1), NO_STREAM, { deadline: -1000 }));
    expect(error).toBeInstanceOf(DeadlineExceededError);
    expect(await appendOver(server, path, stream, events(1), NO_STREAM)).toMatchObject({ nextExpectedRevision: 0n });
  });

  test('of one append does not touch those beside it', async () => {
    const [late, good] = [freshStream('late'), freshStream('good')];
    const refused = refusalOf(server.client.appendToStream(late, events(3), { deadline: -1 }));
    const answers = await Promise.all([
      server.client.appendToStream(good, events(1)),
      server.client.appendToStream(late, events(1)),
    ]);
    expect(await refused).toBeInstanceOf(DeadlineExceededError);
    expect(answers.map(({ nextExpectedRevision }) => nextExpectedRevision)).toEqual([0n, 0n]);
  });

  test('refuses an append of several chunks once', async () => {
    const stream = freshStream('deadline');
    const refused = refusalOf(server.client.appendToStream(stream, events(50), { deadline: -1, batchAppendSize: 200 }));
    expect(await refused).toBeInstanceOf(DeadlineExceededError);
    expect(await server.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM })).toMatchObject({
      nextExpectedRevision: 0n,
    });
  });

  test.each(['deleteStream', 'tombstoneStream'] as const)('refuses %s and leaves the stream', async (method) => {
    const stream = freshStream('deadline');
    await server.client.appendToStream(stream, events(2));
    const error = await refusalOf(server.client[method](stream, { deadline: -1000 }));
    expect(error).toBeInstanceOf(DeadlineExceededError);
    expect(await readAllOf(server.client, stream)).toHaveLength(2);
  });

  test('refuses metadata and leaves what was there', async () => {
    const stream = freshStream('deadline');
    await server.client.setStreamMetadata(stream, { owner: '甲' });
    const error = await refusalOf(server.client.setStreamMetadata(stream, { owner: '乙' }, { deadline: -1000 }));
    expect(error).toBeInstanceOf(DeadlineExceededError);
    expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({ owner: '甲' });
  });
});

test.each(PATHS)('a deadline far away changes nothing, over the %s path', async (path) => {
  const stream = freshStream();
  const answer = await appendOver(server, path, stream, events(2), NO_STREAM, { deadline: 400 * 24 * 3600 * 1000 });
  expect(answer).toMatchObject({ nextExpectedRevision: 1n });
});

test('reads and subscriptions outlive the deadline that calls have by default', async () => {
  const client = EventStoreDBClient.connectionString(withOptions(server.url, 'defaultDeadline=400'));
  try {
    const stream = freshStream();
    await server.client.appendToStream(stream, events(1));
    const opened = Date.now();
    const subscription = client.subscribeToStream(stream);
    const seen: (bigint | undefined)[] = [];
    for await (const { event } of subscription) {
      seen.push(event?.revision);
      if (Date.now() - opened > 1000) break;
      await server.client.appendToStream(stream, events(1));
    }
    expect(seen).toEqual(seen.map((_, n) => BigInt(n)));
    expect(seen.length).toBeGreaterThan(1);
  } finally {
    await client.dispose();
  }
});
