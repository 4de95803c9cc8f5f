import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import { batchFailure } from '../services/batch-append-response.js';
import type { ServiceContext } from '../services/context.js';
import { accessDenied, invalidArgument, toFault, unavailable } from '../services/faults.js';
import { resetCall } from '../services/reset-call.js';
import { decodeBatchAppendChunk } from '../wire/append-request.js';
import { uuidToText } from '../wire/uuid.js';
import { isAnonymous } from './access.js';

type BatchAppendHandler = handleBidiStreamingCall<Buffer, Buffer>;

/** Appends whose later chunks are still to come; more than any honest client has. */
const MAX_UNFINISHED = 1000;

/**
 * BatchAppend for known callers only. The others are denied append by append, because a client takes the end of the
 * stream for the failure of every append of its process, those of other connections included.
 */
export function denyAnonymous(context: ServiceContext, handler: BatchAppendHandler): BatchAppendHandler {
  return (call) => {
    if (isAnonymous(call.metadata)) denyEach(context, call);
    else handler(call);
  };
}

function denyEach(context: ServiceContext, call: ServerDuplexStream<Buffer, Buffer>): void {
  const denied = new Set<string>();
  if (context.calls.isStopping) {
    call.emit('error', unavailable('the server is stopping'));
    return;
  }
  const forget = context.calls.add(() => resetCall(call));
  const answer = (response: Buffer) => {
    if (call.write(response)) return;
    // Who does not read is not read from.
    call.pause();
    call.once('drain', () => call.resume());
  };
  const deny = (message: Buffer) => {
    const chunk = decodeBatchAppendChunk(message, context.now());
    if (!chunk.correlationId) throw invalidArgument('the correlation id is missing');
    const id = uuidToText(chunk.correlationId);
    if (!denied.has(id)) answer(batchFailure(id, chunk.options?.stream ?? '', accessDenied()));
    if (chunk.isFinal) denied.delete(id);
    else if (denied.add(id).size > MAX_UNFINISHED) throw accessDenied();
  };
  call.on('data', (message: Buffer) => {
    try {
      deny(message);
    } catch (error) {
      call.removeAllListeners('data');
      call.emit('error', toFault(error));
    }
  });
  call.on('end', () => call.end());
  call.on('cancelled', forget);
  call.on('close', forget);
  call.on('error', forget);
}
