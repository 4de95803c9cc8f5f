// A process that lives through every fault of a server and tells what became of each call, and of itself.
// Arguments: "bare" for the client as it is, "adapter" for the port on top of it.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent, NO_STREAM, streamNameFilter } from '@eventstore/db-client';
import { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { AppendResp, BatchAppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { connectEventStore } from './index.js';
import { type FaultyServer, type Script, startFaultyServer } from './testing/faulty-server.js';
import { appended, checkpoint, confirmation, events, identifier, recordedEvent } from './testing/messages.js';

export interface Told {
  /** Of each scenario's calls: `value: ...`, `error: ...`, or `pending` when nothing came of it. */
  readonly outcomes: Readonly<Record<string, readonly string[]>>;
  readonly uncaught: readonly string[];
  readonly unhandled: readonly string[];
}

/** Much longer than any time-out here. */
const PENDING_MS = { bare: 1_000, adapter: 20_000 };
const LIMITS = { appendTimeoutMs: 1_500, readIdleMs: 1_500, maxRetryMs: 20, watchMs: 0 };

/** What a scenario can do in either of the two ways. */
interface Way {
  append(server: FaultyServer, data?: object, connectionString?: string): Promise<unknown>;
  read(server: FaultyServer, connectionString?: string): Promise<unknown>;
  /** Gives the first two positions. */
  follow(server: FaultyServer): Promise<unknown>;
}

const servers: FaultyServer[] = [];
const serve = async (script: Script): Promise<FaultyServer> => {
  const server = await startFaultyServer(script);
  servers.push(server);
  return server;
};

function adapter(): Way {
  const stores = new Map<string, ReturnType<typeof connectEventStore>>();
  const on = ({ connectionString: single }: FaultyServer, connectionString = single) => {
    const known = stores.get(connectionString) ?? connectEventStore(connectionString, LIMITS);
    stores.set(connectionString, known);
    return known;
  };
  return {
    append: async (server, data = {}, connectionString?: string) => {
      const result = await on(server, connectionString).append('s-1', 'no_stream', [
        { id: randomUUID(), type: 'T', data, metadata: {} },
      ]);
      return result.outcome;
    },
    read: async (server, connectionString?: string) => {
      let count = 0;
      for await (const _ of on(server, connectionString).readStream('told-1')) count++;
      return count;
    },
    follow: async (server) => {
      const seen: bigint[] = [];
      const stumble = () => {
        throw new Error('stumbles');
      };
      for await (const { position } of on(server).followAll({ signal: new AbortController().signal, onState: stumble }))
        if (seen.push(position) === 2) break;
      return seen.join();
    },
  };
}

function bare(credentials?: { username: string; password: string }): Way {
  const clients = new Map<string, EventStoreDBClient>();
  const on = ({ connectionString: single }: FaultyServer, connectionString = single) => {
    const known = clients.get(connectionString) ?? EventStoreDBClient.connectionString(connectionString);
    clients.set(connectionString, known);
    return known;
  };
  return {
    append: async (server, data = {}, connectionString?: string) => {
      const options = { expectedRevision: NO_STREAM, ...(credentials ? { credentials } : {}) } as const;
      await on(server, connectionString).appendToStream('s-1', jsonEvent({ type: 'T', data: data as never }), options);
      return 'appended';
    },
    read: async (server, connectionString?: string) => {
      let count = 0;
      for await (const _ of on(server, connectionString).readStream('told-1')) count++;
      return count;
    },
    follow: async (server) => {
      const seen: (bigint | undefined)[] = [];
      const subscription = on(server).subscribeToAll({
        filter: streamNameFilter({
          prefixes: [''],
          checkpointReached: () => {
            throw new Error('stumbles');
          },
        }),
      });
      for await (const { event: found } of subscription) if (seen.push(found?.position?.commit) === 2) break;
      return seen.join();
    },
  };
}

async function outcomeOf(call: Promise<unknown>, pendingMs: number): Promise<string> {
  const said = call.then(
    (value) => `value: ${String(value)}`,
    (error: unknown) => `error: ${error instanceof Error ? error.constructor.name : String(error)}`,
  );
  return Promise.race([said, delay(pendingMs, 'pending', { ref: false })]);
}

function nameless(position: bigint): ReadResp {
  const event = recordedEvent({ position });
  event.clearStreamIdentifier();
  return new ReadResp().setEvent(new ReadResp.ReadEvent().setEvent(event));
}

const batchSuccess = (correlation: string): BatchAppendResp => {
  const success = new BatchAppendResp.Success().setCurrentRevision('0');
  return new BatchAppendResp()
    .setCorrelationId(new UUID().setString(correlation))
    .setStreamIdentifier(identifier('s-1'))
    .setSuccess(success);
};

/** Confirms and gives two events, whatever the first life of the subscription was like. */
const afterwards = (first: Script['read']): Script => {
  let lives = 0;
  return { read: (call) => (lives++ === 0 ? first?.(call) : call.send(confirmation(), ...events(1, 2))) };
};

interface Scenario {
  /** Of the client's two ways to append, the one that its default is not. */
  readonly unary?: boolean;
  /** About the client's batch path, which is one for the whole process. */
  readonly batch?: boolean;
  readonly play: (way: Way) => Promise<readonly Promise<unknown>[]>;
}

export const SCENARIOS = {
  'a read gives an event without its stream': {
    play: async (way: Way) => [way.read(await serve({ read: (call) => call.send(nameless(1n)) }))],
  },
  'a subscription gives an event without its stream': {
    play: async (way: Way) => [way.follow(await serve(afterwards((call) => call.send(confirmation(), nameless(1n)))))],
  },
  'a deleted stream is not named': {
    play: async (way: Way) => [
      way.read(await serve({ read: (call) => call.fail(9, 'deleted', { exception: 'stream-deleted' }) })),
    ],
  },
  'a leader is not named to a reader': {
    play: async (way: Way) => [way.read(await serve({ read: (call) => call.fail(5, 'elsewhere', { exception: 'not-leader' }) }))],
  },
  'a leader is not named to a writer': {
    unary: true,
    play: async (way: Way) => [
      way.append(await serve({ append: (call) => call.fail(5, 'elsewhere', { exception: 'not-leader' }) })),
    ],
  },
  'a conflict without numbers': {
    unary: true,
    play: async (way: Way) => [
      way.append(await serve({ append: (call) => call.fail(9, 'conflict', { exception: 'wrong-expected-version' }) })),
    ],
  },
  'a read is cancelled in the words of the client': {
    play: async (way: Way) => [way.read(await serve({ read: (call) => call.fail(1, 'Cancelled on client') }))],
  },
  'an observer throws': {
    play: async (way: Way) => [
      way.follow(await serve({ read: (call) => call.send(confirmation(), checkpoint(9n), ...events(1, 2)) })),
    ],
  },
  'an event is not JSON': {
    unary: true,
    play: async (way: Way) => {
      const circular: Record<string, unknown> = {};
      circular.itself = circular;
      return [way.append(await serve({ append: (call) => call.answer(appended(0n)) }), circular)];
    },
  },
  'an answer says nothing': {
    unary: true,
    play: async (way: Way) => [way.append(await serve({ append: (call) => call.answer(new AppendResp()) }))],
  },
  'an append is answered after its time': {
    unary: true,
    play: async (way: Way) => [way.append(await serve({ append: (call) => setTimeout(() => call.answer(appended(0n)), 2_500) }))],
  },
  'an append is never answered': { unary: true, play: async (way: Way) => [way.append(await serve({}))] },
  'a stream of appends is closed as if all were well': {
    batch: true,
    play: async (way: Way) => [
      way.append(await serve({ append: (call) => call.reset(0), batchAppend: (call) => call.on('data', () => call.end()) })),
    ],
  },
  'an answer names an append that nobody made': {
    batch: true,
    play: async (way: Way) => [
      way.append(
        await serve({
          append: (call) => call.answer(appended(0n)),
          batchAppend: (call) => call.on('data', () => call.write(batchSuccess(randomUUID()))),
        }),
      ),
    ],
  },
  'the stream of appends to another store breaks while an append waits': {
    batch: true,
    play: async (way: Way) => {
      const waiting = await serve({
        append: (call) => setTimeout(() => call.answer(appended(0n)), 100),
        batchAppend: (call) =>
          call.on('data', (request) => setTimeout(() => call.write(batchSuccess(request.getCorrelationId()!.getString())), 100)),
      });
      const breaking = await serve({
        append: (call) => call.reset(2),
        batchAppend: (call) => call.on('data', () => call.emit('error', Object.assign(new Error('broken'), { code: 14 }))),
      });
      const waits = way.append(waiting);
      waits.catch(() => undefined);
      await delay(30);
      return [waits, way.append(breaking)];
    },
  },
  'no leader is found while another call fails': {
    play: async (way: Way) => {
      const server = await serve({ read: () => undefined });
      const [first, second] = [way.read(server, server.clusterString), way.read(server, server.clusterString)];
      for (const call of [first, second]) call.catch(() => undefined);
      for (let i = 0; i < 500 && server.reads.length < 2; i++) await delay(10);
      server.script = { isLeaderless: true };
      server.reads[0]?.fail(14, 'gone');
      await first.catch(() => undefined);
      const searching = way.append(server, {}, server.clusterString);
      searching.catch(() => undefined);
      await delay(10);
      server.reads[1]?.fail(14, 'gone too');
      return [first, second, searching];
    },
  },
  'a connection breaks under everything at once': {
    play: async (way: Way) => {
      const server = await serve({ read: (call) => call.send(confirmation(), ...events(1)) });
      setTimeout(() => server.dropConnections(), 100);
      server.script = { ...server.script, append: () => undefined };
      return [way.read(server), way.append(server), way.read(server)];
    },
  },
} as const satisfies Record<string, Scenario>;

async function main(kind: 'bare' | 'adapter'): Promise<void> {
  const outcomes: Record<string, readonly string[]> = {};
  const uncaught: string[] = [];
  const unhandled: string[] = [];
  const named = (error: unknown) => (error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error));
  process.on('uncaughtException', (error) => void uncaught.push(named(error)));
  process.on('unhandledRejection', (error) => void unhandled.push(named(error)));
  const play = async ([name, { unary, play: scenario }]: [string, Scenario]) => {
    // Credentials with the call make the client take its unary path.
    const way = kind === 'adapter' ? adapter() : bare(unary ? { username: 'u', password: 'p' } : undefined);
    const calls = await scenario(way);
    outcomes[name] = await Promise.all(calls.map((call) => outcomeOf(call, PENDING_MS[kind])));
  };
  const scenarios = Object.entries<Scenario>(SCENARIOS);
  // What one does to the batch path of the client, all others would feel.
  for (const scenario of scenarios.filter(([, { batch }]) => batch)) await play(scenario);
  await Promise.all(scenarios.filter(([, { batch }]) => !batch).map(play));
  await delay(100);
  process.send?.({ outcomes, uncaught, unhandled } satisfies Told);
  process.exit(0);
}

if (require.main === module) void main(process.argv[2] as 'bare' | 'adapter');
