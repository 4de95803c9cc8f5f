import {
  ANY,
  type AppendExpectedRevision,
  type AppendResult,
  type AppendToStreamOptions,
  binaryEvent,
  type EventData,
  jsonEvent,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { events, freshStream, readAllOf, readLog, refusalOf, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await serverUnderTest();
});
afterAll(() => server.stop());

describe.each(['batch', 'unary'])('append over the %s path', (path) => {
  const append = (stream: string, batch: EventData[], expectedRevision: AppendExpectedRevision = ANY) => {
    const options: AppendToStreamOptions = { expectedRevision };
    if (path === 'unary') options.credentials = server.credentials;
    return server.client.appendToStream(stream, batch, options);
  };
  /** A stream with `count` events, and the results of appending them one by one. */
  const filled = async (count: number) => {
    const stream = freshStream();
    const written = events(count);
    const results: AppendResult[] = [];
    for (const event of written) results.push(await append(stream, [event]));
    return { stream, written, results };
  };
  const revisionsOf = async (stream: string) =>
    (await readAllOf(server.client, stream)).map(({ event }) => Number(event?.revision));

  test('numbers events from 0 and answers with revision and position of the last one', async () => {
    const stream = freshStream();
    const first = await append(stream, events(3), NO_STREAM);
    expect(first).toMatchObject({ success: true, nextExpectedRevision: 2n });
    const read = await readAllOf(server.client, stream);
    expect(read.map(({ event }) => event?.revision)).toEqual([0n, 1n, 2n]);
    expect(first.position).toEqual(read[2]?.event?.position);
    const second = await append(stream, events(1), 2n);
    expect(second.nextExpectedRevision).toBe(3n);
    expect(second.position!.commit).toBeGreaterThan(first.position!.commit);
  });

  test('keeps id, type, data, metadata and content type', async () => {
    const stream = freshStream();
    const json = jsonEvent({ type: '事件', data: { 名: '惠才' }, metadata: { $correlationId: 'c-1' } });
    const binary = binaryEvent({ type: 'Raw', data: Buffer.from([0, 255, 1]), metadata: Buffer.from([9, 8]) });
    const before = Date.now();
    await append(stream, [json, binary]);
    const [first, second] = await readAllOf(server.client, stream);
    expect(first?.event).toMatchObject({ id: json.id, type: '事件', data: { 名: '惠才' }, isJson: true, streamId: stream });
    expect(first?.event?.metadata).toEqual({ $correlationId: 'c-1' });
    expect(first?.event?.created.getTime()).toBeGreaterThanOrEqual(before - 60_000);
    expect(second?.event).toMatchObject({ id: binary.id, isJson: false });
    expect(Buffer.from(second!.event!.data as Uint8Array)).toEqual(Buffer.from([0, 255, 1]));
    expect(Buffer.from(second!.event!.metadata as Uint8Array)).toEqual(Buffer.from([9, 8]));
  });

  test('takes stream names of any script, also in errors', async () => {
    const stream = freshStream('清单 – ñ 😀 a%b');
    await append(stream, events(1), NO_STREAM);
    expect(await revisionsOf(stream)).toEqual([0]);
    const error = await refusalOf(append(stream, events(1), NO_STREAM));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect((error as WrongExpectedVersionError).streamName).toBe(stream);
  });

  test('takes stream names longer than a storage key', async () => {
    const names = ['a', 'b'].map((end) => freshStream('x'.repeat(3000)) + end);
    for (const name of names) await append(name, events(1), NO_STREAM);
    for (const name of names) expect((await readAllOf(server.client, name)).map(({ event }) => event?.streamId)).toEqual([name]);
  });

  describe('expected revision', () => {
    test('at the last revision: written', async () => {
      const { stream } = await filled(2);
      expect(await append(stream, events(1), 1n)).toMatchObject({ nextExpectedRevision: 2n });
    });

    test('beyond the last revision: wrong version', async () => {
      const { stream } = await filled(2);
      expect(await refusalOf(append(stream, events(1), 5n))).toMatchObject({ expectedVersion: 5n, actualVersion: 1n });
    });

    test('of a stream that does not exist: wrong version', async () => {
      const error = await refusalOf(append(freshStream(), events(1), 0n));
      expect(error).toBeInstanceOf(WrongExpectedVersionError);
      expect(error).toMatchObject({ type: 'wrong-expected-version', expectedVersion: 0n, actualVersion: 'no_stream' });
    });

    test('before the last revision, other events: wrong version', async () => {
      const { stream } = await filled(3);
      expect(await refusalOf(append(stream, events(1), 0n))).toMatchObject({ expectedVersion: 0n, actualVersion: 2n });
    });

    test('no_stream on a stream with events: wrong version', async () => {
      const { stream } = await filled(1);
      expect(await refusalOf(append(stream, events(1), NO_STREAM))).toMatchObject({
        expectedVersion: 'no_stream',
        actualVersion: 0n,
      });
    });

    test('stream_exists: written if there are events or metadata, else wrong version', async () => {
      const { stream } = await filled(1);
      expect(await append(stream, events(1), STREAM_EXISTS)).toMatchObject({ nextExpectedRevision: 1n });
      const onlyMetadata = freshStream();
      await server.client.setStreamMetadata(onlyMetadata, { owner: 'x' });
      expect(await append(onlyMetadata, events(1), STREAM_EXISTS)).toMatchObject({ nextExpectedRevision: 0n });
      expect(await refusalOf(append(freshStream(), events(1), STREAM_EXISTS))).toMatchObject({
        expectedVersion: 'stream_exists',
        actualVersion: 'no_stream',
      });
    });

    test('a revision only 64 bits hold: wrong version, said exactly', async () => {
      const { stream } = await filled(1);
      expect(await refusalOf(append(stream, events(1), 2n ** 62n + 1n))).toMatchObject({ expectedVersion: 2n ** 62n + 1n });
    });
  });

  describe('repeated append', () => {
    test('at an exact revision: answered as the first time, nothing written', async () => {
      const { stream, written, results } = await filled(4);
      const repeated = await append(stream, written.slice(1, 3), 0n);
      expect(repeated).toMatchObject({ success: true, nextExpectedRevision: 2n, position: results[2]!.position });
      expect(await revisionsOf(stream)).toEqual([0, 1, 2, 3]);
    });

    test('with no_stream: answered as the first time', async () => {
      const { stream, written, results } = await filled(3);
      const repeated = await append(stream, written.slice(0, 2), NO_STREAM);
      expect(repeated).toMatchObject({ nextExpectedRevision: 1n, position: results[1]!.position });
    });

    test.each([ANY, STREAM_EXISTS] as const)('with %s: answered as the first time', async (expected) => {
      const { stream, written, results } = await filled(3);
      const repeated = await append(stream, written.slice(0, 2), expected);
      expect(repeated).toMatchObject({ nextExpectedRevision: 1n, position: results[1]!.position });
      expect(await revisionsOf(stream)).toEqual([0, 1, 2]);
    });

    test('with any, order and adjacency of the known events do not matter', async () => {
      const { stream, written, results } = await filled(3);
      const repeated = await append(stream, [written[2]!, written[0]!], ANY);
      expect(repeated).toMatchObject({ nextExpectedRevision: 0n, position: results[0]!.position });
    });

    test('with any, a new event after a known one: wrong version', async () => {
      const { stream, written } = await filled(2);
      expect(await refusalOf(append(stream, [written[0]!, ...events(1)], ANY))).toBeInstanceOf(WrongExpectedVersionError);
    });

    test('with any, a known event after a new one: written', async () => {
      const { stream, written } = await filled(2);
      expect(await append(stream, [...events(1), written[0]!], ANY)).toMatchObject({ nextExpectedRevision: 3n });
    });

    test('with any, an id known from another stream: written', async () => {
      const { written } = await filled(1);
      expect(await append(freshStream(), written, ANY)).toMatchObject({ nextExpectedRevision: 0n });
    });

    test('at an exact revision, a later event differs: wrong version', async () => {
      const { stream, written } = await filled(3);
      const error = await refusalOf(append(stream, [written[1]!, ...events(1)], 0n));
      expect(error).toMatchObject({ expectedVersion: 0n, actualVersion: 2n });
    });

    test('at an exact revision, longer than what is stored: wrong version', async () => {
      const { stream, written } = await filled(3);
      expect(await refusalOf(append(stream, [written[1]!, written[2]!, ...events(1)], 0n))).toBeInstanceOf(
        WrongExpectedVersionError,
      );
    });

    test('at the matching revision, the same id is written again', async () => {
      const { stream, written } = await filled(1);
      expect(await append(stream, written, 0n)).toMatchObject({ nextExpectedRevision: 1n });
    });

    test('the same id twice in one append is written twice', async () => {
      const stream = freshStream();
      const [event] = events(1);
      expect(await append(stream, [event!, event!], NO_STREAM)).toMatchObject({ nextExpectedRevision: 1n });
    });

    test('while the first is still on its way: both get the same answer', async () => {
      const stream = freshStream();
      const batch = events(3);
      const [first, second] = await Promise.all([append(stream, batch, NO_STREAM), append(stream, batch, NO_STREAM)]);
      expect(second).toEqual(first);
      expect(await revisionsOf(stream)).toEqual([0, 1, 2]);
    });
  });

  describe('no events', () => {
    test('writes nothing and leaves the stream as it is', async () => {
      const { stream } = await filled(2);
      expect(await append(stream, [], ANY)).toMatchObject({ success: true, nextExpectedRevision: 1n });
      expect(await append(stream, [], 1n)).toMatchObject({ success: true, nextExpectedRevision: 1n });
      expect(await revisionsOf(stream)).toEqual([0, 1]);
    });

    test('before the last revision: wrong version', async () => {
      const { stream } = await filled(2);
      expect(await refusalOf(append(stream, [], 0n))).toBeInstanceOf(WrongExpectedVersionError);
    });
  });

  test('a tombstoned stream takes nothing, whatever is expected', async () => {
    const { stream } = await filled(1);
    await server.client.tombstoneStream(stream);
    for (const expected of [ANY, NO_STREAM, STREAM_EXISTS, 0n, 7n] as const) {
      const error = await refusalOf(append(stream, events(1), expected));
      expect(error).toBeInstanceOf(StreamDeletedError);
      expect((error as StreamDeletedError).streamName).toBe(stream);
    }
  });

  test('is read back at once by another client call', async () => {
    const stream = freshStream();
    for (let revision = 0; revision < 20; revision++) {
      await append(stream, events(1));
      expect(await revisionsOf(stream)).toHaveLength(revision + 1);
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
});

test('both paths see the same streams', async () => {
  const stream = freshStream();
  const [event] = events(1);
  const first = await server.client.appendToStream(stream, event!, { expectedRevision: NO_STREAM });
  const second = await server.client.appendToStream(stream, event!, {
    expectedRevision: NO_STREAM,
    credentials: server.credentials,
  });
  expect(second).toEqual(first);
});
