import {
  ANY,
  type AppendExpectedRevision,
  type EventData,
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  STREAM_EXISTS,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import {
  appendOver,
  events,
  freshStream,
  PATHS,
  readAllOf,
  readLog,
  refusalOf,
  revisionsOf,
  type ServerUnderTest,
  serverUnderTest,
  withOptions,
} from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

describe.each(PATHS)('append over the %s path', (path) => {
  const append = (stream: string, batch: EventData | EventData[], expected: AppendExpectedRevision = ANY) =>
    appendOver(server, path, stream, batch, expected);
  const filled = async (count: number) => {
    const stream = freshStream();
    const written = events(count);
    return { stream, written, answer: await append(stream, written) };
  };

  test('numbers events from 0 and answers with revision and position of the last one', async () => {
    const stream = freshStream();
    const first = await append(stream, events(3), NO_STREAM);
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 2n });
    const read = await readAllOf(server.client, stream);
    expect(read.map(({ event }) => event?.revision)).toEqual([0n, 1n, 2n]);
    expect(first.position).toEqual(read[2]?.event?.position);
    expect(first.position!.prepare).toBe(first.position!.commit);
    const second = await append(stream, events(1), 2n);
    expect(second.nextExpectedRevision).toBe(3n);
    expect(second.position!.commit).toBeGreaterThan(first.position!.commit);
  });

  test('a subscription from the position answered gets only what comes later', async () => {
    const { answer } = await filled(3);
    const later = await append(freshStream(), events(1));
    for await (const { event } of server.client.subscribeToAll({ fromPosition: answer.position })) {
      expect(event!.position!.commit).toBeGreaterThan(answer.position!.commit);
      if (event?.position?.commit === later.position?.commit) break;
    }
  });

  test('a revision only 64 bits hold is compared and named exactly', async () => {
    const { stream } = await filled(1);
    expect(await refusalOf(append(stream, events(1), 2n ** 62n + 1n))).toMatchObject({
      expectedVersion: 2n ** 62n + 1n,
      actualVersion: 0n,
    });
  });

  test('repeated while the first is still on its way: both get the same answer', async () => {
    const stream = freshStream();
    const batch = events(3);
    const [first, second] = await Promise.all([append(stream, batch, NO_STREAM), append(stream, batch, NO_STREAM)]);
    expect(second).toEqual(first);
    expect(await revisionsOf(server.client, stream)).toEqual([0, 1, 2]);
  });

  test.each([ANY, STREAM_EXISTS] as const)('an event just written elsewhere is new here, expecting %s', async (expected) => {
    const { written } = await filled(2);
    const { stream } = await filled(1);
    expect(await append(stream, written, expected)).toMatchObject({ nextExpectedRevision: 2n });
  });

  test('nothing to write has an answer that reads like the last append', async () => {
    const { stream, answer } = await filled(2);
    expect(await append(stream, [])).toMatchObject({ success: true, nextExpectedRevision: answer.nextExpectedRevision });
    expect(await append(stream, [], 1n)).toMatchObject({ success: true, nextExpectedRevision: 1n });
    expect(await revisionsOf(server.client, stream)).toEqual([0, 1]);
  });

  test('is read back at once, from the stream, backwards, and from $all', async () => {
    const stream = freshStream();
    for (let revision = 0; revision < 20; revision++) {
      const { position } = await append(stream, events(1));
      expect(await revisionsOf(server.client, stream)).toHaveLength(revision + 1);
      const [last] = await readAllOf(server.client, stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 });
      expect(last?.event?.revision).toBe(BigInt(revision));
      expect((await readLog(server.client, { fromPosition: position }))[0]?.id).toBe(last?.event?.id);
    }
  });

  test('concurrent writers at one revision: one wins, the others learn the revision', async () => {
    const stream = freshStream();
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => append(stream, events(2), NO_STREAM)));
    const lost = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(lost).toHaveLength(7);
    for (const { reason } of lost) expect(reason).toMatchObject({ actualVersion: 1n });
  });

  test('events of one append are contiguous in $all among concurrent ones', async () => {
    const start = await append(freshStream(), events(1));
    const streams = Array.from({ length: 6 }, () => freshStream());
    await Promise.all(streams.flatMap((stream) => [append(stream, events(5)), append(stream, events(5))]));
    const log = await readLog(server.client, { fromPosition: start.position });
    const order = log.map(({ streamId }) => streamId).filter((streamId) => streams.includes(streamId));
    expect(order).toHaveLength(60);
    for (let index = 0; index < order.length; index += 5) expect(new Set(order.slice(index, index + 5)).size).toBe(1);
  });

  test('refused, it leaves nothing of itself, in the stream or in $all', async () => {
    const { stream, answer } = await filled(1);
    const batch = events(3);
    await refusalOf(append(stream, batch, 7n));
    const log = await readLog(server.client, { fromPosition: answer.position });
    const ids = batch.map(({ id }) => id);
    expect(log.filter(({ id }) => ids.includes(id))).toEqual([]);
  });

  test.each([
    ['no UUID', 'not-a-uuid'],
    ['empty', ''],
  ])('an event id that is %s is refused, appends beside it are not', async (_name, id) => {
    const [bad, good] = [freshStream(), freshStream()];
    const refused = refusalOf(append(bad, [...events(1), { ...jsonEvent({ type: 'Bad', data: {} }), id }]));
    const accepted = await Promise.all([append(good, events(1)), append(good, events(1))]);
    expect(await refused).toBeInstanceOf(Error);
    expect(accepted.map(({ nextExpectedRevision }) => nextExpectedRevision)).toEqual([0n, 1n]);
    expect(await append(bad, events(1), NO_STREAM)).toMatchObject({ nextExpectedRevision: 0n });
  });
});

