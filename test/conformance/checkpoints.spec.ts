import {
  type AllStreamRecordedEvent,
  END,
  eventTypeFilter,
  type Filter,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { type Recorder, Subscriptions } from './recorder.js';
import { describeEmbedded, events, freshStream, readLog, type ServerUnderTest, serverUnderTest } from './support.js';

let server: ServerUnderTest;
const subscriptions = new Subscriptions(() => server.client);
beforeAll(async () => {
  server = await serverUnderTest();
});
afterEach(() => subscriptions.closeAll());
afterAll(() => server.stop());

/** Twelve appends of 32 events; every fourth append has the type Wanted. What is in the log from there on. */
async function writeInterleaved(): Promise<{ start: Position; log: AllStreamRecordedEvent[] }> {
  const { position } = await server.client.appendToStream(freshStream(), events(1));
  const stream = freshStream('checkpoints');
  for (let n = 0; n < 12; n++) {
    await server.client.appendToStream(stream, events(32, n % 4 === 3 ? 'Wanted' : 'Other', n * 32));
  }
  return { start: position!, log: (await readLog(server.client, { fromPosition: position })).slice(1) };
}
const commits = (positions: Position[]) => positions.map(({ commit }) => commit);

/** What holds for every filtered subscription: each checkpoint after the last, none past an event not yet sent. */
function expectSound(recorder: Recorder): void {
  let event = -1;
  let checkpoint = -1;
  const places = recorder.log
    .filter((entry) => entry === 'checkpoint' || entry === 'Wanted')
    .map((entry) => {
      if (entry === 'checkpoint') return { entry, commit: recorder.checkpoints[++checkpoint]!.commit };
      return { entry, commit: recorder.events[++event]!.event!.position!.commit };
    });
  for (const [index, place] of places.entries()) {
    const next = places[index + 1];
    // A checkpoint may be at the event just sent, never before it, and an event never at or before a checkpoint.
    if (next?.entry === 'checkpoint') expect(next.commit).toBeGreaterThanOrEqual(place.commit);
    else if (next) expect(next.commit).toBeGreaterThan(place.commit);
  }
  expect(commits(recorder.checkpoints)).toEqual([...new Set(commits(recorder.checkpoints))].sort((a, b) => (a < b ? -1 : 1)));
  for (const { commit, prepare } of recorder.checkpoints) expect(prepare).toBe(commit);
}

const wanted = (options: object): Filter => eventTypeFilter({ prefixes: ['Wanted'], ...options });

describe('checkpoints of a filtered subscription', () => {
  test('come at every interval and when it has caught up, never ahead of a match', async () => {
    const { start, log } = await writeInterleaved();
    const recorder = subscriptions.filtered(wanted({ checkpointInterval: 2 }), { fromPosition: start });
    await recorder.untilCaughtUp();
    expectSound(recorder);
    expect(recorder.events).toHaveLength(96);
    const last = recorder.checkpoints.at(-1)!.commit;
    expect(last).toBeGreaterThanOrEqual(log.at(-1)!.position!.commit);
    // What others wrote meanwhile is considered, too.
    const considered = (await readLog(server.client, { fromPosition: start })).filter(({ position }) => position!.commit <= last);
    const intervals = Math.floor((considered.length - 1) / 64);
    expect([intervals, intervals + 1]).toContain(recorder.checkpoints.length);
  });

  test.each([
    { checkpointInterval: 1 },
    { checkpointInterval: 3 },
    { checkpointInterval: 5, maxSearchWindow: 10 },
    { maxSearchWindow: 1 },
    { checkpointInterval: 1000 },
  ])('are sound with %j', async (options) => {
    const { start, log } = await writeInterleaved();
    const recorder = subscriptions.filtered(wanted(options), { fromPosition: start });
    await recorder.untilCaughtUp();
    expectSound(recorder);
    expect(recorder.events).toHaveLength(96);
    expect(recorder.checkpoints.at(-1)!.commit).toBeGreaterThanOrEqual(log.at(-1)!.position!.commit);
  });

  test('move on when nothing matches, also when live', async () => {
    const start = (await server.client.appendToStream(freshStream(), events(1))).position!;
    const { position } = await server.client.appendToStream(freshStream(), events(10));
    const filter = streamNameFilter({ prefixes: ['no-such-stream'], maxSearchWindow: 4 });
    const recorder = subscriptions.filtered(filter, { fromPosition: start });
    await recorder.untilCaughtUp();
    expect(recorder.checkpoints.at(-1)!.commit).toBeGreaterThanOrEqual(position!.commit);
    const before = recorder.checkpoints.length;
    const live = await server.client.appendToStream(freshStream(), events(4));
    await recorder.until(() => recorder.checkpoints.at(-1)!.commit >= live.position!.commit);
    expect(recorder.checkpoints.length).toBeGreaterThan(before);
    expect(recorder.events).toEqual([]);
    expectSound(recorder);
  });

  test('are where a later subscription can go on from without a loss or a repetition', async () => {
    const { start, log } = await writeInterleaved();
    const recorder = subscriptions.filtered(wanted({}), { fromPosition: start });
    await recorder.untilCaughtUp();
    const ids = log.filter(({ type }) => type === 'Wanted').map(({ id }) => id);
    const middle = recorder.checkpoints[Math.floor(recorder.checkpoints.length / 2)]!;
    const handled = recorder.events.filter(({ event }) => event!.position!.commit <= middle.commit).length;
    const resumed = subscriptions.filtered(wanted({}), { fromPosition: middle });
    await resumed.untilCaughtUp();
    expect([...recorder.ids.slice(0, handled), ...resumed.ids]).toEqual(ids);
  });

  test('are waited for: nothing more is handed over until the handler is done', async () => {
    const { start } = await writeInterleaved();
    let release: (() => void) | undefined;
    const seen: string[] = [];
    const subscription = server.client.subscribeToAll({
      fromPosition: start,
      filter: eventTypeFilter({
        prefixes: ['Wanted'],
        checkpointReached: async () => {
          seen.push('begun');
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          seen.push('done');
        },
      }),
    });
    subscription.on('data', () => seen.push('event'));
    while (!release) await new Promise((next) => setImmediate(next));
    // Others are served while this one waits.
    const other = subscriptions.toAll({ fromPosition: start });
    await other.untilEvents(384);
    expect(seen.at(-1)).toBe('begun');
    release();
    while (!seen.includes('done')) await new Promise((next) => setImmediate(next));
    await subscription.unsubscribe();
  });

  test('do not come when there is no filter', async () => {
    const { start } = await writeInterleaved();
    const recorder = subscriptions.toAll({ fromPosition: start });
    await recorder.untilEvents(384);
    expect(recorder.checkpoints).toEqual([]);
  });
});

describeEmbedded('exact checkpoints', 'EventStoreDB counts by its own pages', () => {
  test.each([
    [{ checkpointInterval: 2 }, 64],
    [{ checkpointInterval: 1 }, 32],
    [{ checkpointInterval: 3, maxSearchWindow: 7 }, 21],
  ])('with %j are at every %ith event considered, and at the last', async (options, interval) => {
    const { start, log } = await writeInterleaved();
    const recorder = subscriptions.filtered(wanted(options), { fromPosition: start });
    await recorder.untilCaughtUp();
    const expected = log.filter((_, index) => (index + 1) % interval === 0).map(({ position }) => position!);
    if (log.length % interval !== 0) expected.push(log.at(-1)!.position!);
    expect(commits(recorder.checkpoints)).toEqual(commits(expected));
  });

  test('when nothing matches from the very start on, the checkpoint is the last event considered', async () => {
    const { position } = await server.client.appendToStream(freshStream(), events(1));
    const filter = streamNameFilter({ prefixes: ['no-such-stream'], checkpointInterval: 100_000 });
    const recorder = subscriptions.filtered(filter, { fromPosition: START });
    await recorder.untilCaughtUp();
    expect(recorder.checkpoints).toEqual([position]);
  });

  test('none comes when there is nothing after the start', async () => {
    const recorder = subscriptions.filtered(wanted({ maxSearchWindow: 1 }), { fromPosition: END });
    await recorder.untilCaughtUp();
    expect(recorder.log).toEqual(['confirmation', 'caught-up']);
    const { position } = await server.client.appendToStream(freshStream(), events(1, 'Other'));
    await recorder.until(() => recorder.checkpoints.length > 0);
    expect(recorder.checkpoints).toEqual([position]);
  });
});
