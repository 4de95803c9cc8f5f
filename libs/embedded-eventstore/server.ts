import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { lockDirectory } from '@huicai/runtime';
import { appendHandler } from './services/append.js';
import { batchAppendHandler } from './services/batch-append.js';
import type { ServiceContext } from './services/context.js';
import { deleteHandler, tombstoneHandler } from './services/delete.js';
import { featuresHandler } from './services/features.js';
import { gossipHandler } from './services/gossip.js';
import { OpenCalls } from './services/open-calls.js';
import { readHandler } from './services/read.js';
import { EventLog } from './storage/event-log.js';

export interface EmbeddedEventStoreOptions {
  /** Directory of the database; created if missing. One server at a time. */
  dir: string;
  /** IPv4 loopback address or `localhost`; default 127.0.0.1. */
  host?: string;
  /** Default 0: the system chooses a free one. */
  port?: number;
  /** Errors of the server itself; never event data. Default: a process warning. */
  onError?(error: unknown): void;
  /**
   * Called once if a commit fails. The server refuses every write from then on, and the process should exit: only a
   * restart makes it agree with what is on disk. Default: a process warning.
   */
  onFatal?(cause: Error): void;
}

export interface EmbeddedEventStore {
  port: number;
  /** For `EventStoreDBClient.connectionString`. */
  connectionString: string;
  /** Finishes appends in progress, ends other calls, closes the database, frees the directory. */
  stop(): Promise<void>;
}

/** Thrown when the server is asked to listen where it must not or can not. */
export class ListenError extends Error {}

const MAX_MESSAGE_BYTES = 17 * 1024 * 1024;
/** How long, in milliseconds, connections may take to close before they are cut. */
const CLOSE_GRACE = 1000;

const identity = (bytes: Buffer) => bytes;

/**
 * Starts a server that speaks EventStoreDB's gRPC protocol, in plaintext, on a loopback address.
 * @throws ListenError for another host or a port in use, DirectoryInUseError if another server uses the directory,
 * StorageFormatError or DamagedRecordError if what is stored there can not be read
 */
export async function startEmbeddedEventStore(options: EmbeddedEventStoreOptions): Promise<EmbeddedEventStore> {
  const host = options.host ?? '127.0.0.1';
  assertLoopback(host);
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(join(options.dir, 'server.lock'), `The event store directory ${options.dir}`);
  try {
    const log = await EventLog.open(options.dir, { onFatal: options.onFatal ?? warn });
    try {
      return await listen(log, unlock, host, options);
    } catch (error) {
      await log.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

async function listen(
  log: EventLog,
  unlock: () => void,
  host: string,
  options: EmbeddedEventStoreOptions,
): Promise<EmbeddedEventStore> {
  const calls = new OpenCalls();
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
  });
  let port = options.port ?? 0;
  const context: ServiceContext = { log, calls, now: Date.now, report: options.onError ?? warn };
  addServices(server, context, () => ({ host, port }));
  port = await bind(server, host, port);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    calls.stopAll();
    // Appends already received are answered; a failed commit has been answered by each of them.
    await log.settled().catch(() => undefined);
    try {
      await shutDown(server);
      await log.close();
    } finally {
      unlock();
    }
  };
  return {
    port,
    connectionString: `esdb://${host}:${port}?tls=false`,
    stop: () => (stopping ??= stop()),
  };
}

/** Requests of the hot paths are decoded, and answers of reads encoded, by this library instead of google-protobuf. */
function addServices(server: Server, context: ServiceContext, address: () => { host: string; port: number }): void {
  const { read, append, batchAppend, delete: remove, tombstone } = StreamsService;
  server.addService(
    {
      read: { ...read, responseSerialize: identity },
      append: { ...append, requestDeserialize: identity },
      batchAppend: { ...batchAppend, requestDeserialize: identity },
      delete: { ...remove, requestDeserialize: identity },
      tombstone: { ...tombstone, requestDeserialize: identity },
    },
    {
      read: readHandler(context),
      append: appendHandler(context),
      batchAppend: batchAppendHandler(context),
      delete: deleteHandler(context),
      tombstone: tombstoneHandler(context),
    },
  );
  server.addService(GossipService, { read: gossipHandler(context.log.nodeId, address, context.now) });
  const served = [StreamsService, GossipService, ServerFeaturesService].flatMap((service) => Object.values(service));
  server.addService(ServerFeaturesService, { getSupportedMethods: featuresHandler(served.map((method) => method.path)) });
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** Other machines would read and write everything: there is neither encryption nor authentication. */
function assertLoopback(host: string): void {
  if (host === 'localhost' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)) return;
  throw new ListenError(`the embedded event store listens on an IPv4 loopback address only, not on ${host}`);
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(new ListenError(`can not listen on ${host}:${port}: ${error.message}`, { cause: error }));
      else resolve(bound);
    });
  });
}

async function shutDown(server: Server): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const closed = new Promise<boolean>((resolve) => server.tryShutdown(() => resolve(true)));
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CLOSE_GRACE);
  });
  if (!(await Promise.race([closed, expired]))) server.forceShutdown();
  clearTimeout(timer);
}
