import { EventStoreDBClient, streamNameFilter } from '@eventstore/db-client';
import { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { until } from '../../test/support/until.js';
import { connectEventStore, type EventStoreDbOptions, type StoredEvent, type SubscriptionState } from './index.js';
import { type FaultyServer, type ReadCall, type Script, startFaultyServer } from './testing/faulty-server.js';
import { caughtUp, checkpoint, confirmation, event, events, recordedEvent } from './testing/messages.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function faulty(script: Script = {}): Promise<FaultyServer> {
  const server = await startFaultyServer(script);
  ends.push(() => server.close());
  return server;
}

/** The client as it is, with nothing of ours around it. */
function bare(server: FaultyServer): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(server.connectionString);
  ends.push(() => client.dispose());
  return client;
}

/** The adapter's subscription, followed in the background. */
function following(
  server: FaultyServer,
  { after, onState, ...options }: EventStoreDbOptions & { after?: bigint; onState?: (state: SubscriptionState) => void } = {},
) {
  const store = connectEventStore(server.connectionString, { maxRetryMs: 20, watchMs: 0, ...options });
  const abort = new AbortController();
  const seen: StoredEvent[] = [];
  const states: SubscriptionState[] = [];
  const done = (async () => {
    const told = (state: SubscriptionState) => {
      states.push(state);
      onState?.(state);
    };
    for await (const found of store.followAll({ signal: abort.signal, onState: told, ...(after === undefined ? {} : { after }) }))
      seen.push(found);
  })();
  done.catch(() => undefined);
  ends.push(async () => {
    abort.abort();
    await done.catch(() => undefined);
    await store.close();
  });
  const positions = () => seen.map(({ position }) => position);
  return { store, seen, states, positions, done, abort };
}

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, i) => BigInt(from + i));

describe('1: a checkpoint ahead of what has been handled', () => {
  const checkpointed: Script = {
    read: (call) => call.send(confirmation(), ...events(1, 2, 3, 4, 5), checkpoint(12n)),
  };

  it('is what the bare client tells', async () => {
    const server = await faulty(checkpointed);
    const told: bigint[] = [];
    const subscription = bare(server).subscribeToAll({
      filter: streamNameFilter({
        prefixes: ['told'],
        checkpointReached: (_, { commit }) => void told.push(commit),
      }),
    });
    subscription.on('error', () => undefined);
    await until('the checkpoint', () => told.length > 0);
    // Nobody has taken an event yet.
    expect(told).toEqual([12n]);
    expect(subscription.readableLength).toBe(5);
  });

  it('is not what the adapter goes on from', async () => {
    const server = await faulty(checkpointed);
    const { positions } = following(server);
    await until('the events', () => positions().length === 5);
    server.reads[0]!.end();
    await until('the next attempt', () => server.reads.length === 2);
    expect(server.reads.map(({ after }) => after)).toEqual([undefined, 5n]);
  });

  it('never goes on from an event that was not handed out', async () => {
    const server = await faulty({ read: (call) => call.send(confirmation(), ...events(1, 2, 3, 4, 5)) });
    const store = connectEventStore(server.connectionString, { maxRetryMs: 20, watchMs: 0 });
    const abort = new AbortController();
    ends.push(() => store.close());
    const iterator = store.followAll({ signal: abort.signal });
    await iterator.next();
    await iterator.next();
    server.script = {};
    server.dropConnections();
    const third = iterator.next();
    await until('the next attempt', () => server.reads.length === 2);
    // Whatever was still on its way when the line broke may be lost, but it is asked for again.
    expect([2n, 3n, 4n, 5n]).toContain(server.reads[1]!.after);
    server.reads[1]!.send(confirmation(), ...events(1, 2, 3, 4, 5, 6));
    const rest = [(await third).value?.position];
    while (rest.at(-1) !== 6n) rest.push((await iterator.next()).value?.position);
    expect(rest).toEqual([3n, 4n, 5n, 6n]);
    abort.abort();
  });
});

