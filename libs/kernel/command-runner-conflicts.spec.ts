import { randomUUID } from 'node:crypto';
import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import type { NewEvent } from '../event-store/port.js';
import { harness, NOW, system, tally, upcasters } from './command-runner.fixture.js';
import { CommandRunner } from './command-runner.js';
import { refusalFrom } from './spec-dsl.js';

let server: TestEventStore;
let at: ReturnType<typeof harness>;
beforeAll(async () => {
  server = await createTestEventStore({ appendTimeoutMs: 2_000 });
  at = harness(server);
});
afterAll(() => server.close());

describe('commands at the same time', () => {
  it('both succeed when both are legal', async () => {
    const { run, sums, stream } = at.world({ store: at.meeting(2) });
    const results = await Promise.all([run(1), run(2)]);
    expect(new Set(results.map(({ revision }) => revision))).toEqual(new Set([0n, 1n]));
    expect(new Set(await sums())).toEqual(new Set([1, 2]));
    expect(await sums()).toHaveLength(2);
    await at.expectChained(stream);
  });

  it('decide again on what the other did', async () => {
    const { run, sums } = at.world({ store: at.meeting(2) });
    const settled = await Promise.allSettled([run(6), run(7)]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = settled.find((one) => one.status === 'rejected')!;
    expect(refused.reason).toMatchObject({ code: 'full' });
    expect(await sums()).toHaveLength(1);
  });

  it('keep one chain whatever the crowd', async () => {
    const { run, read, stream } = at.world({ conflictRetries: 50 });
    await Promise.all(Array.from({ length: 10 }, () => run(1)));
    expect((await read()).map(({ revision }) => revision)).toEqual(Array.from({ length: 10 }, (_, n) => BigInt(n)));
    await at.expectChained(stream);
  });

  it('give up as a conflict when others are always first', async () => {
    let attempts = 0;
    const store = at.appending((append) => async (stream, expected, events) => {
      attempts++;
      const [ours] = events as [NewEvent];
      await append(stream, expected, [{ ...ours, id: randomUUID(), metadata: { ...ours.metadata, commandId: randomUUID() } }]);
      return append(stream, expected, events);
    });
    const { run } = at.world({ store });
    expect(await refusalFrom(run(1))).toMatchObject({ kind: 'conflict', code: 'conflict', details: { params: { attempts: 4 } } });
    expect(attempts).toBe(4);
  });

  it('ask for their facts again after every conflict', async () => {
    const asked: number[] = [];
    const store = at.meeting(2);
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
    const { run } = at.world();
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
    const { run } = at.world();
    await run(1);
    await run(1, system);
    await run(1, system);
    expect(await run(1, { ifMatch: 0n })).toMatchObject({ revision: 3n });
    expect(await refusalFrom(run(1, { ifMatch: 2n }))).toMatchObject({ code: 'stale-version' });
  });

  it('of a stream that does not exist is stale', async () => {
    const { run } = at.world();
    expect(await refusalFrom(run(1, { ifMatch: 0n }))).toMatchObject({
      code: 'stale-version',
      details: { extra: { currentVersion: '-1' } },
    });
  });

  it('is asked again after a conflict', async () => {
    const { run, sums } = at.world({ store: at.meeting(2) });
    const settled = await Promise.allSettled([run(1, { ifMatch: -1n }), run(2, { ifMatch: -1n })]);
    const refused = settled.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'stale-version' });
    expect(await sums()).toHaveLength(1);
  });
});
