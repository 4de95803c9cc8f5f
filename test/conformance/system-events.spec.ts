import { END, excludeSystemEvents, streamNameFilter } from '@eventstore/db-client';
import { Subscriptions } from './recorder.js';
import { describeEmbedded, events, freshStream, OwnStreams, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

const streamsOf = (recorder: ReturnType<Subscriptions['toAll']>) => recorder.events.map(({ event }) => event?.streamId);

test('a subscription without a filter gets system events: metadata, deletions, links', async () => {
  const own = new OwnStreams();
  const stream = own.fresh();
  const recorder = subscriptions.toAll({ fromPosition: END }, own);
  await recorder.untilCaughtUp();
  await server.client.setStreamMetadata(stream, { owner: 'x' });
  await server.client.appendToStream(stream, events(1));
  await server.client.deleteStream(stream);
  await server.client.appendToStream(stream, events(1));
  await server.client.tombstoneStream(stream);
  await recorder.untilEvents(6);
  expect(recorder.events.map(({ event }) => `${event?.streamId.replace(stream, 's')} ${event?.type}`)).toEqual([
    '$$s $metadata',
    's Numbered',
    '$$s $metadata',
    's Numbered',
    '$$s $metadata',
    's $streamDeleted',
  ]);
});

test('system events of a fresh server name its built-in users', async () => {
  const log = await readLog(server.client, { maxCount: 200 });
  const streams = log.map(({ streamId }) => streamId);
  for (const stream of ['$user-admin', '$user-ops', '$users']) expect(streams).toContain(stream);
  expect(log.find(({ streamId }) => streamId === '$user-admin')?.type).toBe('$UserCreated');
});

describe('what persistent subscriptions to $all write about themselves', () => {
  const own = new OwnStreams();
  const group = own.fresh('$persistentsubscription-$all::group');
  const hidden = [`${group}-checkpoint`, `${group}-parked`];
  const shown = [group, `${group}-checkpointed`, `${own.fresh('$persistentsubscription-other::group')}-checkpoint`];
  const write = async () => {
    const last = own.fresh('$last');
    for (const stream of [...hidden, ...shown, last]) await server.client.appendToStream(stream, events(1, 'Own'));
    return last;
  };

  test('is hidden from subscriptions to $all, whatever their filter', async () => {
    const recorders = [
      subscriptions.toAll({ fromPosition: END }, own),
      subscriptions.toAll(
        { fromPosition: END, filter: streamNameFilter({ prefixes: ['$persistentsubscription', '$last'] }) },
        own,
      ),
      subscriptions.toAll({ fromPosition: END, filter: streamNameFilter({ regex: '^\\$' }) }, own),
      subscriptions.toAll({ fromPosition: END, filter: excludeSystemEvents() }, own),
    ];
    await Promise.all(recorders.map((recorder) => recorder.untilCaughtUp()));
    const last = await write();
    for (const recorder of recorders) {
      await recorder.until(() => streamsOf(recorder).includes(last));
      expect(streamsOf(recorder)).toEqual([...shown, last]);
    }
  });

  test('is hidden from those that catch up, too, and can be read and subscribed to by its name', async () => {
    const { position } = await server.client.appendToStream(freshStream(), events(1));
    const last = await write();
    const recorder = subscriptions.toAll({ fromPosition: position }, own);
    await recorder.untilCaughtUp();
    expect(streamsOf(recorder)).toEqual([...shown, last]);
    const log = await own.log(server.client, position);
    expect(log.map(({ streamId }) => streamId)).toEqual([...hidden, ...shown, last]);
    const byName = subscriptions.toStream(hidden[0]!);
    await byName.untilCaughtUp();
    expect(byName.events.length).toBeGreaterThan(0);
  });
});

describeEmbedded('epoch records', 'writing to a cluster’s own records could harm it', () => {
  test('are hidden from subscriptions to $all, but counted by their checkpoints', async () => {
    const filter = streamNameFilter({ prefixes: ['$epoch', 'seen'], maxSearchWindow: 1 });
    const plain = subscriptions.toAll({ fromPosition: END });
    const filtered = subscriptions.filtered(filter, { fromPosition: END });
    await Promise.all([plain.untilCaughtUp(), filtered.untilCaughtUp()]);
    const { position } = await server.client.appendToStream('$epoch-information', events(2, '$Epoch'));
    const seen = freshStream('seen');
    await server.client.appendToStream(seen, events(1));
    await Promise.all([plain.untilEvents(1), filtered.untilEvents(1)]);
    expect(streamsOf(plain)).toEqual([seen]);
    expect(streamsOf(filtered)).toEqual([seen]);
    expect(filtered.checkpoints.map(({ commit }) => commit)).toContain(position?.commit);
  });
});
