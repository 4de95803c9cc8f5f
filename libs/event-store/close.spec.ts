import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { all, createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { firstMessage, forkSource } from '../../test/support/processes.js';
import { until } from '../../test/support/until.js';
import { type ConnectionState, connectEventStore, StoreUnavailableError } from './index.js';
import { startFaultyServer } from './testing/faulty-server.js';
import { confirmation, events } from './testing/messages.js';
import { pause, retryPause, within } from './within.js';

let server: TestEventStore;
beforeAll(async () => {
  server = await createTestEventStore();
});
afterAll(() => server.close());

/** Timers that keep this process alive. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

it('15: a process that has closed its store ends by itself', async () => {
  const child = forkSource(join(__dirname, 'close.fixture.ts'), [server.connectionString]);
  const ended = once(child, 'exit');
  // Long before the test is given up, so that it is this that is found and not a process left behind.
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  expect(await firstMessage(child)).toEqual({ refused: 'StoreUnavailableError' });
  expect(await ended).toEqual([0, null]);
  clearTimeout(late);
}, 30_000);

describe('closing', () => {
  it('ends followers that wait for events, for the server, and for the next attempt', async () => {
    const silent = await startFaultyServer({ read: (call) => call.send(confirmation(), ...events(1)) });
    const deaf = await startFaultyServer();
    const gone = await startFaultyServer();
    await gone.close();
    for (const { connectionString } of [silent, deaf, gone]) {
      const store = connectEventStore(connectionString, { maxRetryMs: 60_000 });
      const following = all(store.followAll({ signal: new AbortController().signal }));
      await until('an attempt', () => deaf.reads.length > 0 || store.connection().state !== 'new');
      await store.close();
      expect((await following).length).toBeLessThanOrEqual(1);
      await expect(all(store.readAll())).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(store.readMetadata('a')).rejects.toBeInstanceOf(StoreUnavailableError);
    }
    await silent.close();
    await deaf.close();
  });

  it('ends reads and appends that wait for an answer, and does not call the store lost', async () => {
    const deaf = await startFaultyServer();
    const states: ConnectionState[] = [];
    const store = connectEventStore(deaf.connectionString, { observer: { onConnection: (state) => void states.push(state) } });
    const before = timers();
    const read = all(store.readAll());
    const append = store.append('closing-1', 'no_stream', [{ id: randomUUID(), type: 'T', data: {}, metadata: {} }]);
    const failed = expect(read).rejects.toBeInstanceOf(StoreUnavailableError);
    await until('both', () => deaf.reads.length + deaf.appends.length === 2);
    await store.close();
    await failed;
    expect(await append).toMatchObject({ outcome: 'unknown' });
    expect(states).toEqual([]);
    await deaf.close();
    await until('no timer of theirs', () => timers() <= before);
  });

  it('lets go of its connection', async () => {
    const faulty = await startFaultyServer({ read: (call) => call.end() });
    const store = connectEventStore(faulty.connectionString);
    await all(store.readAll());
    expect(faulty.connections).toBe(1);
    await store.close();
    while (faulty.connections > 0) await new Promise((resolve) => setImmediate(resolve));
    await faulty.close();
  });

  it('can be done twice, and before anything was asked', async () => {
    const store = connectEventStore(server.connectionString);
    await store.close();
    await store.close();
    expect(store.connection()).toEqual({ state: 'new' });
  });
});

describe('waiting', () => {
  it('leaves no timer, whatever ends it', async () => {
    const before = timers();
    const never = new Promise<never>(() => undefined);
    expect(await within(Promise.resolve(1), 60_000, 'late')).toBe(1);
    await expect(within(Promise.reject(new Error('no')), 60_000, 'late')).rejects.toThrow('no');
    await expect(within(never, 1, 'late')).rejects.toMatchObject({ reason: 'late' });
    const abort = new AbortController();
    const paused = pause(60_000, abort.signal);
    abort.abort();
    await paused;
    await pause(60_000, abort.signal);
    await pause(1, new AbortController().signal);
    expect(timers()).toBe(before);
  });

  it('leaves no timer behind a store that was used', async () => {
    const before = timers();
    const { store } = server;
    for (let i = 0; i < 20; i++) await all(store.readAll({ maxCount: 3 }));
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        store.append(`timers-${n}`, 'no_stream', [{ id: randomUUID(), type: 'T', data: {}, metadata: {} }]),
      ),
    );
    expect(timers()).toBeLessThanOrEqual(before + 1);
  });

  it('before another attempt grows up to its limit, and differs from one to the next', () => {
    const pauses = [0, 1, 2, 3, 20, 1_000].map((failures) => retryPause(failures, 5_000));
    [100, 200, 400, 800, 5_000, 5_000].forEach((longest, i) => {
      expect(pauses[i]).toBeGreaterThanOrEqual(longest / 2);
      expect(pauses[i]).toBeLessThanOrEqual(longest);
    });
    expect(new Set(Array.from({ length: 50 }, () => retryPause(10, 5_000))).size).toBeGreaterThan(10);
  });
});
