import { randomUUID } from 'node:crypto';
import { all, createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import type { NewEvent, StoredEvent, SubscriptionState } from './port.js';
import { StoreUnavailableError } from './port.js';

const event = (n: number): NewEvent => ({ id: randomUUID(), type: 'Counted', data: { n }, metadata: { m: n } });
const events = (count: number, from = 0) => Array.from({ length: count }, (_, i) => event(from + i));
const numbers = (found: readonly StoredEvent[]) => found.map(({ data }) => (data as { n: number }).n);
const counted = (found: readonly StoredEvent[]) => found.filter((e) => e.type === 'Counted');

let server: TestEventStore;
beforeAll(async () => {
  server = await createTestEventStore({ maxRetryMs: 200, appendTimeoutMs: 2_000, readIdleMs: 5_000 });
});
afterAll(() => server.close());

describe('appending', () => {
  it('tells revision and position of the last event, as they are read back', async () => {
    const batch = events(3);
    const result = await server.store.append('append-1', 'no_stream', batch);
    const found = await all(server.store.readStream('append-1'));
    expect(result).toEqual({ outcome: 'appended', revision: 2n, position: found[2]?.position });
    expect(
      found.map(({ id, type, data, metadata, revision, stream }) => ({ id, type, data, metadata, revision, stream })),
    ).toEqual(batch.map((given, i) => ({ ...given, revision: BigInt(i), stream: 'append-1' })));
    expect(await server.store.append('append-1', 2n, events(1))).toMatchObject({ outcome: 'appended', revision: 3n });
  });

  it('tells the actual revision on conflict, and writes nothing', async () => {
    await server.store.append('conflict-1', 'no_stream', events(2));
    expect(await server.store.append('conflict-1', 'no_stream', events(1))).toEqual({ outcome: 'conflict', actual: 1n });
    expect(await server.store.append('conflict-1', 0n, events(1))).toEqual({ outcome: 'conflict', actual: 1n });
    expect(await server.store.append('conflict-1', 5n, events(1))).toEqual({ outcome: 'conflict', actual: 1n });
    expect(await server.store.append('conflict-none', 0n, events(1))).toEqual({ outcome: 'conflict', actual: 'no_stream' });
    expect(await all(server.store.readStream('conflict-1'))).toHaveLength(2);
    expect(await all(server.store.readStream('conflict-none'))).toEqual([]);
  });

  it('of the same bytes again answers the same and writes nothing', async () => {
    const batch = events(2);
    const first = await server.store.append('repeat-1', 'no_stream', batch);
    await server.store.append('repeat-1', 1n, events(1));
    expect(await server.store.append('repeat-1', 'no_stream', batch)).toMatchObject({ outcome: 'appended', revision: 1n });
    expect(first).toMatchObject({ revision: 1n });
    expect(await all(server.store.readStream('repeat-1'))).toHaveLength(3);
  });

  it('lets exactly one of many at the same revision through', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => server.store.append('race-1', 'no_stream', [event(n)])),
    );
    expect(results.filter((result) => result.outcome === 'appended')).toHaveLength(1);
    expect(results.filter((result) => result.outcome === 'conflict')).toHaveLength(19);
  });

  it('is of unknown outcome when nobody answers, and throws for what can never succeed', async () => {
    const tooLarge = { ...event(0), data: { text: 'x'.repeat(2 * 1024 * 1024) } };
    await expect(server.store.append('large-1', 'no_stream', [tooLarge])).rejects.toThrow();
    await server.stop();
    try {
      expect(await server.store.append('unknown-1', 'no_stream', events(1))).toMatchObject({
        outcome: 'unknown',
        cause: expect.any(Error),
      });
      await expect(all(server.store.readStream('unknown-1'))).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(all(server.store.readAll())).rejects.toBeInstanceOf(StoreUnavailableError);
    } finally {
      await server.start();
    }
    expect(await server.store.append('unknown-1', 'no_stream', events(1))).toMatchObject({ outcome: 'appended' });
  });
});

