import { randomUUID } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ClusterInfo, EndPoint, MemberInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { SupportedMethod, SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient, StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import {
  type AppendReq,
  type AppendResp,
  type BatchAppendReq,
  type BatchAppendResp,
  ReadReq,
  type ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import {
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';

/** An append that has arrived as a whole. */
export interface AppendCall {
  readonly requests: readonly AppendReq[];
  readonly stream: string;
  /** Undefined when anything was expected. */
  readonly expected: bigint | 'no_stream' | undefined;
  readonly ids: readonly string[];
  readonly authorization: string | undefined;
  answer(response: AppendResp): void;
  fail(code: number, details: string, trailers?: Readonly<Record<string, string>>): void;
  /** Ends the call's HTTP/2 stream with an error code. */
  reset(code: number): void;
}

export interface ReadCall {
  readonly request: ReadReq.Options;
  readonly isSubscription: boolean;
  /** The position of $all that was asked for; undefined for start and end. */
  readonly after: bigint | undefined;
  readonly isCancelled: boolean;
  readonly authorization: string | undefined;
  /** False when the connection takes no more; see {@link drained}. A buffer is sent as it is. */
  send(...messages: readonly (ReadResp | Buffer)[]): boolean;
  /** The connection takes more, or the call is over. */
  drained(): Promise<void>;
  /** Ends it as if all were well. */
  end(): void;
  fail(code: number, details: string, trailers?: Readonly<Record<string, string>>): void;
  reset(code: number): void;
}

/** What the server does with each kind of call; what is left out is never answered. */
export interface Script {
  append?(call: AppendCall): unknown;
  batchAppend?(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): unknown;
  read?(call: ReadCall): unknown;
  /** Names no leader of the cluster, of which it is the only node otherwise. */
  isLeaderless?: boolean;
}

/** A server that speaks EventStoreDB's protocol as badly as it is told to. */
export interface FaultyServer {
  readonly port: number;
  readonly connectionString: string;
  /** Of a cluster whose every node it is. */
  readonly clusterString: string;
  /** Replaced by a test whenever it likes. */
  script: Script;
  readonly appends: AppendCall[];
  readonly reads: ReadCall[];
  /** Connections that are open. */
  readonly connections: number;
  /** Cuts every connection as a failing line does. */
  dropConnections(): void;
  close(): Promise<void>;
}

type Failing = { emit(event: 'error', error: object): boolean };

const failed = (code: number, details: string, trailers: Readonly<Record<string, string>> = {}) => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
};

/** grpc-js has no public way to reset a stream. */
const reset = (call: object, code: number) =>
  (call as { call: { stream: { close(code: number): void } } }).call.stream.close(code);

const authorizationOf = ({ metadata }: { metadata: Metadata }) => metadata.get('authorization')[0]?.toString();

export async function startFaultyServer(script: Script = {}): Promise<FaultyServer> {
  const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  const sockets = new Set<Socket>();
  const { read, append, batchAppend } = StreamsService;
  const serialize = (message: ReadResp | Buffer) => (Buffer.isBuffer(message) ? message : Buffer.from(message.serializeBinary()));
  server.addService(
    { read: { ...read, responseSerialize: serialize }, append, batchAppend },
    {
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => {
        const made = readCall(call);
        faulty.reads.push(made);
        faulty.script.read?.(made);
      },
      append: async (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) => {
        const made = await appendCall(call, answer).catch(() => undefined);
        if (!made) return;
        faulty.appends.push(made);
        faulty.script.append?.(made);
      },
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => {
        call.on('error', () => undefined);
        faulty.script.batchAppend?.(call);
      },
    },
  );
  server.addService(ServerFeaturesService, {
    getSupportedMethods: (_call: unknown, answer: sendUnaryData<SupportedMethods>) => answer(null, supported()),
  });
  server.addService(GossipService, {
    read: (_call: unknown, answer: sendUnaryData<ClusterInfo>) =>
      answer(null, cluster(faulty.script.isLeaderless ? undefined : port)),
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  const faulty: FaultyServer = {
    port,
    connectionString: `esdb://127.0.0.1:${port}?tls=false`,
    clusterString: `esdb://127.0.0.1:${port},127.0.0.1:${port}?tls=false&maxDiscoverAttempts=3&discoveryInterval=20`,
    script,
    appends: [],
    reads: [],
    get connections() {
      return sockets.size;
    },
    dropConnections,
    close: async () => {
      const closed = once(listener, 'close');
      listener.close();
      dropConnections();
      await closed;
      injector.destroy();
      server.forceShutdown();
    },
  };
  return faulty;
}

function cluster(leaderPort: number | undefined): ClusterInfo {
  if (leaderPort === undefined) return new ClusterInfo();
  const leader = new MemberInfo()
    .setState(MemberInfo.VNodeState.LEADER)
    .setIsAlive(true)
    .setTimeStamp('0')
    .setInstanceId(new UUID().setString(randomUUID()))
    .setHttpEndPoint(new EndPoint().setAddress('127.0.0.1').setPort(leaderPort));
  return new ClusterInfo().setMembersList([leader]);
}

function supported(): SupportedMethods {
  const method = new SupportedMethod().setServiceName('event_store.client.streams.streams').setMethodName('batchappend');
  return new SupportedMethods().setEventStoreServerVersion('24.10.4').setMethodsList([method]);
}

function readCall(call: ServerWritableStream<ReadReq, ReadResp>): ReadCall {
  const request = call.request.getOptions()!;
  const position = request.getAll()?.getPosition();
  call.on('error', () => undefined);
  return {
    request,
    isSubscription: request.hasSubscription(),
    after: position && BigInt(position.getCommitPosition()),
    get isCancelled() {
      return call.cancelled || call.destroyed;
    },
    authorization: authorizationOf(call),
    send: (...messages) => messages.map((message) => call.write(message as ReadResp)).every(Boolean),
    drained: () =>
      new Promise<void>((resolve) => {
        const told = call as EventEmitter;
        const names = ['drain', 'cancelled', 'close'];
        const done = () => {
          for (const name of names) told.off(name, done);
          resolve();
        };
        for (const name of names) told.on(name, done);
        if (call.cancelled || call.destroyed) done();
      }),
    end: () => void call.end(),
    fail: (...how) => void (call as Failing).emit('error', failed(...how)),
    reset: (code) => reset(call, code),
  };
}

async function appendCall(
  call: ServerReadableStream<AppendReq, AppendResp>,
  answer: sendUnaryData<AppendResp>,
): Promise<AppendCall> {
  const requests: AppendReq[] = [];
  for await (const request of call) requests.push(request as AppendReq);
  const options = requests[0]!.getOptions()!;
  return {
    requests,
    stream: Buffer.from(options.getStreamIdentifier()!.getStreamName_asU8()).toString(),
    expected: options.hasNoStream() ? 'no_stream' : options.hasRevision() ? BigInt(options.getRevision()) : undefined,
    ids: requests.slice(1).map((request) => request.getProposedMessage()!.getId()!.getString()),
    authorization: authorizationOf(call),
    answer: (response) => answer(null, response),
    fail: (...how) => answer(failed(...how)),
    reset: (code) => reset(call, code),
  };
}

/** A script that hands every call on to a real server, so that a test need only spoil what it is about. */
export function handOn(port: number): Required<Pick<Script, 'append' | 'read'>> & {
  /** What the real server answers to an append. */
  answerTo(call: AppendCall): Promise<AppendResp>;
  close(): void;
} {
  const real = new StreamsClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const answerTo = (call: AppendCall) =>
    new Promise<AppendResp>((resolve, reject) => {
      const sink = real.append((error, response) => (error ? reject(error) : resolve(response as AppendResp)));
      for (const request of call.requests) sink.write(request);
      sink.end();
    });
  return {
    answerTo,
    append: async (call) => call.answer(await answerTo(call)),
    read: ({ request, send, end, fail }: ReadCall) => {
      const source = real.read(new ReadReq().setOptions(request));
      source.on('data', (message: ReadResp) => send(message));
      source.on('end', end);
      source.on('error', (error: Error & { code?: number }) => fail(error.code ?? 2, error.message));
    },
    close: () => real.close(),
  };
}
