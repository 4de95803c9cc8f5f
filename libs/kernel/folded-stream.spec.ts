import { randomUUID } from 'node:crypto';
import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import type { EventStore, ReadStreamOptions, StoredEvent } from '../event-store/port.js';
import { FoldedStream } from './folded-stream.js';
import { UpcasterRegistry } from './upcasters.js';

const upcasters = new UpcasterRegistry();
const metadata = { chain: {}, actor: { id: 'u', role: 'system' }, occurredAt: '2026-09-30T02:00:00.000Z', schemaVersion: 1 };
const event = (n: number) => ({ id: randomUUID(), type: 'Counted', data: { n }, metadata });

let server: TestEventStore;
beforeAll(async () => {
  server = await createTestEventStore();
});
afterAll(() => server.close());

const folded = (stream: string, store: Pick<EventStore, 'readStream'> = server.store) =>
  new FoldedStream<number[]>(store, stream, [], (seen, { data }) => [...seen, (data as { n: number }).n], upcasters);

function stream() {
  const name = `folded-${randomUUID()}`;
  let next = 0;
  const write = async () => {
    const result = await server.store.append(name, next === 0 ? 'no_stream' : BigInt(next - 1), [event(next)]);
    expect(result.outcome).toBe('appended');
    return next++;
  };
  return { name, write };
}

describe('a folded stream', () => {
  it('is its initial state while nothing is there, and holds every event after', async () => {
    const { name, write } = stream();
    const fold = folded(name);
    expect(await fold.current()).toEqual([]);
    await write();
    expect(await fold.current()).toEqual([0]);
    await write();
    await write();
    expect(await fold.current()).toEqual([0, 1, 2]);
    expect(await fold.current()).toEqual([0, 1, 2]);
  });

  it('reads only what is new', async () => {
    const { name, write } = stream();
    const asked: (bigint | undefined)[] = [];
    const fold = folded(name, {
      readStream: (of, options) => {
        asked.push(options?.from);
        return server.store.readStream(of, options);
      },
    });
    await fold.current();
    await write();
    await write();
    await fold.current();
    await fold.current();
    expect(asked).toEqual([0n, 0n, 2n]);
  });

  it('is never older than the question, however many ask at once while it is written', async () => {
    const { name, write } = stream();
    const fold = folded(name);
    let written = -1;
    const asking: Promise<void>[] = [];
    const ask = async () => {
      const before = written;
      const seen = await fold.current();
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, n) => n));
      expect(seen.length).toBeGreaterThan(before);
    };
    for (let i = 0; i < 60; i++) {
      for (let asker = 0; asker < 5; asker++) asking.push(ask());
      written = await write();
      asking.push(ask());
    }
    await Promise.all(asking);
    expect(await fold.current()).toHaveLength(60);
  });

  it('lets a question that comes during a read wait for a read of its own', async () => {
    const { name, write } = stream();
    await write();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reads = 0;
    // The first read sees the stream as it is now and then takes its time.
    async function* slow(of: string, options?: ReadStreamOptions): AsyncGenerator<StoredEvent> {
      const found: StoredEvent[] = [];
      for await (const one of server.store.readStream(of, options)) found.push(one);
      if (reads++ === 0) await held;
      yield* found;
    }
    const fold = folded(name, { readStream: slow });
    const first = fold.current();
    while (reads === 0) await new Promise((resolve) => setImmediate(resolve));
    await write();
    const later = [fold.current(), fold.current(), fold.current()];
    release();
    expect((await first).length).toBeGreaterThanOrEqual(1);
    expect(await Promise.all(later)).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    // One read for the first question, one for the three that came during it.
    expect(reads).toBe(2);
  });

  it('fails those who asked when a read fails, and goes on afterwards without losing or doubling anything', async () => {
    const { name, write } = stream();
    await write();
    await write();
    let failures = 1;
    async function* failing(of: string, options?: ReadStreamOptions): AsyncGenerator<StoredEvent> {
      for await (const one of server.store.readStream(of, options)) {
        yield one;
        if (failures-- > 0) throw new Error('the line went dead');
      }
    }
    const fold = folded(name, { readStream: failing });
    const [a, b] = await Promise.allSettled([fold.current(), fold.current()]);
    expect([a.status, b.status]).toEqual(['rejected', 'rejected']);
    expect(await fold.current()).toEqual([0, 1]);
  });
});
