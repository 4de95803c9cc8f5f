import { randomUUID } from 'node:crypto';
import { all, type TestEventStore } from '../../test/support/event-store.js';
import type { EventStore } from '../event-store/port.js';
import { type Chained, ChainVerifier } from './chain.js';
import { type CommandContext, type CommandResult, CommandRunner, type CommandRunnerOptions } from './command-runner.js';
import type { BaseFacts, Decider } from './decider.js';
import { illegal } from './errors.js';
import { recorded } from './recorded.js';
import { UpcasterRegistry } from './upcasters.js';

type Add = { readonly type: 'Add'; readonly data: { readonly by: number; readonly times?: number } };
type Added = { readonly type: 'Added'; readonly data: { readonly by: number; readonly now: number } };

/** Adds up to ten; adding nothing changes nothing. */
export const tally: Decider<Add, Added, number, BaseFacts> = {
  aggregate: 'tally',
  initialState: () => 0,
  evolve: (sum, { data }) => sum + data.by,
  decide: ({ data: { by, times = 1 } }, sum, { now }) => {
    if (sum + by * times > 10) throw illegal('full', { params: { sum } });
    return by === 0 ? [] : Array.from({ length: times }, () => ({ type: 'Added' as const, data: { by, now } }));
  },
};

export const NOW = Date.parse('2026-09-30T02:00:00.000Z');
export const upcasters = new UpcasterRegistry();

type Append = EventStore['append'];

export const system = { actor: { id: 'timer', role: 'system' } } as const;

/** Ways to send the runner's commands to a real store, some of them rough. */
export function harness(server: TestEventStore) {
  /** The real store, with something done to its appends. */
  function appending(change: (append: Append) => Append): EventStore {
    const { store } = server;
    return {
      append: change((...given) => store.append(...given)),
      readStream: (...given) => store.readStream(...given),
      readAll: (...given) => store.readAll(...given),
      readAllInPortions: (...given) => store.readAllInPortions(...given),
      followAll: (...given) => store.followAll(...given),
      readMetadata: (...given) => store.readMetadata(...given),
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
    /** As a command answers them: the position of single events is not part of it. */
    const answered = async () => (await read()).map(({ position: _, ...event }) => event);
    const sums = async () => (await read()).map(({ data }) => data.by);
    return { run, read, answered, sums, stream };
  }

  async function expectChained(stream: string): Promise<void> {
    const verifier = new ChainVerifier();
    for (const event of await all(server.store.readStream(stream)))
      expect(verifier.check(event as unknown as Chained)).toBeUndefined();
  }

  return { appending, meeting, counting, world, expectChained };
}
