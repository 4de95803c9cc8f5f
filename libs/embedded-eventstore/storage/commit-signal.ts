/** Tells those who wait that something was committed. */
export class CommitSignal {
  private readonly waiting = new Set<() => void>();

  /** Resolves at the next announcement, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Wakes everyone who waits now. */
  announce(): void {
    for (const wake of [...this.waiting]) wake();
  }
}
