import type { ServerHttp2Stream } from 'node:http2';

/** The inner side of a call: interceptors around the one that takes messages out of the stream. */
interface InnerCall {
  nextCall?: InnerCall;
}

interface ReceivingCall {
  stream: ServerHttp2Stream;
  /** `readState` is 0 between two messages. */
  decoder: { readState: number };
}

/** How the stream of requests came to its end. */
export type EndOfRequests = 'complete' | 'inside a message' | 'lost';

/**
 * How did the client's side of a call end? grpc-js says `end` in all cases: when the client has said so, which alone makes
 * a request of several messages complete; when the rest of a message is missing; and when the call was cancelled or its
 * connection lost. An append would be done in part. grpc-js has no public way to tell these apart, hence the look inside.
 */
export function endOfRequests(call: object): EndOfRequests {
  let inner = (call as { call: InnerCall }).call;
  while (inner.nextCall) inner = inner.nextCall;
  const { stream, decoder } = inner as ReceivingCall;
  if (stream.aborted || stream.closed || stream.destroyed) return 'lost';
  return decoder.readState === 0 ? 'complete' : 'inside a message';
}
