import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { CommandRunner, type Decider, UpcasterRegistry } from '@huicai/kernel';
import { all, createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { type ConnectedEventStore, connectEventStore, type EventStoreDbOptions, type NewEvent } from './index.js';
import { type AppendCall, type FaultyServer, handOn, type Script, startFaultyServer } from './testing/faulty-server.js';
import { appended, conflict } from './testing/messages.js';

const one = (n = 0): NewEvent => ({ id: randomUUID(), type: 'Counted', data: { n }, metadata: {} });

let real: TestEventStore;
beforeAll(async () => {
  real = await createTestEventStore();
});
afterAll(() => real.close());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function faulty(
  script: Script,
  options: EventStoreDbOptions = {},
): Promise<{ server: FaultyServer; store: ConnectedEventStore }> {
  const server = await startFaultyServer(script);
  const store = connectEventStore(server.connectionString, { watchMs: 0, appendTimeoutMs: 5_000, ...options });
  ends.push(
    () => server.close(),
    () => store.close(),
  );
  return { server, store };
}

/** A server in front of the real one, whose answers to the first appends something happens to. */
async function losing(faults: ((call: AppendCall, server: FaultyServer) => void)[]) {
  const port = Number(/:(\d+)\?/.exec(real.connectionString)![1]);
  const through = handOn(port);
  ends.push(() => through.close());
  const made = await faulty({ read: through.read }, { appendTimeoutMs: 500 });
  made.server.script.append = async (call) => {
    const fault = faults.shift();
    const answer = await through.answerTo(call);
    if (fault) fault(call, made.server);
    else call.answer(answer);
  };
  return made;
}

describe('4: appends of one store', () => {
  it('are no business of each other: one that breaks leaves the others alone', async () => {
    const held: AppendCall[] = [];
    const { store } = await faulty({ append: (call) => (call.stream === 'broken' ? call.reset(2) : held.push(call)) });
    const others = ['a', 'b', 'c'].map((stream) => store.append(stream, 'no_stream', [one()]));
    await until('all', () => held.length === 3);
    expect(await store.append('broken', 'no_stream', [one()])).toMatchObject({ outcome: 'unknown' });
    for (const call of held.reverse()) call.answer(appended(0n, BigInt(10 + 'abc'.indexOf(call.stream))));
    expect(await Promise.all(others)).toEqual(
      [10n, 11n, 12n].map((position) => ({ outcome: 'appended', revision: 0n, position })),
    );
  });

  it('never ask for the batch path, with or without a user', async () => {
    let batches = 0;
    const { server, store } = await faulty({ append: (call) => call.answer(appended(0n)), batchAppend: () => batches++ });
    expect(await store.append('a', 'no_stream', [one()])).toMatchObject({ outcome: 'appended' });
    expect([server.appends.length, batches]).toEqual([1, 0]);
  });
});

describe('5: an append without an answer', () => {
  it('is of unknown outcome, and the same bytes again settle it', async () => {
    const { server, store } = await losing([
      () => undefined,
      (call) => call.reset(0),
      (call) => call.fail(14, 'going down'),
      (_, server) => server.dropConnections(),
    ]);
    const batch = [one(1), one(2)];
    for (let i = 0; i < 4; i++) expect(await store.append('lost-1', 'no_stream', batch)).toMatchObject({ outcome: 'unknown' });
    expect(await store.append('lost-1', 'no_stream', batch)).toMatchObject({ outcome: 'appended', revision: 1n });
    expect(await all(real.store.readStream('lost-1'))).toHaveLength(2);
    expect(server.appends).toHaveLength(5);
  });

  it('that comes only after its time hurts nobody', async () => {
    const { server, store } = await faulty({}, { appendTimeoutMs: 500 });
    expect(await store.append('late-1', 'no_stream', [one()])).toMatchObject({ outcome: 'unknown' });
    server.appends[0]!.answer(appended(0n));
    server.script.append = (call) => call.answer(appended(1n));
    expect(await store.append('late-1', 0n, [one()])).toMatchObject({ outcome: 'appended' });
  });

  it('is not sent any more once its outcome has been told', async () => {
    // Finding a node takes longer than the append may.
    const { server } = await faulty({
      isLeaderless: true,
      append: (call) => call.answer(appended(0n)),
      read: (call) => call.end(),
    });
    const string = `${server.clusterString}&maxDiscoverAttempts=500`;
    const store = connectEventStore(string, { appendTimeoutMs: 150, watchMs: 0 });
    ends.push(() => store.close());
    const result = await store.append('late-2', 'no_stream', [one()]);
    expect(result).toMatchObject({ outcome: 'unknown' });
    server.script.isLeaderless = false;
    // Waits for the same node, and goes the same way as soon as there is one.
    expect(await all(store.readStream('late-2'))).toEqual([]);
    await until('another append', async () => (await store.append('late-3', 'no_stream', [one()])).outcome === 'appended');
    expect(new Set(server.appends.map(({ stream }) => stream))).toEqual(new Set(['late-3']));
  });

  it.each([
    ['another revision', appended(7n)],
    ['none', new AppendResp()],
  ])('that tells %s counts as none', async (_, answer) => {
    const { store } = await faulty({ append: (call) => call.answer(answer) }, { appendTimeoutMs: 200 });
    expect(await store.append('odd-1', 'no_stream', [one()])).toMatchObject({ outcome: 'unknown' });
  });
});

describe('6: a conflict', () => {
  it('tells a wrong revision in the bare client that does not throw', async () => {
    const client = EventStoreDBClient.connectionString(`${real.connectionString}&throwOnAppendFailure=false`);
    ends.push(() => client.dispose());
    const written = await client.appendToStream(
      'conflict-6',
      [1, 2, 3].map((n) => jsonEvent({ type: 'T', data: { n } })),
    );
    expect(written.nextExpectedRevision).toBe(2n);
    const refused = await client.appendToStream('conflict-6', jsonEvent({ type: 'T', data: {} }), {
      expectedRevision: NO_STREAM,
    });
    expect(refused).toMatchObject({ success: false, nextExpectedRevision: 1n });
  });

  it.each([undefined, 0n, 2n, 2n ** 53n + 1n])('tells the actual revision: %s', async (actual) => {
    const { store } = await faulty({ append: (call) => call.answer(conflict(actual)) });
    const expected = { outcome: 'conflict', actual: actual ?? 'no_stream' };
    expect(await store.append('conflict-6', 5n, [one()])).toEqual(expected);
  });

  it('tells it of a server that says it in trailers too', async () => {
    const trailers = { exception: 'wrong-expected-version', 'stream-name': 's', 'expected-version': '5', 'actual-version': '3' };
    const { store } = await faulty({ append: (call) => call.fail(9, 'conflict', trailers) });
    expect(await store.append('conflict-6', 5n, [one()])).toEqual({ outcome: 'conflict', actual: 3n });
  });
});

describe('9: an event id', () => {
  it('that is appended again at the revision it made is written twice, by any server', async () => {
    const event = one();
    expect(await real.store.append('twice-1', 'no_stream', [event])).toMatchObject({ outcome: 'appended' });
    expect(await real.store.append('twice-1', 0n, [event])).toMatchObject({ outcome: 'appended', revision: 1n });
    expect((await all(real.store.readStream('twice-1'))).map(({ id }) => id)).toEqual([event.id, event.id]);
  });

  it('is only ever sent with the one revision and content it was made for, whatever gets lost', async () => {
    // Answers get lost in every way; others write to the same stream in between.
    const rough: ((call: AppendCall, server: FaultyServer) => void)[] = [
      (call) => call.reset(0),
      (call) => call.fail(14, 'going down'),
      (_, server) => server.dropConnections(),
      () => undefined,
    ];
    const faults = Array.from({ length: 12 }, (_, i) => rough[i % rough.length]!);
    const { server, store } = await losing(faults);
    const stream = `tally-${randomUUID()}`;
    const runner = new CommandRunner({
      store,
      clock: { now: () => Date.parse('2026-09-30T02:00:00.000Z') },
      upcasters: new UpcasterRegistry(),
      sameCommand: () => true,
      conflictRetries: 20,
    });
    const count: Decider<{ type: 'Count'; data: object }, { type: 'Counted'; data: object }, number, never> = {
      aggregate: 'tally',
      initialState: () => 0,
      evolve: (n) => n + 1,
      decide: () => [{ type: 'Counted', data: {} }],
    };
    const commands = Array.from({ length: 8 }, () => randomUUID());
    const run = (commandId: string) =>
      runner.run(
        count,
        stream,
        { type: 'Count', data: {} },
        {
          commandId,
          commandHash: { k: 'k', v: 'v' },
          actor: { id: 'user-1', role: 'window' },
          correlationId: 'c',
        },
        (_, base) => base as never,
      );
    await Promise.all(commands.map(run));
    expect(faults).toEqual([]);
    const written = await all(real.store.readStream(stream));
    const recordedFor = written.map(({ metadata }) => (metadata as { commandId: string }).commandId);
    expect([recordedFor.length, new Set(recordedFor)]).toEqual([commands.length, new Set(commands)]);
    expect(new Set(written.map(({ id }) => id)).size).toBe(written.length);
    const sent = new Map<string, Set<string>>();
    for (const call of server.appends) {
      const bytes = call.requests.map((request) => Buffer.from(request.serializeBinary()).toString('base64')).join();
      for (const id of call.ids) sent.set(id, (sent.get(id) ?? new Set()).add(`${call.stream} ${call.expected} ${bytes}`));
    }
    // Some were sent again, or this would show nothing.
    expect(server.appends.length).toBeGreaterThan(sent.size);
    expect([...sent.values()].map(({ size }) => size)).toEqual(Array(sent.size).fill(1));
  }, 30_000);
});

describe('what can not be appended', () => {
  it.each([
    ['too large', 8, { exception: 'maximum-append-size-exceeded', 'maximum-append-size': '1048576' }, 'too-large'],
    ['deleted for ever', 9, { exception: 'stream-deleted', 'stream-name': 's' }, 'stream-deleted'],
    ['not allowed', 7, { exception: 'access-denied' }, 'access-denied'],
    ['not allowed, without trailers', 7, {}, 'access-denied'],
    ['with a wrong password', 16, {}, 'access-denied'],
    ['not understood', 3, {}, 'invalid'],
  ])('is refused for good: %s', async (_, code, trailers, reason) => {
    const outcomes: string[] = [];
    const { store } = await faulty(
      { append: (call) => call.fail(code, 'in its own words', trailers) },
      { observer: { onAppend: (outcome) => outcomes.push(outcome) } },
    );
    await expect(store.append('s', 'no_stream', [one()])).rejects.toMatchObject({ name: 'StoreRefusedError', reason });
    expect(outcomes).toEqual(['refused']);
    // It did answer.
    expect(store.connection()).toEqual({ state: 'connected' });
  });

  it('is told before anything is sent: no event, or one that is not JSON', async () => {
    const { server, store } = await faulty({});
    await expect(store.append('s', 'no_stream', [])).rejects.toBeInstanceOf(RangeError);
    const odd: Partial<NewEvent>[] = [{ data: { n: 1n } }, { metadata: { n: 1n } }, { data: { toJSON: () => undefined } }];
    for (const wrong of odd)
      await expect(store.append('s', 'no_stream', [{ ...one(), ...wrong }])).rejects.toBeInstanceOf(TypeError);
    expect(server.appends).toEqual([]);
  });
});
