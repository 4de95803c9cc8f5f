import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedEventStore, startEmbeddedEventStore } from '@huicai/embedded-eventstore';
import { connectEventStore, type EventStore, type EventStoreDbOptions } from '@huicai/event-store';

/** An embedded event store of a test's own, with a client connected to it. */
export interface TestEventStore {
  readonly store: EventStore;
  readonly connectionString: string;
  /** Stops the server; the client stays. */
  stop(): Promise<void>;
  /** Starts the server again, on the same port and directory. */
  start(): Promise<void>;
  /** Ends client and server and removes the directory. */
  close(): Promise<void>;
}

/** Starts an empty store in a temporary directory. @throws ListenError */
export async function createTestEventStore(options: EventStoreDbOptions = {}): Promise<TestEventStore> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-test-eventstore-'));
  let server: EmbeddedEventStore | undefined = await startEmbeddedEventStore({ dir });
  const { port, connectionString } = server;
  const store = connectEventStore(connectionString, options);
  const stop = async () => {
    await server?.stop();
    server = undefined;
  };
  return {
    store,
    connectionString,
    stop,
    start: async () => {
      server ??= await startEmbeddedEventStore({ dir, port });
    },
    close: async () => {
      await store.close();
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What a stream, or anything else that is iterated, holds. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
