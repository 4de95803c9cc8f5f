import { randomUUID } from 'node:crypto';
import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import { StoreUnavailableError } from '../event-store/port.js';
import { harness, NOW, system } from './command-runner.fixture.js';
import { eventIdOf } from './ids.js';
import { refusalFrom } from './spec-dsl.js';

let server: TestEventStore;
let at: ReturnType<typeof harness>;
beforeAll(async () => {
  server = await createTestEventStore({ appendTimeoutMs: 2_000 });
  at = harness(server);
});
afterAll(() => server.close());

describe('a command', () => {
  it('is recorded with who, why, when and under which id, each event chained to the one before', async () => {
    const { run, read, stream } = at.world();
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
    await at.expectChained(stream);
  });

  it('answers exactly what is read back', async () => {
    const { run, read, answered } = at.world();
    const result = await run(1, { times: 3 });
    expect(result.events).toEqual(await answered());
    expect(result.position).toBe((await read()).at(-1)?.position);
    expect((await run(2)).events).toEqual((await answered()).slice(3));
  });

  it('keeps its cause, and business time apart from recording time', async () => {
    const { run, read } = at.world();
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

  it('gives its events ids that follow from the command and the attempt', async () => {
    const { run } = at.world({ attempt: () => 'only' });
    const commandId = randomUUID();
    const { events } = await run(1, { commandId, times: 2 });
    expect(events.map(({ id }) => id)).toEqual([eventIdOf(commandId, 'only', 0), eventIdOf(commandId, 'only', 1)]);
  });

  it('that changes nothing writes nothing and is not remembered', async () => {
    const { run, sums } = at.world();
    const commandId = randomUUID();
    expect(await run(0, { commandId })).toMatchObject({ events: [], revision: -1n, position: undefined, repeated: false });
    expect(await run(1, { commandId })).toMatchObject({ revision: 0n, repeated: false });
    expect(await sums()).toEqual([1]);
  });

  it('that is refused writes nothing', async () => {
    const { run, sums } = at.world();
    await run(9);
    expect(await refusalFrom(run(2))).toMatchObject({ code: 'full', details: { params: { sum: 9 } } });
    expect(await sums()).toEqual([9]);
  });

  it('is never stamped before the event it was decided on', async () => {
    const ticks = [NOW, NOW - 5, NOW + 5];
    const { run, read } = at.world({ clock: { now: () => ticks.shift() ?? NOW } });
    await run(1);
    await run(1);
    await run(1);
    const times = (await read()).map(({ metadata }) => Date.parse(metadata.occurredAt));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((await read()).map(({ data }) => data.now)).toEqual(times);
  });

  it('finds the store away, or a stream it does not understand', async () => {
    const { run } = at.world();
    await server.stop();
    try {
      await expect(run(1)).rejects.toBeInstanceOf(StoreUnavailableError);
    } finally {
      await server.start();
    }
    const foreign = at.world();
    await server.store.append(foreign.stream, 'no_stream', [{ id: randomUUID(), type: 'Added', data: {}, metadata: {} }]);
    await expect(foreign.run(1)).rejects.toThrow('was not written by this system');
  });
});

describe('a repeated command', () => {
  it('answers the same again and writes nothing', async () => {
    const { store, appends } = at.counting();
    const { run } = at.world({ store });
    const commandId = randomUUID();
    const first = await run(1, { commandId, times: 2 });
    await run(3);
    const again = await run(1, { commandId, times: 2 });
    expect(again).toEqual({ ...first, repeated: true });
    expect(appends()).toBe(2);
  });

  it('is answered even where it would be refused, or stale, by now', async () => {
    const { run } = at.world();
    const commandId = randomUUID();
    await run(6, { commandId });
    await run(4);
    expect(await run(6, { commandId, ifMatch: 7n })).toMatchObject({ repeated: true, revision: 0n });
  });

  it('with another body is refused', async () => {
    const { run, sums } = at.world();
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
    const { run } = at.world({ sameCommand: () => 'key-gone' });
    const commandId = randomUUID();
    await run(1, { commandId });
    expect(await run(2, { commandId })).toMatchObject({ repeated: true, revision: 0n });
  });

  it('sent many times at once is recorded once, and every answer is what was recorded', async () => {
    let now = NOW;
    const { run, read, answered } = at.world({ store: at.meeting(4), clock: { now: () => now++ } });
    const commandId = randomUUID();
    const results = await Promise.all([1, 2, 3, 4].map(() => run(1, { commandId, times: 2 })));
    const stored = await read();
    expect(stored).toHaveLength(2);
    const events = await answered();
    for (const result of results) expect(result).toMatchObject({ events, revision: 1n, position: stored[1]?.position });
    expect(results.map(({ repeated }) => repeated).sort()).toEqual([false, true, true, true]);
  });

  it('sent at once with two bodies is recorded once, and the other is told so', async () => {
    const { run, sums } = at.world({ store: at.meeting(2) });
    const commandId = randomUUID();
    const settled = await Promise.allSettled([run(1, { commandId }), run(2, { commandId })]);
    const stored = await sums();
    expect(stored).toHaveLength(1);
    const answers = settled.map((one) => (one.status === 'fulfilled' ? one.value.events.map((e) => e.data.by) : one.reason.code));
    expect(answers).toEqual(stored[0] === 1 ? [[1], 'idempotency-key-reused'] : ['idempotency-key-reused', [2]]);
  });
});
