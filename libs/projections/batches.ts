import { setTimeout as delay } from 'node:timers/promises';

const NOTHING_YET = Symbol('nothing yet');

/** Lets one turn of the event loop pass, so that what the socket has already received counts as there. */
const settleTurn = (): Promise<typeof NOTHING_YET> => new Promise((resolve) => setImmediate(() => resolve(NOTHING_YET)));

/**
 * Groups what is there: an item after a quiet time is handed on at once, a flood in full batches. A trickle would make a batch of
 * every item; so a batch that could begin sooner than `lingerMs` after the one before it began waits for more until then. While a
 * batch is worked on, no more than one item is asked for, so the source is never read faster than its batches are used up.
 *
 * @param lingerMs milliseconds
 */
export async function* batches<T>(
  source: AsyncGenerator<T, void, undefined>,
  size: number,
  lingerMs = 50,
): AsyncGenerator<T[], void, undefined> {
  let pending = source.next();
  let began = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      const first = await pending;
      if (first.done) return;
      const batch = [first.value];
      pending = source.next();
      const wait = began + lingerMs - performance.now();
      const full = new AbortController();
      const lingered = wait > 0 ? delay(wait, NOTHING_YET, { signal: full.signal }) : undefined;
      lingered?.catch(() => undefined);
      let ended = false;
      while (batch.length < size) {
        const next = await Promise.race([pending, lingered ?? settleTurn()]);
        if (next === NOTHING_YET) break;
        if (next.done) {
          ended = true;
          break;
        }
        batch.push(next.value);
        pending = source.next();
      }
      full.abort();
      began = performance.now();
      yield batch;
      if (ended) return;
    }
  } finally {
    pending.catch(() => undefined);
    source.return().catch(() => undefined);
  }
}
