import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { lockDirectory } from '@huicai/runtime';
import { accessInterceptor } from './security/access.js';
import type { Credentials } from './security/account.js';
import { type Addresses, chooseAddresses } from './security/addresses.js';
import { connectionString } from './security/connection-string.js';
import { denyAnonymous } from './security/deny-anonymous.js';
import { Listener } from './security/listener.js';
import type { CertificateFiles } from './security/own-certificate.js';
import { Security } from './security/security.js';
import { appendHandler } from './services/append.js';
import { batchAppendHandler } from './services/batch-append.js';
import type { ServiceContext } from './services/context.js';
import { deleteHandler, tombstoneHandler } from './services/delete.js';
import { featuresHandler } from './services/features.js';
import { type AdvertisedAddress, gossipHandler } from './services/gossip.js';
import { OpenCalls } from './services/open-calls.js';
import { readHandler } from './services/read.js';
import { EventLog } from './storage/event-log.js';

export interface EmbeddedEventStoreOptions {
  /** Directory of the database; created if missing. One server at a time. */
  dir: string;
  /** Default 127.0.0.1. A loopback address (127.x.x.x, localhost, ::1), or any with TLS and a password. */
  host?: string;
  /** Default 0: the system chooses a free one. */
  port?: number;
  /** Host name or IPv4 address clients dial; default `host`, which must then be one. */
  advertiseHost?: string;
  /** True: with a certificate of an authority of its own, both made in `<dir>/certs` when missing. Default: plaintext. */
  tls?: boolean | CertificateFiles;
  /** The one account of a server with TLS; default `admin`. */
  login?: string;
  /** Its password. On a loopback address the default is the one in `<dir>/admin-password`, made up when missing. */
  password?: string;
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
  /** For `EventStoreDBClient.connectionString`; without credentials. */
  connectionString: string;
  /** The same with the credentials that TLS requires: a secret then. */
  connectionStringWithCredentials: string;
  /** The account that is let in; undefined in plaintext, where everyone is. */
  credentials: Credentials | undefined;
  /** Where the password is kept that was made up because none was given. */
  passwordFile: string | undefined;
  /** Certificate of the authority clients are to trust; undefined in plaintext and where they trust it already. */
  caFile: string | undefined;
  /** Finishes appends in progress, ends other calls, closes the database, frees the directory. */
  stop(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 17 * 1024 * 1024;
/** How long, in milliseconds, connections may take to close before they are cut. */
const CLOSE_GRACE = 1000;

const identity = (bytes: Buffer) => bytes;

/**
 * Starts a server that speaks EventStoreDB's gRPC protocol: in plaintext on a loopback address, where everyone is its
 * administrator; or with TLS, for those who know its account.
 * @throws ListenError for a host it must not or can not listen on and a port in use, SecurityError for a certificate or
 * password that will not do, DirectoryInUseError if another server uses the directory, StorageFormatError or
 * DamagedRecordError if what is stored there can not be read
 */
export async function startEmbeddedEventStore(options: EmbeddedEventStoreOptions): Promise<EmbeddedEventStore> {
  const { dir, tls = false, advertiseHost } = options;
  const host = options.host ?? '127.0.0.1';
  const addresses = chooseAddresses({ host, advertiseHost, tls: tls !== false, password: options.password !== undefined });
  // Its asynchronous sister tells ENOENT where the disk is full.
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(join(dir, 'server.lock'), `The event store directory ${dir}`);
  try {
    const security = tls ? await Security.open({ ...options, dir, tls, addresses }, Date.now()) : undefined;
    const log = await EventLog.open(dir, { onFatal: options.onFatal ?? warn });
    try {
      return await serve(log, unlock, addresses, security, options);
    } catch (error) {
      await log.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

async function serve(
  log: EventLog,
  unlock: () => void,
  addresses: Addresses,
  security: Security | undefined,
  options: EmbeddedEventStoreOptions,
): Promise<EmbeddedEventStore> {
  const calls = new OpenCalls();
  const report = options.onError ?? warn;
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    // Finds out connections whose client is gone, or that broke the protocol: nothing else would end those.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 20_000,
    interceptors: security ? [accessInterceptor(security.account)] : [],
  });
  const context: ServiceContext = { log, calls, now: Date.now, report };
  // Clients of a fixed port may come while its other address is still being bound.
  let port = options.port ?? 0;
  addServices(server, context, security !== undefined, () => ({ host: addresses.advertised, port }));
  // Encryption ends before grpc-js: so it can be given a new certificate, and every connection, also one that never
  // completes its handshake, is known here and can be ended.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = await Listener.open({
    host: addresses.host,
    port,
    keyPair: security?.certificate,
    accept: (socket) => injector.injectConnection(socket),
    onError: report,
  });
  port = listener.port;
  const stopRefreshing = security?.keepFresh((certificate) => listener.useKeyPair(certificate), report);
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    stopRefreshing?.();
    listener.stopAccepting();
    calls.stopAll();
    // Appends already received are answered; a failed commit has been answered by each of them.
    await log.settled().catch(() => undefined);
    try {
      await shutDown(server);
      await listener.close();
      await log.close();
    } finally {
      unlock();
    }
  };
  const dialled = { host: addresses.advertised, port, tls: security !== undefined };
  const caFile = security?.certificate.caFile;
  const credentials = security?.credentials;
  return {
    port,
    connectionString: connectionString({ ...dialled, caFile }),
    connectionStringWithCredentials: connectionString({ ...dialled, caFile, credentials }),
    credentials,
    passwordFile: security?.passwordFile,
    caFile,
    stop: () => (stopping ??= stop()),
  };
}

/** Requests and answers of the hot paths are decoded and encoded by this library instead of google-protobuf. */
function addServices(server: Server, context: ServiceContext, secured: boolean, address: () => AdvertisedAddress): void {
  const { read, append, batchAppend, delete: remove, tombstone } = StreamsService;
  server.addService(
    {
      read: { ...read, responseSerialize: identity },
      append: { ...append, requestDeserialize: identity, responseSerialize: identity },
      batchAppend: { ...batchAppend, requestDeserialize: identity, responseSerialize: identity },
      delete: { ...remove, requestDeserialize: identity },
      tombstone: { ...tombstone, requestDeserialize: identity },
    },
    {
      read: readHandler(context),
      append: appendHandler(context),
      batchAppend: secured ? denyAnonymous(context, batchAppendHandler(context)) : batchAppendHandler(context),
      delete: deleteHandler(context),
      tombstone: tombstoneHandler(context),
    },
  );
  server.addService(GossipService, { read: gossipHandler(context.log.nodeId, address, context.now) });
  const served = [StreamsService, GossipService, ServerFeaturesService].flatMap((service) => Object.values(service));
  server.addService(ServerFeaturesService, { getSupportedMethods: featuresHandler(served.map((method) => method.path)) });
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? (error.stack ?? error.message) : String(error));
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
