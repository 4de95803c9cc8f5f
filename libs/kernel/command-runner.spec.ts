import { randomUUID } from 'node:crypto';
import { all, createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import type { AppendResult, EventStore, NewEvent } from '../event-store/port.js';
import { StoreUnavailableError } from '../event-store/port.js';
import { type Chained, ChainVerifier } from './chain.js';
import { type CommandContext, type CommandResult, CommandRunner, type CommandRunnerOptions } from './command-runner.js';
import type { BaseFacts, Decider } from './decider.js';
import { illegal } from './errors.js';
import { recorded } from './recorded.js';
import { refusalFrom } from './spec-dsl.js';
import { UpcasterRegistry } from './upcasters.js';

type Add = { readonly type: 'Add'; readonly data: { readonly by: number; readonly times?: number } };
type Added = { readonly type: 'Added'; readonly data: { readonly by: number; readonly now: number } };

/** Adds up to ten; adding nothing changes nothing. */
const tally: Decider<Add, Added, number, BaseFacts> = {
  aggregate: 'tally',
  initialState: () => 0,
  evolve: (sum, { data }) => sum + data.by,
  decide: ({ data: { by, times = 1 } }, sum, { now }) => {
    if (sum + by * times > 10) throw illegal('full', { params: { sum } });
    return by === 0 ? [] : Array.from({ length: times }, () => ({ type: 'Added' as const, data: { by, now } }));
  },
};

const NOW = Date.parse('2026-09-30T02:00:00.000Z');
const upcasters = new UpcasterRegistry();

let server: TestEventStore;
beforeAll(async () => {
  server = await createTestEventStore({ appendTimeoutMs: 2_000 });
});
afterAll(() => server.close());

type Append = EventStore['append'];

/** The real store, with something done to its appends. */
function appending(change: (append: Append) => Append): EventStore {
  const { store } = server;
  return {
    append: change((...given) => store.append(...given)),
    readStream: (...given) => store.readStream(...given),
    readAll: (...given) => store.readAll(...given),
    followAll: (...given) => store.followAll(...given),
    close: () => store.close(),
  };
}

/** Holds the first `n` appends until all of them have arrived, so that each was decided without the others. */
function meeting(n: number): EventStore {
  const waiting: (() => void)[] = [];
  let arrived = 0;
  return appending((append) => async (...given) => {
    arrived++;
    if (arrived < n) await new Promise<void>((resolve) => waiting.push(resolve));
    else for (const go of waiting) go();
    return append(...given);
  });
}

function counting(): { store: EventStore; appends: () => number } {
  let appends = 0;
  return {
    appends: () => appends,
    store: appending((append) => (...given) => {
      appends++;
      return append(...given);
    }),
  };
}

function world(options: Partial<CommandRunnerOptions> = {}, stream = `tally-${randomUUID()}`) {
  const runner = new CommandRunner({
    store: server.store,
    clock: { now: () => NOW },
    upcasters,
    sameCommand: (kept, now) => kept.v === now.v,
    resendForMs: 20_000,
    ...options,
  });
  const run = (by: number, more: Partial<CommandContext> & { times?: number } = {}): Promise<CommandResult<Added>> => {
    const { times, ...context } = more;
    return runner.run(
      tally,
      stream,
      { type: 'Add', data: { by, ...(times === undefined ? {} : { times }) } },
      {
        commandId: randomUUID(),
        commandHash: { k: 'key-1', v: `add ${by}` },
        actor: { id: 'user-1', role: 'window' },
        correlationId: 'correlation-1',
        ...context,
      },
      (_, base) => base,
    );
  };
  const read = async () => (await all(server.store.readStream(stream))).map((event) => recorded<Added>(event, upcasters));
  const sums = async () => (await read()).map(({ data }) => data.by);
  return { run, read, sums, stream };
}

const system = { actor: { id: 'timer', role: 'system' } } as const;

async function expectChained(stream: string): Promise<void> {
  const verifier = new ChainVerifier();
  for (const event of await all(server.store.readStream(stream)))
    expect(verifier.check(event as unknown as Chained)).toBeUndefined();
}

describe('a command', () => {
  it('is recorded with who, why, when and under which id, each event chained to the one before', async () => {
    const { run, read, stream } = world();
    const commandId = randomUUID();
    await run(1);
    const result = await run(2, { commandId, reasonCode: 'COUNTED', times: 2 });
    expect(result).toMatchObject({ stream, revision: 2n, repeated: false });
    const [, second, third] = await read();
    expect(second?.metadata).toMatchObject({
      $correlationId: 'correlation-1',
      $causationId: commandId,
      commandId,
      commandHash: { k: 'key-1', v: 'add 2' },
      actor: { id: 'user-1', role: 'window' },
      reasonCode: 'COUNTED',
      schemaVersion: 1,
      occurredAt: '2026-09-30T02:00:00.000Z',
      recordedAt: '2026-09-30T02:00:00.000Z',
    });
    expect(second?.metadata).not.toHaveProperty('backfill');
    expect(third?.metadata.chain.prev).toBe(second?.metadata.chain.hash);
    await expectChained(stream);
  });

  it('answers exactly what is read back, position by position', async () => {
    const { run, read } = world();
    const result = await run(1, { times: 3 });
    expect(result.events).toEqual(await read());
    expect(result.position).toBe((await read()).at(-1)?.position);
    expect((await run(2)).events).toEqual((await read()).slice(3));
  });

  it('keeps its cause, and business time apart from recording time', async () => {
    const { run, read } = world();
    const occurredAt = NOW - 3_600_000;
    const result = await run(1, { ...system, occurredAt, causationId: 'event-9', backfill: true });
    expect(result.events[0]?.data.now).toBe(occurredAt);
    expect((await read())[0]?.metadata).toMatchObject({
      $causationId: 'event-9',
      occurredAt: '2026-09-30T01:00:00.000Z',
      recordedAt: '2026-09-30T02:00:00.000Z',
      backfill: true,
    });
  });

  it('that changes nothing writes nothing and is not remembered', async () => {
    const { run, sums } = world();
    const commandId = randomUUID();
    expect(await run(0, { commandId })).toMatchObject({ events: [], revision: -1n, position: undefined, repeated: false });
    expect(await run(1, { commandId })).toMatchObject({ revision: 0n, repeated: false });
    expect(await sums()).toEqual([1]);
  });

  it('that is refused writes nothing', async () => {
    const { run, sums } = world();
    await run(9);
    expect(await refusalFrom(run(2))).toMatchObject({ code: 'full', details: { params: { sum: 9 } } });
    expect(await sums()).toEqual([9]);
  });

  it('is never stamped before the event it was decided on', async () => {
    const ticks = [NOW, NOW - 5, NOW + 5];
    const { run, read } = world({ clock: { now: () => ticks.shift() ?? NOW } });
    await run(1);
    await run(1);
    await run(1);
    const times = (await read()).map(({ metadata }) => Date.parse(metadata.occurredAt));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((await read()).map(({ data }) => data.now)).toEqual(times);
  });

  it('finds the store away, or a stream it does not understand', async () => {
    const { run } = world();
    await server.stop();
    try {
      await expect(run(1)).rejects.toBeInstanceOf(StoreUnavailableError);
    } finally {
      await server.start();
    }
    const foreign = world();
    await server.store.append(foreign.stream, 'no_stream', [{ id: randomUUID(), type: 'Added', data: {}, metadata: {} }]);
    await expect(foreign.run(1)).rejects.toThrow('was not written by this system');
  });
});

describe('a repeated command', () => {
  it('answers the same again and writes nothing', async () => {
    const { store, appends } = counting();
    const { run } = world({ store });
    const commandId = randomUUID();
    const first = await run(1, { commandId, times: 2 });
    await run(3);
    const again = await run(1, { commandId, times: 2 });
    expect(again).toEqual({ ...first, repeated: true });
    expect(appends()).toBe(2);
  });

  it('is answered even where it would be refused, or stale, by now', async () => {
    const { run } = world();
    const commandId = randomUUID();
    await run(6, { commandId });
    await run(4);
    expect(await run(6, { commandId, ifMatch: 7n })).toMatchObject({ repeated: true, revision: 0n });
  });

  it('with another body is refused', async () => {
    const { run, sums } = world();
    const commandId = randomUUID();
    await run(1, { commandId });
    expect(await refusalFrom(run(2, { commandId }))).toMatchObject({
      kind: 'mismatch',
      code: 'idempotency-key-reused',
      details: { field: 'Idempotency-Key' },
    });
    expect(await sums()).toEqual([1]);
  });

  it('whose key is gone is answered without comparing', async () => {
    const { run } = world({ sameCommand: () => 'key-gone' });
    const commandId = randomUUID();
    await run(1, { commandId });
    expect(await run(2, { commandId })).toMatchObject({ repeated: true, revision: 0n });
  });

  it('sent many times at once is recorded once, and every answer is what was recorded', async () => {
    let now = NOW;
    const { run, read } = world({ store: meeting(4), clock: { now: () => now++ } });
    const commandId = randomUUID();
    const results = await Promise.all([1, 2, 3, 4].map(() => run(1, { commandId, times: 2 })));
    const stored = await read();
    expect(stored).toHaveLength(2);
    for (const result of results) expect(result).toMatchObject({ events: stored, revision: 1n, position: stored[1]?.position });
    expect(results.map(({ repeated }) => repeated).sort()).toEqual([false, true, true, true]);
  });

  it('sent at once with two bodies is recorded once, and the other is told so', async () => {
    const { run, sums } = world({ store: meeting(2) });
    const commandId = randomUUID();
    const settled = await Promise.allSettled([run(1, { commandId }), run(2, { commandId })]);
    const stored = await sums();
    expect(stored).toHaveLength(1);
    const answers = settled.map((one) => (one.status === 'fulfilled' ? one.value.events.map((e) => e.data.by) : one.reason.code));
    expect(answers).toEqual(stored[0] === 1 ? [[1], 'idempotency-key-reused'] : ['idempotency-key-reused', [2]]);
  });
});

describe('commands at the same time', () => {
  it('both succeed when both are legal', async () => {
    const { run, sums, stream } = world({ store: meeting(2) });
    const results = await Promise.all([run(1), run(2)]);
    expect(results.map(({ revision }) => revision).sort()).toEqual([0n, 1n]);
    expect((await sums()).sort()).toEqual([1, 2]);
    await expectChained(stream);
  });

  it('decide again on what the other did', async () => {
    const { run, sums } = world({ store: meeting(2) });
    const settled = await Promise.allSettled([run(6), run(7)]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = settled.find((one) => one.status === 'rejected')!;
    expect(refused.reason).toMatchObject({ code: 'full' });
    expect(await sums()).toHaveLength(1);
  });

  it('keep one chain whatever the crowd', async () => {
    const { run, read, stream } = world({ conflictRetries: 50 });
    await Promise.all(Array.from({ length: 10 }, () => run(1)));
    expect((await read()).map(({ revision }) => revision)).toEqual(Array.from({ length: 10 }, (_, n) => BigInt(n)));
    await expectChained(stream);
  });

  it('give up as a conflict when others are always first', async () => {
    let attempts = 0;
    const store = appending((append) => async (stream, expected, events) => {
      attempts++;
      const [ours] = events as [NewEvent];
      await append(stream, expected, [{ ...ours, id: randomUUID(), metadata: { ...ours.metadata, commandId: randomUUID() } }]);
      return append(stream, expected, events);
    });
    const { run } = world({ store });
    expect(await refusalFrom(run(1))).toMatchObject({ kind: 'conflict', code: 'conflict', details: { params: { attempts: 4 } } });
    expect(attempts).toBe(4);
  });

  it('ask for their facts again after every conflict', async () => {
    const asked: number[] = [];
    const store = meeting(2);
    const runner = new CommandRunner({ store, clock: { now: () => NOW }, upcasters, sameCommand: () => true });
    const stream = `tally-${randomUUID()}`;
    const run = () =>
      runner.run(
        tally,
        stream,
        { type: 'Add', data: { by: 1 } },
        {
          commandId: randomUUID(),
          commandHash: { k: 'k', v: 'v' },
          actor: { id: 'u', role: 'window' },
          correlationId: 'c',
        },
        (sum, base) => {
          asked.push(sum);
          return base;
        },
      );
    await Promise.all([run(), run()]);
    expect(asked).toEqual([0, 0, 1]);
  });
});

describe('If-Match', () => {
  it('holds for the revision seen last', async () => {
    const { run } = world();
    await run(1);
    expect(await run(1, { ifMatch: 0n })).toMatchObject({ revision: 1n });
    expect(await refusalFrom(run(1, { ifMatch: 0n }))).toMatchObject({
      kind: 'stale',
      code: 'stale-version',
      details: { field: 'If-Match', extra: { currentVersion: '1' } },
    });
    expect(await refusalFrom(run(1, { ifMatch: 2n }))).toMatchObject({ code: 'stale-version' });
  });

  it('does not see what the system did since', async () => {
    const { run } = world();
    await run(1);
    await run(1, system);
    await run(1, system);
    expect(await run(1, { ifMatch: 0n })).toMatchObject({ revision: 3n });
    expect(await refusalFrom(run(1, { ifMatch: 2n }))).toMatchObject({ code: 'stale-version' });
  });

  it('of a stream that does not exist is stale', async () => {
    const { run } = world();
    expect(await refusalFrom(run(1, { ifMatch: 0n }))).toMatchObject({
      code: 'stale-version',
      details: { extra: { currentVersion: '-1' } },
    });
  });

  it('is asked again after a conflict', async () => {
    const { run, sums } = world({ store: meeting(2) });
    const settled = await Promise.allSettled([run(1, { ifMatch: -1n }), run(2, { ifMatch: -1n })]);
    const refused = settled.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'stale-version' });
    expect(await sums()).toHaveLength(1);
  });
});

