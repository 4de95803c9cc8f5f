/** A process' side of the bargain with its supervisor. */
export interface SupervisedProcess {
  /** Tells the supervisor that this process serves now; without one it does nothing. */
  ready(fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * Ends this process in good order when its supervisor goes away or asks it to (IPC channel closed, SIGTERM, SIGINT): calls
 * `close` once, then exits with 0, or with 1 when `close` failed. To be called before the first `await` of a process, so that
 * a supervisor killed meanwhile is noticed.
 */
export function superviseMe(close: () => Promise<void>): SupervisedProcess {
  let closing = false;
  const end = (): void => {
    if (closing) return;
    closing = true;
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Closing failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.once('disconnect', end);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  // The channel may have closed before the listener was there.
  if (process.send && !process.connected) end();
  return {
    ready(fields = {}) {
      if (process.connected) process.send?.({ ...fields, type: 'ready' });
    },
  };
}
