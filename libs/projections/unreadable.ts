import type { StoredEvent } from '@huicai/event-store';
import { type RecordedEvent, recorded, type UpcasterRegistry } from '@huicai/kernel';
import { FoldError } from './outage.js';
import type { Queryable } from './queryable.js';

/** Why this program can not read an event: a newer one wrote it, or a stranger. */
class UnreadableEvent extends Error {
  constructor(why: string) {
    super(`${why}; it is tried again by the next program that starts`);
    this.name = 'UnreadableEvent';
  }
}

const faults = new WeakMap<object, FoldError>();

/**
 * A stored event in today's shape. One that this program can not read has its place, type and stream, by which the partition it
 * belongs to can be parked; whoever asks for more of it is told why there is no more.
 */
export function recordedOrNot(event: StoredEvent, upcasters: UpcasterRegistry): RecordedEvent {
  try {
    return recorded(event, upcasters);
  } catch (error) {
    const fault = new FoldError((error as Error).message, new UnreadableEvent((error as Error).message));
    const refuse = (): never => {
      throw fault;
    };
    const { id, stream, revision, position, type } = event;
    const named = { id, stream, revision, position, type };
    const standIn = Object.defineProperties(named, { data: { get: refuse }, metadata: { get: refuse } }) as RecordedEvent;
    faults.set(standIn, fault);
    return standIn;
  }
}

/** @throws FoldError when it is an event that this program can not read, also to a fold that would have asked for nothing of it */
export function expectReadable(event: RecordedEvent): void {
  const fault = faults.get(event);
  if (fault) throw fault;
}

/** What an event says; nothing when this program can not read it. */
export const dataOf = (event: RecordedEvent): unknown => (faults.has(event) ? undefined : event.data);

/** Asks for what could not be read to be tried again: a program that starts may know more than the one before. @throws Error of PostgreSQL */
export async function retryUnreadable(db: Queryable, askedBy: string): Promise<void> {
  await db.query(
    `insert into ops.dead_letter_requests (kind, projection, asked_by)
     select distinct 'retry', projection, $1 from ops.dead_letters where state = 'failed' and error like 'UnreadableEvent:%'`,
    [askedBy],
  );
}
