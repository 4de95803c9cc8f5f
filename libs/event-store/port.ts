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

/**
 * What a store keeps about a stream. What is missing or senseless (a count of zero, an age that is no number) is left out, as the
 * store itself ignores it.
 */
export interface StreamMetadata {
  /** Only so many of the newest events are shown. */
  readonly maxCount?: number;
  /** Events older than so many seconds are not shown. */
  readonly maxAge?: number;
  /** First revision that is shown; {@link DELETED} when the stream has been deleted. */
  readonly truncateBefore?: bigint;
  /** Who may do what, as the store keeps it. */
  readonly acl?: unknown;
  /** Revision of the metadata itself. */
  readonly revision: bigint;
}

/** `truncateBefore` of a stream that has been deleted and may be written again. */
export const DELETED = 2n ** 63n - 1n;

/** The store could not answer. Nothing is known to have been written by a call that throws this while reading. */
export class StoreUnavailableError extends Error {
  constructor(readonly reason: string) {
    super(`Event store unavailable: ${reason}`);
    this.name = 'StoreUnavailableError';
  }
}

/** Why a store refuses for good; its own words are left out, because they may repeat what it was given. */
const REFUSALS = {
  'access-denied': 'the user of the connection string may not do this, or name and password are wrong',
  'stream-deleted': 'the stream has been deleted for ever',
  'too-large': 'the events are too large to be written at once',
  invalid: 'the request is not one it understands',
} as const;

/** The store has answered, and the answer stays the same however often it is asked. */
export class StoreRefusedError extends Error {
  constructor(readonly reason: keyof typeof REFUSALS) {
    super(`The event store refuses: ${REFUSALS[reason]}`);
    this.name = 'StoreRefusedError';
  }
}

/** The connection string can not be used; the message never repeats it. */
export class ConnectionStringError extends Error {
  constructor(why: string) {
    super(`The event store's connection string can not be used: ${why}`);
    this.name = 'ConnectionStringError';
  }
}

/** Whether the store can be reached, as its answers tell. */
export type ConnectionState =
  /** Nothing has been asked yet. */
  | { readonly state: 'new' }
  | { readonly state: 'connected' }
  | {
      readonly state: 'dropped';
      /** Epoch milliseconds of the first failure. */
      readonly since: number;
      readonly cause: string;
      /** Calls that have failed since then. */
      readonly attempts: number;
    };

/** `unknown` and `conflict` as in {@link AppendResult}; `refused` is a {@link StoreRefusedError}. */
export type AppendOutcome = AppendResult['outcome'] | 'refused';

/** Looks on; what it throws is reported as a process warning and changes nothing. */
export interface EventStoreObserver {
  /** Told when the connection is first made, lost or made again; not at every attempt. */
  onConnection?(state: ConnectionState): void;
  onAppend?(outcome: AppendOutcome, seconds: number): void;
  /** A read, or one attempt to subscribe, has failed. */
  onReadFailure?(): void;
}

/** What the system needs of an event store, and no more. */
export interface EventStore {
  /**
   * Appends at an exact revision, all or nothing; durable when it answers `appended`.
   *
   * @throws StoreRefusedError for what can never succeed (too large, stream tombstoned, access denied); TypeError or RangeError for
   * events that can not be written as JSON, or none; StoreUnavailableError after `close`. Everything uncertain is an `unknown` outcome.
   */
  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>;
  /** A stream that does not exist reads as empty. @throws StoreUnavailableError, StoreRefusedError */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<StoredEvent>;
  /** System events (`$` types) included. @throws StoreUnavailableError, StoreRefusedError */
  readAll(options?: ReadAllOptions): AsyncIterable<StoredEvent>;
  /** The same in portions, none of them empty, as they arrive: for those who read millions. @throws as readAll */
  readAllInPortions(options?: ReadAllOptions): AsyncIterable<readonly StoredEvent[]>;
  /**
   * Follows `$all` for ever, reconnecting with jitter; ends only when the signal aborts or the store is closed. The consumer's pace is
   * the subscription's. Positions only ever grow; whatever comes again after a reconnect is left out. What `onState` throws is
   * reported as a process warning.
   *
   * @throws StoreRefusedError
   */
  followAll(options: SubscribeOptions): AsyncGenerator<StoredEvent, void, undefined>;
  /** Undefined for a stream that has no metadata. @throws StoreUnavailableError, StoreRefusedError */
  readMetadata(stream: string): Promise<StreamMetadata | undefined>;
  /** Ends everything that still runs, followers included; nothing can be asked afterwards. */
  close(): Promise<void>;
}
