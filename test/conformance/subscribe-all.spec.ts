import { type AppendResult, END, EventStoreDBClient, START, streamNameFilter } from '@eventstore/db-client';
import { Recorder, Subscriptions } from './recorder.js';
import { appendOver, events, freshStream, OwnStreams, PATHS, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

const append = (stream: string, batch = events(1)): Promise<AppendResult> => server.client.appendToStream(stream, batch);

describe('a subscription to $all', () => {
  test('from the start gives the whole log, then what comes', async () => {
    const recorder = subscriptions.toAll({ fromPosition: START });
    await recorder.untilCaughtUp();
    expect(recorder.log[0]).toBe('confirmation');
    const { position } = await append(freshStream(), events(3));
    await recorder.until(() => recorder.events.at(-1)!.event!.position!.commit >= position!.commit);
    // What a cluster and its persistent subscriptions note down for themselves is read, but not subscribed to.
    const isHidden = /^\$epoch-information$|^\$persistentsubscription-\$all::.*-(checkpoint|parked)$/;
    const log = (await readLog(server.client)).filter(({ streamId }) => !isHidden.test(streamId)).map(({ id }) => id);
    expect(recorder.ids).toEqual(log.slice(0, recorder.ids.length));
    expect(recorder.ids.length).toBeGreaterThan(3);
    expect(recorder.caughtUp).toBe(1);
    expect(recorder.subscription.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(PATHS)('from a position begins after it, also the one an append over the %s path was answered with', async (path) => {
    const own = new OwnStreams();
    const stream = own.fresh();
    const first = await appendOver(server, path, stream, events(2));
    await append(stream, events(2));
    const recorder = subscriptions.toAll({ fromPosition: first.position }, own);
    await recorder.untilCaughtUp();
    expect(recorder.revisions).toEqual([2, 3]);
    expect(recorder.log).toEqual(['confirmation', 'Numbered', 'Numbered', 'caught-up']);
  });

  test('from the position of each event begins with the next one', async () => {
    const own = new OwnStreams();
    const { position } = await append(freshStream(), events(1));
    for (const stream of [own.fresh(), own.fresh()]) await append(stream, events(3));
    const log = await own.log(server.client, position);
    for (const [index, event] of log.entries()) {
      const recorder = subscriptions.toAll({ fromPosition: event.position }, own);
      await recorder.untilCaughtUp();
      expect(recorder.ids).toEqual(log.slice(index + 1).map(({ id }) => id));
    }
  });

  test('from the end gives only what comes after the confirmation', async () => {
    const own = new OwnStreams();
    await append(own.fresh(), events(5));
    const recorder = subscriptions.toAll({ fromPosition: END }, own);
    await recorder.until(() => recorder.log.includes('confirmation'));
    const stream = own.fresh();
    await append(stream, events(2));
    await recorder.untilEvents(2);
    expect(recorder.events.map(({ event }) => event?.streamId)).toEqual([stream, stream]);
    expect(recorder.caughtUp).toBe(1);
  });

  test('beyond the end says that it has caught up and gives nothing', async () => {
    const far = subscriptions.toAll({ fromPosition: { commit: 2n ** 60n, prepare: 2n ** 60n } });
    const near = subscriptions.toAll({ fromPosition: END });
    await Promise.all([far.untilCaughtUp(), near.untilCaughtUp()]);
    await append(freshStream(), events(3));
    await near.untilEvents(3);
    expect(far.log).toEqual(['confirmation', 'caught-up']);
  });

  test('misses and repeats nothing while many write and others join', async () => {
    const { position } = await append(freshStream());
    const own = new OwnStreams();
    const streams = Array.from({ length: 8 }, () => own.fresh('concurrent'));
    const early = subscriptions.toAll({ fromPosition: position }, own);
    const late: Recorder[] = [];
    const writers = streams.map(async (stream, writer) => {
      for (let n = 0; n < 40; n++) {
        await appendOver(server, PATHS[writer % 2]!, stream, events(1 + (n % 3)));
        if (n === 10 && writer < 3) late.push(subscriptions.toAll({ fromPosition: position }, own));
      }
    });
    await Promise.all(writers);
    const log = (await own.log(server.client, position)).map(({ id }) => id);
    for (const recorder of [early, ...late]) {
      await recorder.untilEvents(log.length);
      expect(recorder.ids).toEqual(log);
      expect(recorder.caughtUp).toBe(1);
    }
    expect(late).toHaveLength(3);
  });

  test('an event it gives can be read already', async () => {
    const own = new OwnStreams();
    const recorder = subscriptions.toAll({ fromPosition: END }, own);
    await recorder.untilCaughtUp();
    for (let n = 1; n <= 10; n++) {
      const answer = append(own.fresh());
      await recorder.untilEvents(n);
      const { event } = recorder.events.at(-1)!;
      const [read] = await readLog(server.client, { fromPosition: event!.position, maxCount: 1 });
      expect(read).toEqual(event);
      await answer;
    }
  });

  test('a consumer that pauses gets everything once it goes on, while others are not held up', async () => {
    const { position } = await append(freshStream());
    const filter = streamNameFilter({ prefixes: ['bulk'] });
    const slow = server.client.subscribeToAll({ fromPosition: position, filter });
    const quick = subscriptions.toAll({ fromPosition: position, filter });
    const stream = freshStream('bulk');
    for (let n = 0; n < 30; n++) await append(stream, events(50, 'Bulk', n * 50));
    await quick.untilEvents(1500);
    const numbers: number[] = [];
    for await (const { event } of slow) {
      numbers.push((event!.data as { n: number }).n);
      if (numbers.length === 1500) break;
    }
    expect(numbers).toEqual(Array.from({ length: 1500 }, (_, n) => n));
  });
});

describe('many subscriptions', () => {
  test('of one client each get everything', async () => {
    const own = new OwnStreams();
    const stream = own.fresh('many');
    const { position } = await append(freshStream());
    const recorders = Array.from({ length: 60 }, (_, n) =>
      n % 3 === 0
        ? subscriptions.toStream(stream)
        : subscriptions.toAll(
            { fromPosition: position, ...(n % 3 === 1 && { filter: streamNameFilter({ prefixes: [stream] }) }) },
            own,
          ),
    );
    await Promise.all(recorders.map((recorder) => recorder.untilCaughtUp()));
    for (let n = 0; n < 5; n++) await append(stream, events(10));
    for (const recorder of recorders) {
      await recorder.untilEvents(50);
      expect(recorder.revisions).toEqual(Array.from({ length: 50 }, (_, n) => n));
      expect(recorder.caughtUp).toBe(1);
    }
    expect(new Set(recorders.map(({ subscription }) => subscription.id)).size).toBe(60);
  });

  test('one ended by its reader gets nothing more, says nothing more, and leaves the others alone', async () => {
    const stream = freshStream();
    const [one, other] = [subscriptions.toStream(stream), subscriptions.toStream(stream)];
    await Promise.all([one.untilCaughtUp(), other.untilCaughtUp()]);
    await append(stream);
    await Promise.all([one.untilEvents(1), other.untilEvents(1)]);
    await one.subscription.unsubscribe();
    await append(stream, events(3));
    await other.untilEvents(4);
    expect(one.events).toHaveLength(1);
    expect(one.error).toBeUndefined();
  });

  test('can be begun and ended over and over', async () => {
    const stream = freshStream();
    await append(stream, events(3));
    for (let n = 0; n < 50; n++) {
      const recorder = new Recorder(server.client.subscribeToStream(stream));
      // Some end before they are confirmed, some while events are on their way, some when they are live.
      if (n % 3 === 1) await recorder.untilEvents(1);
      if (n % 3 === 2) await recorder.untilCaughtUp();
      await recorder.subscription.unsubscribe();
      expect(recorder.error).toBeUndefined();
    }
    expect(await append(stream)).toMatchObject({ nextExpectedRevision: 3n });
  });

  test('of a client that is disposed end without an error; those of another go on', async () => {
    const client = EventStoreDBClient.connectionString(server.url);
    const stream = freshStream();
    const doomed = new Recorder(client.subscribeToStream(stream));
    const other = subscriptions.toStream(stream);
    await Promise.all([doomed.untilCaughtUp(), other.untilCaughtUp()]);
    await client.dispose();
    await append(stream);
    await other.untilEvents(1);
    expect(doomed.error).toBeUndefined();
    expect(doomed.events).toEqual([]);
  });
});
