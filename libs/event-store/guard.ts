import type { Transform } from 'node:stream';
import {
  type CallOptions,
  type Client,
  InterceptingCall,
  type Interceptor,
  type Metadata,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import type { InterceptingCallInterface } from '@grpc/grpc-js/build/src/client-interceptors.js';
import { DecodedEvent, decodeEvent } from './decode.js';

/** What of the client's inside is held on to; the client's version is fixed, and a test sees when it changes. */
interface Inside {
  supports(method: unknown, feature?: string): Promise<boolean>;
  callArguments(asked: { readonly notAfter?: Date }, options?: CallOptions): [Metadata, CallOptions];
  handleError(client: Client, error: Error): Promise<void>;
  getGRPCClient(...asked: unknown[]): Promise<Client>;
  createChannel(): Promise<object>;
}

interface StreamingRead {
  cancel(): Promise<void>;
}

const HELD = ['supports', 'callArguments', 'handleError', 'getGRPCClient', 'createChannel'] as const;

/** Bytes a node may send ahead of what is read. With the 64 kB there are unless told, it waits for every reader that is busy. */
const WINDOW = 1024 * 1024;

/**
 * Makes a client that no server can bring down with its process:
 * - appends never take the batch path, whose table of pending promises is shared by the whole process;
 * - a call may be told an instant after which it is not sent any more (`notAfter`), however long finding a node took;
 * - trailers that lack what their `exception` promises no longer throw where nobody can catch it;
 * - only a call that was cancelled here counts as that: the client is silent about those;
 * - a node that can not be found while another call fails is no unhandled rejection;
 * - what is read is decoded without google-protobuf, where it is plain;
 * - a node may send a megabyte ahead of what is read.
 *
 * @throws Error when the client is not the one this was made for
 */
export function guardClient(client: object): ClientGuard {
  const inside = client as Inside;
  for (const name of HELD) if (typeof inside[name] !== 'function') throw new Error(`The event store client has no ${name}`);
  const { callArguments, handleError, getGRPCClient, createChannel } = inside;
  let last: Client | undefined;
  const calls = new Calls();
  inside.supports = () => Promise.resolve(false);
  inside.callArguments = (asked, options) => {
    const [metadata, made] = callArguments(asked, options);
    const deadline = asked.notAfter ?? made.deadline;
    return [metadata, { ...made, interceptors: [calls.intercept], ...(deadline === undefined ? {} : { deadline }) }];
  };
  // The call that failed tells its error itself.
  inside.handleError = (failed, error) => handleError(failed, error).catch(() => undefined);
  inside.getGRPCClient = async (...asked) => {
    last = await getGRPCClient(...asked);
    decodeReads(last as Client & { read?: ReadMethod });
    return last;
  };
  inside.createChannel = async () => {
    const channel = await createChannel();
    // The client passes on no options. The connection is made later, by these.
    const { options } = (channel as { internalChannel?: { options?: Record<string, unknown> } }).internalChannel ?? {};
    if (!options) throw new Error('The channel to the event store has no options');
    options['grpc-node.flow_control_window'] = WINDOW;
    return channel;
  };
  return {
    endCalls: () => calls.end(),
    closeChannel: () => last?.close(),
  };
}

const READ = '/event_store.client.streams.Streams/Read';

/** The method of a read as it is generated. */
interface ReadMethod {
  (request: unknown, metadata: Metadata, options: CallOptions): unknown;
  readonly path: string;
  readonly requestSerialize: (request: unknown) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

function decodeReads(client: Client & { read?: ReadMethod }): void {
  if (client.read?.path !== READ || Object.hasOwn(client, 'read')) return;
  const { path, requestSerialize, responseDeserialize } = client.read;
  const decode = (bytes: Buffer) => decodeEvent(bytes) ?? responseDeserialize(bytes);
  const read = (request: unknown, metadata: Metadata, options: CallOptions) =>
    client.makeServerStreamRequest(path, requestSerialize, decode, request, metadata, options);
  client.read = Object.assign(read, { path, requestSerialize, responseDeserialize });
}

/** What the client itself never does. */
export interface ClientGuard {
  /** Ends every call, and each that is made from now on, as unavailable. */
  endCalls(): void;
  closeChannel(): void;
}

/** Lets a stream of the client fail, instead of its process or not at all, when a message can not be taken or a listener throws. */
export function guardStream<T extends object>(given: T): T {
  // The client's types tell only of the readable half.
  const stream = given as unknown as Transform;
  const transform = stream._transform as (...given: Parameters<Transform['_transform']>) => unknown;
  stream._transform = (message, encoding, done) => {
    if (message instanceof DecodedEvent) return done(null, message);
    const failed = (error: unknown) => {
      done(error instanceof Error ? error : new Error(`a wrong message: ${String(error)}`));
      // The call behind it does not know that nobody listens any more.
      (given as Partial<StreamingRead>).cancel?.().catch(() => undefined);
    };
    try {
      Promise.resolve(transform.call(stream, message, encoding, done)).catch(failed);
    } catch (error) {
      failed(error);
    }
  };
  // The client emits errors by itself, also when nobody listens any more.
  stream.on('error', () => undefined);
  return given;
}

const CLOSED = 'the connection has been closed here';

/** The calls that are open. */
class Calls {
  private readonly open = new Set<InterceptingCallInterface>();
  private hasEnded = false;

  readonly intercept: Interceptor = (options, nextCall) => {
    const call = nextCall(options);
    let cancelled = false;
    return new InterceptingCall(call, {
      start: (metadata, _listener, next) => {
        this.open.add(call);
        next(metadata, {
          onReceiveStatus: (found, deliver) => {
            this.open.delete(call);
            deliver(honest(found, cancelled));
          },
        });
        if (this.hasEnded) call.cancelWithStatus(status.UNAVAILABLE, CLOSED);
      },
      cancel: (next) => {
        cancelled = true;
        next();
      },
    });
  };

  end(): void {
    this.hasEnded = true;
    for (const call of this.open) call.cancelWithStatus(status.UNAVAILABLE, CLOSED);
  }
}

function honest(found: StatusObject, cancelledHere: boolean): StatusObject {
  const trailers = found.metadata.getMap();
  const promised = EXCEPTIONS[String(trailers.exception)];
  const kept =
    promised !== undefined && Object.entries(promised).every(([key, valid]) => valid.test(String(trailers[key] ?? '')));
  const metadata = found.metadata.clone();
  if (!kept) metadata.remove('exception');
  const disguised = found.code === status.CANCELLED && !cancelledHere;
  return { ...found, metadata, details: disguised ? 'Cancelled by the server' : found.details };
}

const NUMBER = /^-?\d+$/;
const SOMETHING = /./s;

/** What the client takes for granted beside each exception; of any other exception the status code tells enough. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'access-denied': {},
  'invalid-transaction': {},
  'stream-not-found': {},
  'stream-deleted': { 'stream-name': SOMETHING },
  'wrong-expected-version': { 'stream-name': SOMETHING, 'expected-version': NUMBER, 'actual-version': /^(-?\d+)?$/ },
  'maximum-append-size-exceeded': { 'maximum-append-size': NUMBER },
  'missing-required-metadata-property': { 'required-metadata-properties': SOMETHING },
  'not-leader': { 'leader-endpoint-host': SOMETHING, 'leader-endpoint-port': NUMBER },
};
