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

/** Waits for one thing after another, each no longer than `ms` milliseconds, with a single timer: one of its own for each would cost more than a read event. */
export class Patience {
  private readonly timer: NodeJS.Timeout;
  private lose: ((error: Error) => void) | undefined;

  constructor(ms: number, what: string) {
    this.timer = setTimeout(() => this.lose?.(new StoreUnavailableError(what)), ms);
  }

  /** @throws StoreUnavailableError when the time is over; whatever the work throws before */
  wait<T>(work: Promise<T>): Promise<T> {
    this.timer.refresh().ref();
    return new Promise<T>((resolve, reject) => {
      this.lose = reject;
      const over =
        <V>(settle: (value: V) => void) =>
        (value: V) => {
          this.lose = undefined;
          // Nobody waits: it keeps no process alive.
          this.timer.unref();
          settle(value);
        };
      work.then(over(resolve), over(reject));
    });
  }

  /** To be called once nothing more is waited for. */
  end(): void {
    clearTimeout(this.timer);
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
