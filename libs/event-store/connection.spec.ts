import { createTestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { Connection } from './connection.js';
import { type AppendOutcome, type ConnectionState, connectEventStore } from './index.js';
import { type FaultyServer, startFaultyServer } from './testing/faulty-server.js';
import { appended, caughtUp, confirmation, event } from './testing/messages.js';

describe('what is known of a connection', () => {
  const told: ConnectionState[] = [];
  const make = () => {
    told.length = 0;
    return new Connection({ onConnection: (state) => void told.push(state) });
  };
  const states = () => told.map(({ state }) => state);

  it('is nothing at first, then what the first answer or failure says, told once each', () => {
    const connection = make();
    expect(connection.state).toEqual({ state: 'new' });
    for (const _ of [1, 2]) connection.begin().answered();
    for (const n of [1, 2, 3]) connection.begin().failed(`cause ${n}`);
    expect(connection.state).toEqual({ state: 'dropped', since: expect.any(Number), cause: 'cause 3', attempts: 3 });
    for (const _ of [1, 2]) connection.begin().answered();
    expect(states()).toEqual(['connected', 'dropped', 'connected']);
    expect(told[1]).toMatchObject({ cause: 'cause 1', attempts: 1 });
  });

  it('is not spoilt by a call that fails after a later one was answered', () => {
    const connection = make();
    const old = connection.begin();
    connection.begin().answered();
    old.failed('long ago');
    expect(states()).toEqual(['connected']);
    // But by one that was answered itself, and then broke.
    const read = connection.begin();
    read.answered();
    read.failed('midway');
    expect(states()).toEqual(['connected', 'dropped']);
  });

  it('is not said to be well again by answers to what was asked before the store was lost', () => {
    const connection = make();
    const follower = {};
    const life = connection.beginLife(follower);
    life.answered();
    const [read, append] = [connection.begin(), connection.begin()];
    read.answered();
    connection.begin().failed('gone');
    // They were under way, or nobody had taken them yet.
    read.answered();
    append.answered();
    life.answered();
    life.failed('cut');
    life.answered();
    expect(connection.state).toMatchObject({ state: 'dropped', cause: 'cut', attempts: 2 });
    connection.beginLife(follower).answered();
    expect(states()).toEqual(['connected', 'dropped', 'connected']);
    // From now on the old ones count as any others.
    read.answered();
    read.failed('midway');
    expect(states()).toEqual(['connected', 'dropped', 'connected', 'dropped']);
  });

  it('is not said to be well because a follower gave up that an old call outlived', () => {
    const connection = make();
    const follower = {};
    const life = connection.beginLife(follower);
    life.answered();
    const old = connection.begin();
    life.failed('cut');
    old.answered();
    connection.followerEnded(follower);
    expect(states()).toEqual(['connected', 'dropped']);
  });

  it('is a drop as long as one follower is cut off, though calls are answered', () => {
    const connection = make();
    const [a, b] = [{}, {}];
    const life = connection.beginLife(a);
    life.answered();
    life.failed('cut');
    connection.begin().answered();
    connection.beginLife(b).answered();
    expect(states()).toEqual(['connected', 'dropped']);
    connection.beginLife(a).answered();
    expect(states()).toEqual(['connected', 'dropped', 'connected']);
  });

  it('is not said to be well because a follower gave up', () => {
    const connection = make();
    const follower = {};
    const life = connection.beginLife(follower);
    life.answered();
    life.failed('cut');
    connection.followerEnded(follower);
    expect(connection.state.state).toBe('dropped');
    connection.begin().answered();
    expect(connection.state.state).toBe('connected');
  });

  it('is told to an observer whose own faults change nothing', () => {
    const warned = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const connection = new Connection({
      onConnection: () => {
        throw new Error('stumbles');
      },
    });
    connection.begin().answered();
    expect([connection.state.state, warned.mock.calls]).toEqual(['connected', [[new Error('stumbles')]]]);
    warned.mockRestore();
  });
});

it('a store that nobody uses is found to be away, and to be back', async () => {
  const told: ConnectionState[] = [];
  const server = await createTestEventStore({
    watchMs: 50,
    maxRetryMs: 100,
    observer: { onConnection: (state) => void told.push(state) },
  });
  try {
    await until('the first answer', () => told.length === 1);
    for (const turn of [1, 2]) {
      await server.stop();
      await until('the drop', () => told.length === 2 * turn);
      await until('attempts', () => (server.store.connection() as { attempts?: number }).attempts! > 2);
      await server.start();
      await until('the return', () => told.length === 2 * turn + 1);
    }
    expect(told.map(({ state }) => state)).toEqual(['connected', 'dropped', 'connected', 'dropped', 'connected']);
    expect(told[1]).toMatchObject({ cause: expect.stringMatching(/./), since: expect.any(Number) });
  } finally {
    await server.close();
  }
}, 30_000);

it('a follower alone keeps the state true over many drops: one change each way', async () => {
  let lives = 0;
  const server: FaultyServer = await startFaultyServer({
    read: (call) => {
      // Every second life begins with failures.
      if (lives++ % 3 !== 0) return call.fail(14, 'not yet');
      call.send(confirmation(), event({ position: BigInt(lives) }));
    },
  });
  const told: ConnectionState[] = [];
  let failures = 0;
  const store = connectEventStore(server.connectionString, {
    watchMs: 0,
    maxRetryMs: 20,
    observer: { onConnection: (state) => void told.push(state), onReadFailure: () => void failures++ },
  });
  const abort = new AbortController();
  const seen: bigint[] = [];
  for await (const { position } of store.followAll({ signal: abort.signal })) {
    seen.push(position);
    if (seen.length === 4) break;
    server.reads.at(-1)!.end();
  }
  expect(seen).toEqual([1n, 4n, 7n, 10n]);
  expect(told.map(({ state }) => state)).toEqual([...Array(3).fill(['connected', 'dropped']).flat(), 'connected']);
  expect(failures).toBe(9);
  await store.close();
  await server.close();
});

it('a store that went away is not said to be back by what a slow follower had not taken yet', async () => {
  const server = await startFaultyServer({
    read: (call) => {
      if (!call.isSubscription) return call.fail(14, 'gone');
      const many = Array.from({ length: 200 }, (_, i) => event({ position: BigInt(i + 1) }));
      call.send(confirmation(), ...many, caughtUp());
    },
  });
  const told: ConnectionState[] = [];
  const states: string[] = [];
  const store = connectEventStore(server.connectionString, {
    watchMs: 0,
    observer: { onConnection: (state) => void told.push(state) },
  });
  const abort = new AbortController();
  const onState = ({ state }: { state: string }) => void states.push(state);
  const following = store.followAll({ signal: abort.signal, onState });
  expect((await following.next()).done).toBe(false);
  expect(states).toEqual(['connected']);
  await expect(store.readAll()[Symbol.asyncIterator]().next()).rejects.toThrow('gone');
  for (let taken = 1; taken < 200; taken++) await following.next();
  const more = following.next();
  await until('the end of the log', () => states.includes('caught-up'));
  expect(told.map(({ state }) => state)).toEqual(['connected', 'dropped']);
  abort.abort();
  expect((await more).done).toBe(true);
  await store.close();
  await server.close();
});

it('every append is told with its outcome and its time', async () => {
  const outcomes: (readonly [AppendOutcome, boolean])[] = [];
  const observer = {
    onAppend: (outcome: AppendOutcome, seconds: number) => void outcomes.push([outcome, seconds > 0 && seconds < 60]),
  };
  const server = await startFaultyServer({ append: (call) => call.answer(appended(0n)) });
  const store = connectEventStore(server.connectionString, { watchMs: 0, observer });
  const append = () =>
    store.append('a-1', 'no_stream', [{ id: crypto.randomUUID(), type: 'T', data: {}, metadata: {} }]).catch(() => undefined);
  await append();
  server.script.append = (call) => call.reset(2);
  await append();
  server.script.append = (call) => call.fail(7, 'no');
  await append();
  expect(outcomes).toEqual([
    ['appended', true],
    ['unknown', true],
    ['refused', true],
  ]);
  await store.close();
  await server.close();
});
