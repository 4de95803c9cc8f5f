import type { EventStoreObserver } from './port.js';

export interface EventStoreDbOptions {
  /** How long one append may take before its outcome counts as unknown, milliseconds. */
  readonly appendTimeoutMs?: number;
  /** How long a read may stand still before it counts as failed, milliseconds; a subscription that long silent is looked after. */
  readonly readIdleMs?: number;
  /** Longest pause between two attempts to connect, milliseconds. */
  readonly maxRetryMs?: number;
  /** How long nothing need be asked of the store before it is asked whether it is there, milliseconds; 0: never. */
  readonly watchMs?: number;
  readonly observer?: EventStoreObserver;
}

export const DEFAULTS: Required<EventStoreDbOptions> = {
  appendTimeoutMs: 10_000,
  readIdleMs: 30_000,
  maxRetryMs: 5_000,
  watchMs: 5_000,
  observer: {},
};
