import { type AppendResult, END, START, StreamDeletedError, streamNameFilter } from '@eventstore/db-client';
import { events, freshStream, Recorder, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const open: Recorder[] = [];
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(async () => {
  for (const { subscription } of open.splice(0)) await subscription.unsubscribe();
});
afterAll(() => server.stop());

function toAll(options?: Parameters<ServerUnderTest['client']['subscribeToAll']>[0]): Recorder {
  const recorder = new Recorder(server.client.subscribeToAll(options));
  open.push(recorder);
  return recorder;
}
function toStream(stream: string, options?: Parameters<ServerUnderTest['client']['subscribeToStream']>[1]): Recorder {
  const recorder = new Recorder(server.client.subscribeToStream(stream, options));
  open.push(recorder);
  return recorder;
}
const append = (stream: string, batch = events(1)): Promise<AppendResult> => server.client.appendToStream(stream, batch);
const revisions = (recorder: Recorder) => recorder.events.map(({ event }) => Number(event?.revision));

describe('a subscription to a stream', () => {
  test('gives what is there, says once that it has caught up, and goes on with what comes', async () => {
    const stream = freshStream();
    await append(stream, events(150));
    const recorder = toStream(stream);
    await recorder.until(() => recorder.caughtUp === 1);
    expect(revisions(recorder)).toEqual(Array.from({ length: 150 }, (_, n) => n));
    for (let n = 0; n < 5; n++) await append(stream, events(3));
    await recorder.until(() => recorder.events.length === 165);
    expect(revisions(recorder)).toEqual(Array.from({ length: 165 }, (_, n) => n));
    expect(recorder.caughtUp).toBe(1);
    expect(recorder.subscription.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('from a revision begins after it', async () => {
    const stream = freshStream();
    await append(stream, events(5));
    const recorder = toStream(stream, { fromRevision: 2n });
    await recorder.until(() => recorder.caughtUp === 1);
    expect(revisions(recorder)).toEqual([3, 4]);
  });

  test('from the end gives only what comes after the confirmation', async () => {
    const stream = freshStream();
    await append(stream, events(5));
    const recorder = toStream(stream, { fromRevision: END });
    await recorder.until(() => recorder.caughtUp === 1);
    await append(stream, events(2));
    await recorder.until(() => recorder.events.length === 2);
    expect(revisions(recorder)).toEqual([5, 6]);
  });

  test('beyond the end gives nothing until a later revision', async () => {
    const stream = freshStream();
    await append(stream, events(2));
    const recorder = toStream(stream, { fromRevision: 3n });
    await recorder.until(() => recorder.caughtUp === 1);
    await append(stream, events(4));
    await recorder.until(() => recorder.events.length === 2);
    expect(revisions(recorder)).toEqual([4, 5]);
  });

  test('that does not exist yet waits for it', async () => {
    const stream = freshStream();
    const recorder = toStream(stream);
    await recorder.until(() => recorder.caughtUp === 1);
    await append(stream);
    await recorder.until(() => recorder.events.length === 1);
    expect(recorder.log).toEqual(['caught-up', 'Numbered']);
  });

  test('lives through a soft delete', async () => {
    const stream = freshStream();
    await append(stream, events(2));
    const recorder = toStream(stream);
    await recorder.until(() => recorder.caughtUp === 1);
    await server.client.deleteStream(stream);
    await append(stream, events(2));
    await recorder.until(() => recorder.events.length === 4);
    expect(revisions(recorder)).toEqual([0, 1, 2, 3]);
  });

  test('ends with the tombstone, then says that the stream is deleted', async () => {
    const stream = freshStream();
    await append(stream);
    const recorder = toStream(stream);
    await recorder.until(() => recorder.caughtUp === 1);
    await server.client.tombstoneStream(stream);
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.log).toEqual(['Numbered', 'caught-up', '$streamDeleted', 'error']);
    expect(recorder.error).toBeInstanceOf(StreamDeletedError);
  });

  test('already tombstoned is refused', async () => {
    const stream = freshStream();
    await server.client.tombstoneStream(stream);
    const recorder = toStream(stream);
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.log).toEqual(['error']);
    expect(recorder.error).toBeInstanceOf(StreamDeletedError);
  });

  test('respects truncation', async () => {
    const stream = freshStream();
    await append(stream, events(10));
    await server.client.setStreamMetadata(stream, { $maxCount: 2 });
    const recorder = toStream(stream);
    await recorder.until(() => recorder.caughtUp === 1);
    expect(revisions(recorder)).toEqual([8, 9]);
  });
});

describe('a subscription to $all', () => {
  test('from the start gives the whole log, then what comes', async () => {
    const recorder = toAll({ fromPosition: START });
    await recorder.until(() => recorder.caughtUp === 1);
    const { position } = await append(freshStream(), events(3));
    await recorder.until(() => recorder.events.at(-1)?.event?.position?.commit === position?.commit);
    const log = await readLog(server.client);
    expect(recorder.events.map(({ event }) => event?.id)).toEqual(log.map(({ id }) => id));
    expect(recorder.caughtUp).toBe(1);
  });

  test('from a position begins after it', async () => {
    const stream = freshStream();
    const first = await append(stream);
    await append(stream, events(2));
    const recorder = toAll({ fromPosition: first.position });
    await recorder.until(() => recorder.caughtUp === 1);
    expect(revisions(recorder)).toEqual([1, 2]);
  });

  test('from the end gives only what comes after the confirmation', async () => {
    await append(freshStream(), events(5));
    const recorder = toAll({ fromPosition: END });
    await recorder.until(() => recorder.caughtUp === 1);
    expect(recorder.events).toEqual([]);
    const stream = freshStream();
    await append(stream, events(2));
    await recorder.until(() => recorder.events.length === 2);
    expect(recorder.events.map(({ event }) => event?.streamId)).toEqual([stream, stream]);
  });

  test('misses and repeats nothing while many write and others join', async () => {
    const { position } = await append(freshStream());
    const streams = Array.from({ length: 8 }, () => freshStream('concurrent'));
    const early = toAll({ fromPosition: position });
    const writers = streams.map(async (stream, writer) => {
      for (let n = 0; n < 40; n++) {
        const options = writer % 2 === 0 ? {} : { credentials: server.credentials };
        await server.client.appendToStream(stream, events(1 + (n % 3)), options);
        if (n === 10 && writer < 3) late.push(toAll({ fromPosition: position }));
      }
    });
    const late: Recorder[] = [];
    await Promise.all(writers);
    const log = (await readLog(server.client, { fromPosition: position })).slice(1).map(({ id }) => id);
    for (const recorder of [early, ...late]) {
      await recorder.until(() => recorder.events.length >= log.length);
      expect(recorder.events.map(({ event }) => event?.id)).toEqual(log);
      expect(recorder.caughtUp).toBe(1);
    }
    expect(late).toHaveLength(3);
  });

  test('a consumer that pauses gets everything once it goes on, while others are not held up', async () => {
    const { position } = await append(freshStream());
    const slow = server.client.subscribeToAll({ fromPosition: position, filter: streamNameFilter({ prefixes: ['bulk'] }) });
    const quick = toAll({ fromPosition: position, filter: streamNameFilter({ prefixes: ['bulk'] }) });
    const stream = freshStream('bulk');
    for (let n = 0; n < 30; n++) await append(stream, events(50, 'Bulk', n * 50));
    await quick.until(() => quick.events.length === 1500);
    const numbers: number[] = [];
    for await (const { event } of slow) {
      numbers.push((event!.data as { n: number }).n);
      if (numbers.length === 1500) break;
    }
    expect(numbers).toEqual(Array.from({ length: 1500 }, (_, n) => n));
  });
});
