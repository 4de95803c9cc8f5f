const NOTHING_YET = Symbol('nothing yet');

/** A batch of more than this many items is part of a flood: more is on its way once the sender hears that there is room again. */
const FLOOD = 16;
const FLOOD_GAP_MS = 5;

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
  const timer = new Timer();
  let pending = source.next();
  let began = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      const first = await pending;
      if (first.done) return;
      const batch = [first.value];
      const opened = performance.now();
      const lingered = began + lingerMs > opened ? timer.wait(began + lingerMs - opened) : undefined;
      let ended = false;
      pending = source.next();
      while (batch.length < size && !ended) {
        let next = await Promise.race([pending, lingered ?? settleTurn()]);
        const flooded = batch.length > FLOOD && performance.now() < opened + lingerMs;
        if (next === NOTHING_YET && !lingered && flooded) next = await Promise.race([pending, timer.wait(FLOOD_GAP_MS)]);
        if (next === NOTHING_YET) break;
        if (next.done) ended = true;
        else {
          batch.push(next.value);
          pending = source.next();
        }
      }
      timer.stop();
      began = performance.now();
      yield batch;
      if (ended) return;
    }
  } finally {
    timer.stop();
    pending.catch(() => undefined);
    source.return().catch(() => undefined);
  }
}

/** Lets one turn of the event loop pass, so that what the socket has already received counts as there. */
const settleTurn = (): Promise<typeof NOTHING_YET> => new Promise((resolve) => setImmediate(() => resolve(NOTHING_YET)));

/** One waiting time at a time; a new one drops the old, whose promise then never settles. */
class Timer {
  private running: NodeJS.Timeout | undefined;

  wait(ms: number): Promise<typeof NOTHING_YET> {
    this.stop();
    return new Promise((resolve) => {
      this.running = setTimeout(() => resolve(NOTHING_YET), ms);
    });
  }

  stop(): void {
    clearTimeout(this.running);
  }
}
