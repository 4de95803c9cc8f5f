import { type Connection, guarded } from './connection.js';
import { messageOf } from './faults.js';
import type { EventStoreObserver, StoredEvent, SubscribeOptions } from './port.js';
import { StoreRefusedError, StoreUnavailableError } from './port.js';
import { pause, retryPause } from './within.js';

/** One life of a subscription: ends when the server closes it, throws faults without secrets when it breaks. */
export type SubscribeOnce = (
  after: bigint | undefined,
  signal: AbortSignal,
  tell: (state: 'connected' | 'caught-up') => void,
) => AsyncIterable<StoredEvent>;

export interface FollowParts {
  readonly subscribe: SubscribeOnce;
  readonly connection: Connection;
  readonly observer: EventStoreObserver;
  /** Longest pause between two attempts, milliseconds. */
  readonly maxRetryMs: number;
}

/**
 * Strings the lives of a subscription together. The place to go on from is the last event handed out: the next is asked for only
 * when that one has been handled, so nothing is lost or left out by a drop.
 *
 * @throws StoreRefusedError
 */
export async function* follow(
  { subscribe, connection, observer, maxRetryMs }: FollowParts,
  { after, signal, onState }: SubscribeOptions,
): AsyncGenerator<StoredEvent, void, undefined> {
  const follower = {};
  let last = after;
  let failures = 0;
  try {
    while (!signal.aborted) {
      const began = Date.now();
      const life = connection.beginLife(follower);
      const confirmed = (state: 'connected' | 'caught-up') => {
        life.answered();
        guarded(() => onState?.({ state }));
      };
      let cause = 'the server ended the subscription';
      try {
        for await (const event of subscribe(last, signal, confirmed)) {
          // A server may repeat itself after a reconnect; moving backwards is never right.
          if (last !== undefined && event.position <= last) continue;
          failures = 0;
          last = event.position;
          yield event;
        }
      } catch (error) {
        if (error instanceof StoreRefusedError) throw error;
        cause = error instanceof StoreUnavailableError ? error.reason : messageOf(error);
      }
      if (signal.aborted) return;
      // One that lived long did not fail for the same reason as the one before it.
      if (Date.now() - began > maxRetryMs) failures = 0;
      const retryInMs = retryPause(failures++, maxRetryMs);
      life.failed(cause);
      guarded(() => observer.onReadFailure?.());
      guarded(() => onState?.({ state: 'dropped', cause, retryInMs }));
      await pause(retryInMs, signal);
    }
  } finally {
    connection.followerEnded(follower);
  }
}
