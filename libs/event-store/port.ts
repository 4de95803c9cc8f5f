/** An event on its way into the store. `data` and `metadata` are written as given: make them canonically ordered first. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly metadata: object;
}

/** An event as the store holds it. */
export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  /** Commit position; strictly increasing in `$all`, meaningless in another store, never to be computed with. */
  readonly position: bigint;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
  /** The store's own clock, epoch milliseconds. */
  readonly created: number;
}

export type ExpectedRevision = bigint | 'no_stream';

/**
 * What is known after an append. `unknown` means just that: the events may be there or may come yet; the caller resends the same
 * bytes or looks.
 */
export type AppendResult =
  | { readonly outcome: 'appended'; readonly revision: bigint; readonly position: bigint }
  | { readonly outcome: 'conflict'; readonly actual: ExpectedRevision }
  | { readonly outcome: 'unknown'; readonly cause: Error };

export interface ReadStreamOptions {
  /** First revision wanted; from the start (or, backwards, the end) when left out. */
  readonly from?: bigint;
  readonly maxCount?: number;
  readonly backwards?: boolean;
}

export interface ReadAllOptions {
  /** Events after this position; from the start when left out. */
  readonly after?: bigint;
  readonly maxCount?: number;
  readonly backwards?: boolean;
}

export type SubscriptionState =
  | { readonly state: 'connected' }
  | { readonly state: 'caught-up' }
  | { readonly state: 'dropped'; readonly cause: string; readonly retryInMs: number };

export interface SubscribeOptions {
  /** Events after this position; everything when left out. */
  readonly after?: bigint;
  readonly signal: AbortSignal;
  readonly onState?: (state: SubscriptionState) => void;
}

/** The store could not answer. Nothing is known to have been written by a call that throws this while reading. */
export class StoreUnavailableError extends Error {
  constructor(readonly reason: string) {
    super(`Event store unavailable: ${reason}`);
    this.name = 'StoreUnavailableError';
  }
}

/** What the system needs of an event store, and no more. */
export interface EventStore {
  /**
   * Appends at an exact revision, all or nothing; durable when it answers `appended`.
   *
   * @throws Error only for what can never succeed (too large, stream tombstoned, access denied); everything uncertain is an `unknown` outcome.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>;
  /** A stream that does not exist reads as empty. @throws StoreUnavailableError */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<StoredEvent>;
  /** System events (`$` types) included. @throws StoreUnavailableError */
  readAll(options?: ReadAllOptions): AsyncIterable<StoredEvent>;
  /** Follows `$all` for ever, reconnecting with jitter; ends only when the signal aborts. The consumer's pace is the subscription's. */
  followAll(options: SubscribeOptions): AsyncGenerator<StoredEvent, void, undefined>;
  close(): Promise<void>;
}
