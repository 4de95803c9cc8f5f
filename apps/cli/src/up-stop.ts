/** Why the system is asked to stop. */
export type StopReason = 'SIGTERM' | 'SIGINT' | 'parent-ended';

/** A watch on everything that asks this process to stop. */
export interface StopRequest {
  /** Resolves, never rejects, at the first request. */
  readonly requested: Promise<StopReason>;
  /** Aborts at the first request, or at {@link begin}. */
  readonly signal: AbortSignal;
  /** Marks the stop as under way for another reason, such as a failed start. */
  begin(): void;
  /** Ends the watch. */
  end(): void;
}

const parentPollMs = 500;

/**
 * Watches for SIGTERM, SIGINT and, when npm started us, its end: npm killed by force takes its shell along but not us. A second
 * signal exits at once; the children notice by their closed pipes.
 */
export function watchForStop(): StopRequest {
  const controller = new AbortController();
  let resolveRequested: (reason: StopReason) => void;
  const requested = new Promise<StopReason>((resolve) => {
    resolveRequested = resolve;
  });
  const request = (reason: StopReason): void => {
    resolveRequested(reason);
    controller.abort(new Error(`stopped: ${reason}`));
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(1);
    request(signal as StopReason);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const parent = process.ppid;
  // Started without npm, a parent that ends is nothing unusual (nohup, a shell's background job).
  const poll = process.env.npm_lifecycle_event
    ? setInterval(() => {
        if (process.ppid !== parent && !controller.signal.aborted) request('parent-ended');
      }, parentPollMs)
    : undefined;
  return {
    requested,
    signal: controller.signal,
    begin: () => controller.abort(new Error('stopped')),
    end() {
      clearInterval(poll);
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}