test('appends of one client to one stream take effect in the order they were made', async () => {
  const stream = freshStream();
  const batches = Array.from({ length: 40 }, (_, n) => events(1 + (n % 3), 'Ordered', n));
  await Promise.all(batches.map((batch) => server.client.appendToStream(stream, batch)));
  const read = await readAllOf(server.client, stream);
  expect(read.map(({ event }) => event?.id)).toEqual(batches.flat().map(({ id }) => id));
});

test('both paths see the same streams', async () => {
  const stream = freshStream();
  const [event] = events(1);
  const first = await appendOver(server, 'batch', stream, event!, NO_STREAM);
  expect(await appendOver(server, 'unary', stream, event!, NO_STREAM)).toEqual(first);
});

test('a client that does not want conflicts thrown is told the current revision, on the unary path', async () => {
  const client = EventStoreDBClient.connectionString(withOptions(server.url, 'throwOnAppendFailure=false'));
  try {
    const stream = freshStream();
    const append = (expectedRevision: AppendExpectedRevision) =>
      client.appendToStream(stream, events(2), { expectedRevision, credentials: server.credentials });
    expect(await append(5n)).toMatchObject({ success: false, nextExpectedRevision: -1n });
    await append(NO_STREAM);
    expect(await append(NO_STREAM)).toMatchObject({ success: false, nextExpectedRevision: 1n });
  } finally {
    await client.dispose();
  }
});

test('a conflict on the batch path is said to the client that does not want it thrown', async () => {
  const client = EventStoreDBClient.connectionString(withOptions(server.url, 'throwOnAppendFailure=false'));
  try {
    // What revision the client reports here is a mistake of its own, so only the failure is looked at.
    const answer = await client.appendToStream(freshStream(), events(1), { expectedRevision: 5n });
    expect(answer.success).toBe(false);
  } finally {
    await client.dispose();
  }
});

test('the error of a conflict is the same on both paths', async () => {
  const stream = freshStream();
  await server.client.appendToStream(stream, events(2));
  const [batch, unary] = await Promise.all(PATHS.map((path) => refusalOf(appendOver(server, path, stream, events(1), 0n))));
  for (const error of [batch, unary]) {
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ streamName: stream, expectedVersion: 0n, actualVersion: 1n });
  }
});
