import {
  type AppendResult,
  eventTypeFilter,
  excludeSystemEvents,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
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
const append = (stream: string, batch = events(1)): Promise<AppendResult> => server.client.appendToStream(stream, batch);

describe('a filter', () => {
  test.each([
    ['stream prefixes', () => streamNameFilter({ prefixes: ['alpha', 'gamma'] }), ['alpha', 'gamma']],
    ['a stream regex', () => streamNameFilter({ regex: '^(beta|gamma)-' }), ['beta', 'gamma']],
    ['event type prefixes', () => eventTypeFilter({ prefixes: ['type-alpha', 'type-beta'] }), ['alpha', 'beta']],
    ['an event type regex, unanchored', () => eventTypeFilter({ regex: 'mma$' }), ['gamma']],
  ])('by %s', async (_name, filter, expected) => {
    const { position } = await append(freshStream());
    for (const name of ['alpha', 'beta', 'gamma']) await append(freshStream(name), events(2, `type-${name}`));
    const recorder = toAll({ fromPosition: position, filter: filter() });
    await recorder.until(() => recorder.caughtUp === 1);
    const found = recorder.events.map(({ event }) => event?.streamId.split('-')[0]);
    expect(found).toEqual(expected.flatMap((name) => [name, name]));
  });

  test('that leaves out system events lets no type beginning with $ through', async () => {
    const stream = freshStream();
    await append(stream);
    await server.client.setStreamMetadata(stream, { owner: 'x' });
    const recorder = toAll({ fromPosition: START, filter: excludeSystemEvents() });
    await recorder.until(() => recorder.caughtUp === 1);
    expect(recorder.events.length).toBeGreaterThan(0);
    expect(recorder.events.filter(({ event }) => event?.type.startsWith('$'))).toEqual([]);
  });

  test('with an invalid regular expression is refused', async () => {
    const recorder = toAll({ filter: streamNameFilter({ regex: '(' }) });
    await recorder.until(() => recorder.error !== undefined);
    expect(recorder.log).toEqual(['error']);
  });

  test('sends checkpoints at every interval and when it has caught up, never ahead of a match', async () => {
    const { position } = await append(freshStream());
    const stream = freshStream('checkpoints');
    for (let n = 0; n < 12; n++) await append(stream, events(32, n % 4 === 3 ? 'Wanted' : 'Other', n * 32));
    const last = (await readLog(server.client, { fromPosition: position })).at(-1)?.position?.commit;
    const checkpoints: Position[] = [];
    const overtaken: Position[] = [];
    const recorder: Recorder = toAll({
      fromPosition: position,
      filter: eventTypeFilter({
        prefixes: ['Wanted'],
        checkpointInterval: 2,
        checkpointReached: async (_subscription, checkpoint) => {
          checkpoints.push(checkpoint);
          recorder.note('checkpoint');
        },
      }),
    });
    recorder.subscription.on('data', ({ event }) => {
      // A checkpoint at or past an event that has not been sent would lose it on a restart.
      const checkpoint = checkpoints.at(-1);
      if (checkpoint && checkpoint.commit >= event!.position!.commit) overtaken.push(checkpoint);
    });
    await recorder.until(() => recorder.caughtUp === 1);
    expect(overtaken).toEqual([]);
    expect(recorder.events).toHaveLength(96);
    expect([6, 7]).toContain(checkpoints.length);
    const commits = checkpoints.map(({ commit }) => commit);
    expect(commits).toEqual([...new Set(commits)].sort((a, b) => (a < b ? -1 : 1)));
    expect(commits.at(-1)).toBe(last);
  });

  test('that matches nothing still moves its checkpoint, also when live', async () => {
    const { position } = await append(freshStream(), events(10));
    const checkpoints: bigint[] = [];
    const recorder: Recorder = toAll({
      fromPosition: START,
      filter: streamNameFilter({
        prefixes: ['no-such-stream'],
        maxSearchWindow: 4,
        checkpointReached: async (_subscription, { commit }) => {
          checkpoints.push(commit);
          recorder.note('checkpoint');
        },
      }),
    });
    await recorder.until(() => recorder.caughtUp === 1);
    expect(checkpoints.at(-1)).toBeGreaterThanOrEqual(position!.commit);
    const before = checkpoints.length;
    const live = await append(freshStream(), events(4));
    await recorder.until(() => checkpoints.length > before);
    expect(checkpoints.at(-1)).toBe(live.position?.commit);
    expect(recorder.events).toEqual([]);
  });
});
