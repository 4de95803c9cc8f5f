import { type StoredEvent, StoreUnavailableError } from './port.js';
import { Patience, within } from './within.js';

/** What the client gives for a read. */
interface Reading<T> extends AsyncIterable<T> {
  /** What has arrived already, one after the other; null when nothing has. */
  read?(): T | null;
  cancel(): Promise<void>;
  destroy(): unknown;
}

/** Others get a turn after so many events. */
const PORTION = 100;

/** How many events are read to their end rather than cancelled when nobody wants the rest. */
const SHORT_READ = 100;

/**
 * Hands on a read in the portions in which it arrives. Fails one that delivers nothing for `idleMs` milliseconds while it is waited for (not while the consumer is busy).
 *
 * @param maxCount how many were asked for. Leaving a short read early reads the rest: cancelling resets its HTTP/2 stream, and a
 * server takes a client that resets many streams for an attacker and closes the connection under all other calls.
 * @throws StoreUnavailableError; whatever the read throws
 */
export async function* pace<T>(reading: Reading<T>, idleMs: number, maxCount: number | undefined): AsyncGenerator<T[]> {
  const iterator = reading[Symbol.asyncIterator]();
  const patience = new Patience(idleMs, 'read stood still');
  const next = () => patience.wait(iterator.next());
  let left = true;
  try {
    for (;;) {
      const step = await next();
      if (step.done) {
        left = false;
        return;
      }
      const portion = [step.value];
      for (let more = reading.read?.(); more != null && portion.push(more) < PORTION; ) more = reading.read?.();
      yield portion;
    }
  } catch (error) {
    left = false;
    // Of any other error the call itself has died.
    if (error instanceof StoreUnavailableError) cancel(reading);
    throw error;
  } finally {
    const drains = left && maxCount !== undefined && maxCount <= SHORT_READ;
    if (drains)
      void drain(next)
        .catch(() => cancel(reading))
        .finally(() => patience.end());
    else {
      patience.end();
      if (left) cancel(reading);
    }
  }
}

/** Dropping the client's stream leaves the call behind it open, held by flow control, until it is cancelled. */
function cancel<T>(reading: Reading<T>): void {
  reading.cancel().catch(() => undefined);
  reading.destroy();
}

async function drain(next: () => Promise<IteratorResult<unknown>>): Promise<void> {
  while (!(await next()).done);
}

const SILENT = 'silent';

/**
 * Hands on what a subscription gives. Silence is no fault of it as long as nothing is missing: that is asked after every `idleMs`
 * milliseconds of silence, and twice in a row is a fault.
 *
 * @throws StoreUnavailableError; whatever the subscription or `missing` throws
 */
export async function* standing<T>(source: AsyncIterable<T>, idleMs: number, missing: () => Promise<boolean>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  for (;;) {
    const next = iterator.next();
    let step: IteratorResult<T> | undefined;
    for (let behind = false; step === undefined; ) {
      step = await within(next, idleMs, SILENT).catch((error: unknown) => {
        if (error instanceof StoreUnavailableError && error.reason === SILENT) return undefined;
        throw error;
      });
      if (step !== undefined) break;
      const behindNow = await missing();
      if (behind && behindNow) throw new StoreUnavailableError('the subscription stands still behind the log');
      behind = behindNow;
    }
    if (step.done) return;
    yield step.value;
  }
}

/** @throws StoreUnavailableError when what is read does not go one way, so that something is missing or doubled */
export async function* inOrder(
  portions: AsyncIterable<readonly StoredEvent[]>,
  backwards: boolean | undefined,
  place: (event: StoredEvent) => bigint,
): AsyncGenerator<readonly StoredEvent[]> {
  let last: bigint | undefined;
  for await (const portion of portions) {
    for (const event of portion) {
      const here = place(event);
      if (last !== undefined && (backwards ? here >= last : here <= last))
        throw new StoreUnavailableError('its events came out of order');
      last = here;
    }
    yield portion;
  }
}

/** One after the other. */
export async function* oneByOne<T>(portions: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const portion of portions) yield* portion;
}