describe('2: whoever throws while following', () => {
  it('does not hang the adapter when it is the observer of states, which goes on', async () => {
    const server = await faulty({ read: (call) => call.send(confirmation(), ...events(1, 2), caughtUp(), ...events(3)) });
    const warnings = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    ends.push(() => warnings.mockRestore());
    const { positions } = following(server, {
      onState: () => {
        throw new Error('the observer stumbles');
      },
    });
    await until('all events', () => positions().length === 3);
    expect(warnings.mock.calls).toEqual([[new Error('the observer stumbles')], [new Error('the observer stumbles')]]);
  });

  it('ends its own loop when it is the consumer, and the subscription with it', async () => {
    const server = await faulty({ read: (call) => call.send(confirmation(), ...events(1, 2, 3)) });
    const store = connectEventStore(server.connectionString, { watchMs: 0 });
    ends.push(() => store.close());
    const consume = async () => {
      for await (const { position } of store.followAll({ signal: new AbortController().signal }))
        if (position === 2n) throw new Error('the consumer stumbles');
    };
    await expect(consume()).rejects.toThrow('the consumer stumbles');
    await until('the end of the subscription', () => server.reads[0]!.isCancelled);
    expect(server.reads).toHaveLength(1);
  });
});

describe('3: a server that closes a subscription as if all were well', () => {
  it('ends the loop of the bare client without a word', async () => {
    const server = await faulty({
      read: (call) => {
        call.send(confirmation(), ...events(1, 2));
        call.end();
      },
    });
    const seen: unknown[] = [];
    for await (const found of bare(server).subscribeToAll()) seen.push(found);
    expect(seen).toHaveLength(2);
  });

  it('is a drop to the adapter, which goes on after the last event, as after every other end', async () => {
    const ending: ((call: ReadCall) => void)[] = [
      (call) => call.end(),
      (call) => call.fail(14, 'going down'),
      (call) => call.fail(1, 'cancelled'),
      // What the client says itself when it has cancelled a call, and is silent about.
      (call) => call.fail(1, 'Cancelled on client'),
      (call) => call.fail(13, 'internal'),
      (call) => call.fail(2, 'leader moved', { exception: 'not-leader' }),
      (call) => call.fail(9, 'nonsense', { exception: 'wrong-expected-version', 'expected-version': 'none' }),
      (call) => call.reset(0),
      (call) => call.reset(2),
      (call) => call.reset(8),
      () => server.dropConnections(),
    ];
    const server: FaultyServer = await faulty({
      read: (call) => {
        const turn = server.reads.length;
        const next = (call.after ?? 0n) + 1n;
        call.send(confirmation(), ...events(next, next + 1n));
        if (turn <= ending.length)
          setImmediate(() => until('both', () => seen.at(-1)?.position === next + 1n).then(() => ending[turn - 1]!(call)));
      },
    });
    const { seen, states, positions } = following(server);
    await until('all lives', () => positions().length === 2 * (ending.length + 1));
    expect(positions()).toEqual(upTo(2 * (ending.length + 1)));
    expect(states.filter(({ state }) => state === 'dropped')).toHaveLength(ending.length);
    expect(states[1]).toMatchObject({ state: 'dropped', cause: 'the server ended the subscription' });
  });

  it('or never confirms it, is left for another attempt', async () => {
    const server = await faulty();
    const { positions, states } = following(server, { readIdleMs: 50 });
    await until('several attempts', () => server.reads.length === 3);
    expect(states[0]).toMatchObject({ state: 'dropped', cause: 'the subscription was not confirmed' });
    server.script = { read: (call) => call.send(confirmation(), ...events(1)) };
    await until('the event', () => positions().length === 1);
  });
});

it.each([
  ['an event without its stream', (found: ReturnType<typeof recordedEvent>) => found.clearStreamIdentifier()],
  ['an event without its id', (found: ReturnType<typeof recordedEvent>) => found.clearId()],
])('a message that can not be taken drops the subscription, and nothing is left out: %s', async (_, spoil) => {
  const spoilt = recordedEvent({ position: 2n });
  spoil(spoilt);
  const wrong = new ReadResp().setEvent(new ReadResp.ReadEvent().setEvent(spoilt));
  const server: FaultyServer = await faulty({
    read: (call) =>
      call.send(confirmation(), ...(server.reads.length === 1 ? [...events(1), wrong, ...events(3)] : events(2, 3))),
  });
  const { positions, states } = following(server);
  await until('all', () => positions().length === 3);
  expect(positions()).toEqual([1n, 2n, 3n]);
  expect(states[1]).toMatchObject({ state: 'dropped', cause: expect.stringMatching(/^a wrong message: Impossible/) });
});

