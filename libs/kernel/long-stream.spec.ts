import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createTestEventStore, type TestEventStore } from '../../test/support/event-store.js';
import type { NewEvent } from '../event-store/port.js';
import { canonical } from './canonical.js';
import { NOW } from './command-runner.fixture.js';
import { CommandRunner } from './command-runner.js';
import type { BaseFacts, Decider } from './decider.js';
import { FoldedStream } from './folded-stream.js';
import { UpcasterRegistry } from './upcasters.js';

const LENGTH = 10_000;
const PAYLOAD = 'x'.repeat(2_000);
const MIB = 1024 * 1024;

const collect = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

type Note = { readonly type: 'Note'; readonly data: { readonly text: string } };
type Noted = { readonly type: 'Noted'; readonly data: { readonly text: string } };

const upcasters = new UpcasterRegistry();
const stream = `notes-${randomUUID()}`;
let server: TestEventStore;
beforeAll(async () => {
  server = await createTestEventStore();
  for (let from = 0; from < LENGTH; from += 100) {
    const events = Array.from(
      { length: 100 },
      (): NewEvent => ({
        id: randomUUID(),
        type: 'Noted',
        data: { text: PAYLOAD },
        // Only what loading reads; the chain is another suite's.
        metadata: canonical({
          actor: { id: 'user-1', role: 'window' },
          chain: { alg: 'none', prev: '', hash: '' },
          occurredAt: new Date(NOW).toISOString(),
          schemaVersion: 1,
        }),
      }),
    );
    await server.store.append(stream, from === 0 ? 'no_stream' : BigInt(from - 1), events);
  }
}, 60_000);
afterAll(() => server.close());

/** Counts events and the most memory held at any thousandth of them, above what was held before. */
function counter() {
  collect();
  const before = process.memoryUsage().heapUsed;
  const seen = { events: 0, peak: 0 };
  const count = () => {
    seen.events++;
    if (seen.events % 1_000 !== 0) return;
    collect();
    seen.peak = Math.max(seen.peak, process.memoryUsage().heapUsed - before);
  };
  return { seen, count };
}

describe(`a stream of ${LENGTH.toLocaleString('en')} events (20 MB)`, () => {
  // What the client buffers between server and fold is counted too.
  const BOUND = 8 * MIB;

  it('is loaded for a command without being held', async () => {
    const { seen, count } = counter();
    const decider: Decider<Note, Noted, number, BaseFacts> = {
      aggregate: 'notes',
      initialState: () => 0,
      evolve: (notes) => {
        count();
        return notes + 1;
      },
      decide: ({ data }) => [{ type: 'Noted', data }],
    };
    const runner = new CommandRunner({ store: server.store, clock: { now: () => NOW }, upcasters, sameCommand: () => true });
    const result = await runner.run(
      decider,
      stream,
      { type: 'Note', data: { text: 'last' } },
      {
        commandId: randomUUID(),
        commandHash: { k: 'key-1', v: 'note' },
        actor: { id: 'user-1', role: 'window' },
        correlationId: 'correlation-1',
      },
      (_, base) => base,
    );
    expect(result.revision).toBe(BigInt(LENGTH));
    expect(seen.events).toBe(LENGTH);
    expect(seen.peak).toBeLessThan(BOUND);
  }, 30_000);

  it('is folded into facts without being held', async () => {
    const { seen, count } = counter();
    const folded = new FoldedStream(
      server.store,
      stream,
      0,
      (notes) => {
        count();
        return notes + 1;
      },
      upcasters,
    );
    expect(await folded.current()).toBe(LENGTH + 1);
    expect(seen.peak).toBeLessThan(BOUND);
  }, 30_000);
});