describe('an append whose outcome is unknown', () => {
  const unknown = (): AppendResult => ({ outcome: 'unknown', cause: new Error('the line went dead') });

  it.each([1, 3])('is sent again with the same bytes until the store has it (lost %d times)', async (losses) => {
    const sent: unknown[] = [];
    const store = appending((append) => async (...given) => {
      sent.push(JSON.stringify(given[2]));
      return sent.length <= losses ? unknown() : append(...given);
    });
    const { run, read, stream } = world({ store });
    const result = await run(2, { times: 2 });
    expect(new Set(sent).size).toBe(1);
    expect(sent).toHaveLength(losses + 1);
    expect(result).toMatchObject({ events: await read(), revision: 1n, repeated: false });
    await expectChained(stream);
  });

  it('but was there is recorded once', async () => {
    let answers = 0;
    const store = appending((append) => async (...given) => {
      const result = await append(...given);
      return answers++ === 0 ? unknown() : result;
    });
    const { run, read } = world({ store });
    const result = await run(2, { times: 2 });
    expect(await read()).toHaveLength(2);
    expect(result).toMatchObject({ events: await read(), revision: 1n, position: (await read())[1]?.position, repeated: false });
  });

  it('but was there, with others on top since, is found by its id', async () => {
    let lost = false;
    const store = appending((append) => async (stream, expected, events) => {
      const result = await append(stream, expected, events);
      if (lost) return result;
      lost = true;
      // Another command comes in between, so that a resend can only find a conflict or a repetition.
      await world({}, stream).run(5);
      return unknown();
    });
    const { run, sums, stream } = world({ store });
    expect(await run(1)).toMatchObject({ revision: 0n, repeated: false });
    expect(await sums()).toEqual([1, 5]);
    await expectChained(stream);
  });

  it('and was not there, with another first, is decided again', async () => {
    let sends = 0;
    const store = appending((append) => async (stream, expected, events) => {
      if (sends++ > 0) return append(stream, expected, events);
      await world({}, stream).run(5);
      return unknown();
    });
    const { run, sums, stream } = world({ store });
    expect(await run(1)).toMatchObject({ revision: 1n, repeated: false });
    expect(await sums()).toEqual([5, 1]);
    await expectChained(stream);
  });

  it('because the server went away after writing is settled when it is back', async () => {
    let gone = false;
    const store = appending((append) => async (...given) => {
      const result = await append(...given);
      if (gone) return result;
      gone = true;
      await server.stop();
      await server.start();
      return unknown();
    });
    const { run, read } = world({ store });
    const result = await run(3);
    expect(result.events).toEqual(await read());
    expect(await read()).toHaveLength(1);
  });

  it('because the server is away before writing is settled when it is back', async () => {
    let gone = false;
    let back: Promise<void> | undefined;
    const store = appending((append) => async (...given) => {
      if (gone) return append(...given);
      gone = true;
      await server.stop();
      const result = await append(...given);
      expect(result.outcome).toBe('unknown');
      back = server.start();
      return result;
    });
    const { run, read } = world({ store });
    const result = await run(3);
    await back;
    expect(result.events).toEqual(await read());
    expect(await read()).toHaveLength(1);
  });

  it('is told as such when it stays so for too long, and settled by the next attempt of the caller', async () => {
    const commandId = randomUUID();
    let lossy = true;
    const store = appending((append) => async (...given) => {
      const result = await append(...given);
      return lossy ? unknown() : result;
    });
    const { run, sums } = world({ store, resendForMs: 0 });
    expect(await refusalFrom(run(1, { commandId }))).toMatchObject({ kind: 'unavailable', code: 'outcome-unknown' });
    lossy = false;
    expect(await run(1, { commandId })).toMatchObject({ repeated: true, revision: 0n });
    expect(await sums()).toEqual([1]);
  });
});
