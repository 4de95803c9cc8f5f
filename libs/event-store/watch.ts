import type { Connection } from './connection.js';
import { pause, retryPause } from './within.js';

export interface Watch {
  readonly connection: Connection;
  /** Asks something small; what it finds reaches the connection by itself. */
  readonly ask: () => Promise<unknown>;
  /** Milliseconds. */
  readonly everyMs: number;
  /** Longest pause between two questions while the store is away, milliseconds. */
  readonly maxRetryMs: number;
  readonly ended: AbortSignal;
}

/**
 * Keeps what is known of a connection true while nobody uses it: asks when there was no answer for a while, and sooner, with jitter,
 * until a store that was lost is back. Keeps no process alive.
 */
export async function watch({ connection, ask, everyMs, maxRetryMs, ended }: Watch): Promise<void> {
  let failures = 0;
  for (let heard = connection.answers; !ended.aborted; heard = connection.answers) {
    const isDropped = connection.state.state === 'dropped';
    await pause(isDropped ? retryPause(failures, maxRetryMs) : everyMs, ended, true);
    const quiet = connection.answers === heard;
    if (ended.aborted || (!quiet && connection.state.state !== 'dropped')) continue;
    // A failure has been noted where it happened.
    await ask().then(
      () => {
        failures = 0;
      },
      () => {
        failures++;
      },
    );
  }
}
