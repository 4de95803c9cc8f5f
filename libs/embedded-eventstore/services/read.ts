import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { BEFORE_ALL } from '../storage/log-reader.js';
import { encodeStreamNotFound } from '../wire/read-response.js';
import type { ServiceContext } from './context.js';
import { streamDeleted } from './faults.js';
import { PAGE, present } from './present.js';
import { parseReadRequest, type ReadRequest } from './read-request.js';
import { type ResponseStream, serveStream } from './response-stream.js';
import { subscribe } from './subscribe.js';

/** Streams.Read: reads of a stream or of $all, and subscriptions to them. */
export function readHandler(context: ServiceContext) {
  return (call: ServerWritableStream<ReadReq, Buffer>): void =>
    serveStream(context, call, async (message, out) => {
      const request = parseReadRequest(message);
      if (request.count === undefined) await subscribe(context, request, out);
      else if (request.stream === undefined) await readAll(context, request, request.count, out);
      else await readStream(context, request, request.stream, request.count, out);
    });
}

async function readStream(
  context: ServiceContext,
  request: ReadRequest,
  stream: string,
  count: number,
  out: ResponseStream,
): Promise<void> {
  const { reader } = context.log;
  const state = reader.stateOf(stream);
  if (state.kind === 'tombstoned') throw streamDeleted(stream);
  if (state.kind === 'missing') {
    await out.write(encodeStreamNotFound(stream));
    return;
  }
  let next: number | undefined = startRevision(request);
  let remaining = count;
  while (next !== undefined && remaining > 0) {
    const limit = { ...PAGE, count: Math.min(PAGE.count, remaining) };
    const page = reader.streamPage(stream, next, request.direction, limit, context.now());
    for (const record of page.records) await out.write(present(context, request, record));
    remaining -= page.records.length;
    next = page.next;
    if (next !== undefined) await nextTurn();
  }
}

async function readAll(context: ServiceContext, request: ReadRequest, count: number, out: ResponseStream): Promise<void> {
  const { reader } = context.log;
  const forwards = request.direction === 'forwards';
  // Forwards includes the event at the position, backwards begins below it.
  let cursor = startPosition(request) - (forwards ? 1 : 0);
  let remaining = count;
  while (remaining > 0) {
    const page = forwards ? reader.allAfter(cursor, PAGE) : reader.allBefore(cursor, PAGE);
    if (page.length === 0) return;
    const matches = request.filter?.select(page);
    for (const [index, record] of page.entries()) {
      cursor = record.position;
      if (matches && !matches[index]) continue;
      await out.write(present(context, request, record));
      if (--remaining === 0) return;
    }
    await nextTurn();
  }
}

function startRevision(request: ReadRequest): number {
  if (request.from === 'start') return 0;
  return request.from === 'end' ? Number.MAX_SAFE_INTEGER : request.from;
}

function startPosition(request: ReadRequest): number {
  if (request.from === 'start') return BEFORE_ALL;
  return request.from === 'end' ? Number.MAX_SAFE_INTEGER : request.from;
}