describe('7: a reader behind the head', () => {
  it('never gets there in the bare client when its filter matches nothing, for it is told nothing', async () => {
    const server = await faulty({ read: (call) => call.send(confirmation(), caughtUp()) });
    const told: bigint[] = [];
    const subscription = bare(server).subscribeToAll({
      filter: streamNameFilter({ prefixes: ['other-'], checkpointReached: (_, { commit }) => void told.push(commit) }),
    });
    let isCaughtUp = false;
    subscription.on('caughtUp' as never, () => (isCaughtUp = true));
    subscription.on('data', () => undefined).on('error', () => undefined);
    await until('the head', () => isCaughtUp);
    expect(told).toEqual([]);
  });

  it('gets there in the adapter, which filters nothing: events of the store itself move it on', async () => {
    const system = (position: bigint) => event({ position, type: '$metadata', stream: '$$told-1' });
    const server = await faulty({ read: (call) => call.send(confirmation(), ...events(1), system(2n), system(3n), caughtUp()) });
    const { positions, states } = following(server);
    await until('the head', () => states.some(({ state }) => state === 'caught-up'));
    await until('all', () => positions().length === 3);
    expect(positions()).toEqual([1n, 2n, 3n]);
    expect(server.reads[0]!.request.hasNoFilter()).toBe(true);
  });

  it('is noticed in the adapter when the subscription stands still though the log goes on, and silence alone is no fault', async () => {
    let head = 2n;
    const server: FaultyServer = await faulty({
      read: (call) => {
        if (!call.isSubscription) {
          call.send(event({ position: head }));
          return call.end();
        }
        const isFirst = server.reads.filter(({ isSubscription }) => isSubscription).length === 1;
        call.send(confirmation(), ...(isFirst ? events(1, 2) : events(3)));
      },
    });
    const { positions, states } = following(server, { readIdleMs: 40 });
    // Asked several times, and nothing is missing.
    await until('questions', () => server.reads.length >= 5);
    expect(states.map(({ state }) => state)).toEqual(['connected']);
    head = 3n;
    await until('the event that was missing', () => positions().length === 3);
    expect(positions()).toEqual([1n, 2n, 3n]);
    expect(states[1]).toMatchObject({ state: 'dropped', cause: 'the subscription stands still behind the log' });
  });
});

describe('8: positions that are wrong', () => {
  const muddled: Script = {
    read: (call) => call.send(confirmation(), ...events(5, 5, 3, 6, 1, 6, 7), checkpoint(2n), checkpoint(9n), ...events(8)),
  };

  it('reach the consumer of the bare client', async () => {
    const server = await faulty(muddled);
    const seen: (bigint | undefined)[] = [];
    for await (const { event: found } of bare(server).subscribeToAll()) if (seen.push(found?.position?.commit) === 8) break;
    expect(seen).toEqual([5n, 5n, 3n, 6n, 1n, 6n, 7n, 8n]);
  });

  it('are left out by the adapter: it only goes forward, also over a reconnect', async () => {
    const server = await faulty(muddled);
    const { positions } = following(server);
    await until('the last', () => positions().at(-1) === 8n);
    server.script = { read: (call) => call.send(confirmation(), ...events(7, 8, 9)) };
    server.dropConnections();
    await until('the next', () => positions().at(-1) === 9n);
    expect(positions()).toEqual([5n, 6n, 7n, 8n, 9n]);
  });
});

describe('14: positions beyond 2^53', () => {
  const large = [2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n, 2n ** 62n + 1n, 2n ** 63n - 1n];

  it('would be confused as numbers', () => {
    expect(Number(large[0])).toBe(Number(large[1]));
  });

  it('come, are compared and are asked for exactly', async () => {
    const server = await faulty({ read: (call) => call.send(confirmation(), ...events(...large)) });
    const { positions, seen } = following(server);
    await until('all', () => positions().length === large.length);
    expect(positions()).toEqual(large);
    expect(seen.map(({ revision }) => revision)).toEqual(large);
    server.reads[0]!.end();
    await until('the next attempt', () => server.reads.length === 2);
    expect(server.reads[1]!.after).toBe(large.at(-1));
  });

  it('are asked for exactly by whoever begins there', async () => {
    const server = await faulty({ read: (call) => call.send(confirmation(), ...events(...large)) });
    const { positions } = following(server, { after: large[1]! });
    await until('what comes after it', () => positions().length === 3);
    expect(positions()).toEqual(large.slice(2));
    expect(server.reads[0]!.after).toBe(large[1]);
  });
});
