import { EventStoreDBClient } from '@eventstore/db-client';
import fc from 'fast-check';
import { all } from '../../test/support/event-store.js';
import { until } from '../../test/support/until.js';
import { connectEventStore, DELETED, type EventStoreDbOptions, type ReadStreamOptions } from './index.js';
import { type FaultyServer, type ReadCall, type Script, startFaultyServer } from './testing/faulty-server.js';
import { event, events } from './testing/messages.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function faulty(script: Script, options: EventStoreDbOptions = {}) {
  const server = await startFaultyServer(script);
  const store = connectEventStore(server.connectionString, { watchMs: 0, readIdleMs: 500, ...options });
  ends.push(
    () => server.close(),
    () => store.close(),
  );
  return { server, store };
}

const breaks: readonly (readonly [string, (call: ReadCall, server: FaultyServer) => void])[] = [
  ['the store going down', (call) => call.fail(14, 'going down')],
  ['the store cancelling it', (call) => call.fail(1, 'cancelled')],
  ['the words of the client', (call) => call.fail(1, 'Cancelled on client')],
  ['a deleted stream that is not named', (call) => call.fail(9, 'deleted', { exception: 'stream-deleted' })],
  ['an unknown fault', (call) => call.fail(2, 'what?')],
  ['a reset without error', (call) => call.reset(0)],
  ['a reset', (call) => call.reset(8)],
  ['a broken line', (_, server) => server.dropConnections()],
  ['silence', () => undefined],
];

describe.each(breaks)('a read that is broken midway by %s', (_, breaking) => {
  it.each(['stream', '$all', 'metadata'] as const)('fails, and never looks complete: %s', async (kind) => {
    let failures = 0;
    const { server, store } = await faulty(
      {
        read: (call) => {
          if (kind !== 'metadata') call.send(...events(1, 2, 3));
          setTimeout(() => breaking(call, server), 20);
        },
      },
      { readIdleMs: 150, observer: { onReadFailure: () => void failures++ } },
    );
    const reading = {
      stream: () => all(store.readStream('told-1')),
      $all: () => all(store.readAll()),
      metadata: () => store.readMetadata('x'),
    };
    await expect(reading[kind]()).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: expect.any(String) });
    expect(failures).toBe(1);
    expect(store.connection()).toMatchObject({ state: 'dropped', attempts: 1 });
  });
});

it('a read that was broken in the words of the client looks complete in the bare client', async () => {
  const { server } = await faulty({
    read: (call) => {
      call.send(...events(1, 2, 3));
      setTimeout(() => call.fail(1, 'Cancelled on client'), 20);
    },
  });
  const client = EventStoreDBClient.connectionString(server.connectionString);
  ends.push(() => client.dispose());
  const seen: unknown[] = [];
  for await (const found of client.readStream('told-1')) seen.push(found);
  expect(seen).toHaveLength(3);
});

describe('events that come out of order', () => {
  const readings: readonly [string, readonly number[], ReadStreamOptions][] = [
    ['twice', [1, 2, 2, 3], {}],
    ['backwards', [1, 3, 2], {}],
    ['forwards when asked backwards', [3, 4], { backwards: true }],
    ['twice when asked backwards', [3, 3], { backwards: true }],
  ];
  it.each(readings)('fail the read of a stream and of $all: %s', async (_, positions, options) => {
    const { store } = await faulty({
      read: (call) => {
        call.send(...events(...positions));
        call.end();
      },
    });
    for (const reading of [store.readStream('told-1', options), store.readAll(options)])
      await expect(all(reading)).rejects.toMatchObject({ reason: 'its events came out of order' });
  });

  it('do not concern a stream that has been cut short', async () => {
    const { store } = await faulty({
      read: (call) => {
        call.send(...events(4, 5, 9));
        call.end();
      },
    });
    expect((await all(store.readStream('told-1'))).map(({ revision }) => revision)).toEqual([4n, 5n, 9n]);
  });
});

describe('positions beyond 2^53', () => {
  it('are read and asked for exactly, whatever they are', async () => {
    const { server, store } = await faulty({});
    const position = fc.bigInt({ min: 0n, max: 2n ** 63n - 2n });
    await fc.assert(
      fc.asyncProperty(position, async (after) => {
        server.script.read = (call) => {
          // A server begins at the position, which is not wanted any more.
          call.send(event({ position: after }), event({ position: after + 1n }));
          call.end();
        };
        expect((await all(store.readAll({ after }))).map(({ position }) => position)).toEqual([after + 1n]);
        expect(server.reads.at(-1)!.after).toBe(after);
      }),
      { numRuns: 60, examples: [[2n ** 53n], [2n ** 53n - 1n], [2n ** 63n - 2n]] },
    );
  });
});

describe('a read that is left early', () => {
  it.each([
    ['short', { maxCount: 50 }],
    ['long', {}],
  ])('leaves no call behind, though the server does not end it: %s', async (_, options) => {
    const { server, store } = await faulty({ read: (call) => call.send(...events(1, 2, 3)) }, { readIdleMs: 100 });
    for await (const { revision } of store.readStream('told-1', options)) {
      expect(revision).toBe(1n);
      break;
    }
    await until('the end of the call', () => server.reads[0]!.isCancelled);
    // Leaving is no fault of the store.
    expect(store.connection()).toEqual({ state: 'connected' });
  });
});

describe('the metadata of a stream', () => {
  const answering = async (data: unknown, type = '$metadata') => {
    const { server, store } = await faulty({
      read: (call) => {
        call.send(event({ stream: '$$cut-1', revision: 3n, position: 9n, type, data }));
        call.end();
      },
    });
    return { found: await store.readMetadata('cut-1'), server };
  };

  it('is what the newest event of its metadata stream says', async () => {
    const acl = { $r: ['a', '$admins'], $w: 'b' };
    const { found, server } = await answering({ $maxCount: 5, $maxAge: 60, $tb: 7, $acl: acl, other: 1 });
    expect(found).toEqual({ maxCount: 5, maxAge: 60, truncateBefore: 7n, acl, revision: 3n });
    const { request } = server.reads[0]!;
    expect(Buffer.from(request.getStream()!.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe('$$cut-1');
    expect([request.getCount(), request.getReadDirection()]).toEqual(['1', 1]);
  });

  it('leaves out what a store ignores, and knows a deleted stream', async () => {
    expect((await answering({ $maxCount: 0, $maxAge: -1, $tb: 'x' })).found).toEqual({ revision: 3n });
    expect((await answering({ $maxCount: 1.5, $maxAge: '1' })).found).toEqual({ revision: 3n });
    const { found } = await answering(JSON.parse('{"$tb":9223372036854775807}'));
    expect(found).toEqual({ truncateBefore: DELETED, revision: 3n });
  });
});
