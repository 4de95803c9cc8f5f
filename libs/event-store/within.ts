import { StoreUnavailableError } from './port.js';

/**
 * Waits no longer than `ms` milliseconds; leaves no timer, and a failure that comes later hurts nobody.
 *
 * @throws StoreUnavailableError saying `what` when the time is over; whatever the work throws before
 */
export async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnavailableError(what)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits `ms` milliseconds, or less when the signal aborts; leaves neither timer nor listener. With `idly` it keeps no process alive. */
export function pause(ms: number, signal: AbortSignal, idly = false): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (idly) timer.unref();
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Pause before attempt number `failures + 1`, milliseconds: doubles from 100 to `longest`, half of it by chance. */
export function retryPause(failures: number, longest: number): number {
  return Math.round(Math.min(longest, 100 * 2 ** Math.min(failures, 16)) * (0.5 + Math.random() / 2));
}