describe('reading', () => {
  it('that is left after the first event does not cost the connection, however often', async () => {
    await server.store.append('left-early', 'no_stream', events(5));
    const first = async (stream: string) => {
      for await (const found of server.store.readStream(stream, { maxCount: 1 })) return found.revision;
      return undefined;
    };
    const lanes = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 200; i++) {
        expect(await first('left-early')).toBe(0n);
        expect(await first('never-written')).toBeUndefined();
      }
    });
    await Promise.all(lanes);
  }, 30_000);

  it('a stream that does not exist gives nothing', async () => {
    expect(await all(server.store.readStream('missing-1'))).toEqual([]);
    expect(await all(server.store.readStream('missing-1', { backwards: true, maxCount: 1 }))).toEqual([]);
    expect(await all(server.store.readStream('missing-1', { from: 7n }))).toEqual([]);
  });

  it('a stream goes from, to, and backwards', async () => {
    await server.store.append('read-1', 'no_stream', events(5));
    const read = async (options: object) => numbers(await all(server.store.readStream('read-1', options)));
    expect(await read({})).toEqual([0, 1, 2, 3, 4]);
    expect(await read({ from: 3n })).toEqual([3, 4]);
    expect(await read({ from: 5n })).toEqual([]);
    expect(await read({ from: 1n, maxCount: 2 })).toEqual([1, 2]);
    expect(await read({ backwards: true, maxCount: 2 })).toEqual([4, 3]);
    expect(await read({ backwards: true, from: 1n })).toEqual([1, 0]);
  });

  it('$all goes on after a position, by pages, without gap or repetition', async () => {
    await server.store.append('pages-1', 'no_stream', events(7));
    const whole = await all(server.store.readAll());
    expect(whole.map(({ position }) => position)).toEqual(
      [...new Set(whole.map(({ position }) => position))].sort((a, b) => (a < b ? -1 : 1)),
    );
    const paged: StoredEvent[] = [];
    for (;;) {
      const after = paged.at(-1)?.position;
      const page = await all(server.store.readAll({ maxCount: 3, ...(after === undefined ? {} : { after }) }));
      if (page.length === 0) break;
      paged.push(...page);
      // Every page is full but the last.
      expect(page).toHaveLength(Math.min(3, whole.length - (paged.length - page.length)));
    }
    expect(paged.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    const newest = await all(server.store.readAll({ backwards: true, maxCount: 2 }));
    expect(newest.map(({ id }) => id)).toEqual(
      whole
        .slice(-2)
        .reverse()
        .map(({ id }) => id),
    );
  });

  it('can be left early', async () => {
    await server.store.append('early-1', 'no_stream', events(50));
    for await (const first of server.store.readStream('early-1')) {
      expect(first.revision).toBe(0n);
      break;
    }
    expect(await all(server.store.readStream('early-1'))).toHaveLength(50);
  });
});

describe('following $all', () => {
  /** Follows in the background until it has seen what it is told to wait for. */
  function follow(after?: bigint) {
    const abort = new AbortController();
    const seen: StoredEvent[] = [];
    const states: SubscriptionState['state'][] = [];
    let wake: () => void = () => undefined;
    const done = (async () => {
      const following = server.store.followAll({
        signal: abort.signal,
        onState: ({ state }) => {
          states.push(state);
          wake();
        },
        ...(after === undefined ? {} : { after }),
      });
      for await (const found of following) {
        seen.push(found);
        wake();
      }
    })();
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise<void>((resolve) => (wake = resolve));
    };
    const end = async () => {
      abort.abort();
      await done;
    };
    return { seen, states, until, end };
  }
  const headOfAll = async () => (await all(server.store.readAll({ backwards: true, maxCount: 1 })))[0]?.position;

  it('gives what was there and what comes, in order, and says when it has caught up', async () => {
    const after = await headOfAll();
    await server.store.append('follow-1', 'no_stream', events(3));
    const { seen, states, until, end } = follow(after);
    await until(() => counted(seen).length === 3);
    await server.store.append('follow-1', 2n, events(2, 3));
    await until(() => counted(seen).length === 5);
    expect(numbers(counted(seen))).toEqual([0, 1, 2, 3, 4]);
    expect(states[0]).toBe('connected');
    await end();
  });

  it('goes on where it was after the server came back, without gap or repetition', async () => {
    const { seen, states, until, end } = follow(await headOfAll());
    await server.store.append('again-1', 'no_stream', events(10));
    await until(() => counted(seen).length === 10);
    for (const round of [1, 2]) {
      await server.stop();
      await until(() => states.filter((state) => state === 'dropped').length >= round);
      await server.start();
      let expected = BigInt(round * 10 - 1);
      for (const one of events(10, round * 10)) {
        const result = await server.store.append('again-1', expected, [one]);
        if (result.outcome === 'unknown') {
          const resent = await server.store.append('again-1', expected, [one]);
          expect(resent).toMatchObject({ outcome: 'appended' });
        }
        expected += 1n;
      }
      await until(() => counted(seen).length >= (round + 1) * 10);
    }
    expect(numbers(counted(seen))).toEqual(Array.from({ length: 30 }, (_, n) => n));
    await end();
  });

  it('ends when told to: at once, while waiting for events, and while the server is away', async () => {
    const waiting = follow(await headOfAll());
    await waiting.until(() => waiting.states.includes('connected'));
    await waiting.end();
    expect(waiting.seen).toEqual([]);

    const before = new AbortController();
    before.abort();
    expect(await all(server.store.followAll({ signal: before.signal }))).toEqual([]);

    await server.stop();
    try {
      const away = follow();
      await away.until(() => away.states.includes('dropped'));
      await away.end();
    } finally {
      await server.start();
    }
  });

  it('goes at the pace of a slow consumer and misses nothing', async () => {
    const after = await headOfAll();
    await server.store.append('slow-1', 'no_stream', events(500));
    const abort = new AbortController();
    const seen: number[] = [];
    for await (const found of server.store.followAll({ signal: abort.signal, ...(after === undefined ? {} : { after }) })) {
      if (found.stream !== 'slow-1') continue;
      if (seen.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      seen.push((found.data as { n: number }).n);
      if (seen.length === 500) abort.abort();
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });
});
