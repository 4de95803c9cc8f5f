import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BEFORE_ALL } from '../storage/log-reader.js';
import { encodeCaughtUp, encodeCheckpoint, encodeConfirmation } from '../wire/read-response.js';
import type { ServiceContext } from './context.js';
import { streamDeleted } from './faults.js';
import { isHiddenFromAll } from './filter.js';
import { PAGE, present } from './present.js';
import type { ReadRequest } from './read-request.js';
import type { ResponseStream } from './response-stream.js';

/**
 * A subscription is a read that does not end: pages after the last one sent, then a wait for the next commit. There is no
 * queue of live events beside it, so nothing can be missed, sent twice, or pile up behind a slow reader.
 */
export async function subscribe(context: ServiceContext, request: ReadRequest, out: ResponseStream): Promise<void> {
  if (request.stream === undefined) await subscribeToAll(context, request, out);
  else await subscribeToStream(context, request, request.stream, out);
}

async function subscribeToAll(context: ServiceContext, request: ReadRequest, out: ResponseStream): Promise<void> {
  const { log } = context;
  const { filter } = request;
  let position = request.from === 'start' ? BEFORE_ALL : request.from === 'end' ? log.reader.lastPosition : request.from;
  let checkpoint = position;
  let considered = 0;
  let caughtUp = false;
  const sendCheckpoint = async () => {
    if (position <= checkpoint) return;
    checkpoint = position;
    considered = 0;
    await out.write(encodeCheckpoint(position));
  };
  await out.write(encodeConfirmation(randomUUID()));
  while (!out.signal.aborted) {
    const page = log.reader.allAfter(position, PAGE);
    const matches = filter?.select(page);
    for (const [index, record] of page.entries()) {
      const isWanted = !matches || matches[index];
      if (isWanted && !isHiddenFromAll(record)) await out.write(present(context, request, record));
      position = record.position;
      if (filter && ++considered >= filter.checkpointInterval) await sendCheckpoint();
    }
    if (page.length > 0) {
      await nextTurn();
      continue;
    }
    if (!caughtUp) {
      caughtUp = true;
      if (filter) await sendCheckpoint();
      await out.write(encodeCaughtUp());
    }
    await log.nextCommit(position, out.signal);
  }
}

async function subscribeToStream(
  context: ServiceContext,
  request: ReadRequest,
  stream: string,
  out: ResponseStream,
): Promise<void> {
  const { log } = context;
  let next = firstAfter(context, request, stream);
  let caughtUp = false;
  if (log.reader.stateOf(stream).kind === 'tombstoned') throw streamDeleted(stream);
  await out.write(encodeConfirmation(randomUUID()));
  while (!out.signal.aborted) {
    const seen = log.reader.lastPosition;
    const last = log.reader.lastRevision(stream);
    const page = log.reader.streamPage(stream, next, 'forwards', PAGE, context.now());
    for (const record of page.records) {
      await out.write(present(context, request, record));
      next = record.revision + 1;
    }
    if (page.next !== undefined) {
      next = page.next;
      await nextTurn();
      continue;
    }
    // What was truncated or expired is behind the subscription too, and need not be looked at again.
    next = Math.max(next, last + 1);
    await endIfTombstoned(context, request, stream, out);
    if (!caughtUp) {
      caughtUp = true;
      await out.write(encodeCaughtUp());
    }
    await log.nextCommit(seen, out.signal);
  }
}

/** Start points are exclusive: a subscription from revision r begins with the event after it. */
function firstAfter(context: ServiceContext, request: ReadRequest, stream: string): number {
  if (request.from === 'start') return 0;
  if (request.from !== 'end') return request.from + 1;
  return context.log.reader.lastRevision(stream) + 1;
}

async function endIfTombstoned(
  context: ServiceContext,
  request: ReadRequest,
  stream: string,
  out: ResponseStream,
): Promise<void> {
  const { reader } = context.log;
  if (reader.stateOf(stream).kind !== 'tombstoned') return;
  const tombstone = reader.tombstoneOf(stream);
  if (tombstone) await out.write(present(context, request, tombstone));
  throw streamDeleted(stream);
}
