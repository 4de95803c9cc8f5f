import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedEventStore, type EmbeddedEventStoreOptions, startEmbeddedEventStore } from '@huicai/embedded-eventstore';
import { type ConnectedEventStore, connectEventStore, type EventStoreDbOptions } from '@huicai/event-store';

/** An embedded event store of a test's own, with a client connected to it. */
export interface TestEventStore {
  readonly store: ConnectedEventStore;
  /** With the credentials in it when the server asks for them. */
  readonly connectionString: string;
  /** Of a server with TLS: its authority's certificate. */
  readonly caFile: string | undefined;
  /** Stops the server; the client stays. */
  stop(): Promise<void>;
  /** Starts the server again, on the same port and directory. */
  start(): Promise<void>;
  /** Ends client and server and removes the directory. */
  close(): Promise<void>;
}

/** Starts an empty store in a temporary directory, in plaintext unless `security` says otherwise. @throws ListenError */
export async function createTestEventStore(
  options: EventStoreDbOptions = {},
  security: Pick<EmbeddedEventStoreOptions, 'tls' | 'login' | 'password'> = {},
): Promise<TestEventStore> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-test-eventstore-'));
  let server: EmbeddedEventStore | undefined = await startEmbeddedEventStore({ dir, ...security });
  const { port, connectionStringWithCredentials: connectionString, caFile } = server;
  const store = connectEventStore(connectionString, options);
  const stop = async () => {
    await server?.stop();
    server = undefined;
  };
  return {
    store,
    connectionString,
    caFile,
    stop,
    start: async () => {
      server ??= await startEmbeddedEventStore({ dir, port, ...security });
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
