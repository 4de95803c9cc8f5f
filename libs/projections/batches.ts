const NOTHING_YET = Symbol('nothing yet');

/** Lets one turn of the event loop pass, so that what the socket has already received counts as there. */
const settleTurn = (): Promise<typeof NOTHING_YET> => new Promise((resolve) => setImmediate(() => resolve(NOTHING_YET)));

/**
 * Groups what is there, without waiting for more: a lone item is handed on at once, a flood in full batches. While a batch is
 * worked on, no more than one item is asked for, so the source is never read faster than its batches are used up.
 */
export async function* batches<T>(
  source: AsyncGenerator<T, void, undefined>,
  size: number,
): AsyncGenerator<T[], void, undefined> {
  let pending = source.next();
  try {
    for (;;) {
      const first = await pending;
      if (first.done) return;
      const batch = [first.value];
      pending = source.next();
      while (batch.length < size) {
        const next = await Promise.race([pending, settleTurn()]);
        if (next === NOTHING_YET) break;
        if (next.done) {
          yield batch;
          return;
        }
        batch.push(next.value);
        pending = source.next();
      }
      yield batch;
    }
  } finally {
    pending.catch(() => undefined);
    source.return().catch(() => undefined);
  }
}
