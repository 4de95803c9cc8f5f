// The one file that imports the store's client, so that its successor can take its place.
import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  type ResolvedEvent,
  START,
  type StreamingRead,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { type Attempt, Connection, guarded } from './connection.js';
import { type ConnectionTarget, splitConnectionString } from './connection-string.js';
import { faultOf, messageOf } from './faults.js';
import { follow } from './follow.js';
import { type ClientGuard, guardClient, guardStream } from './guard.js';
import { streamMetadata } from './metadata.js';
import { DEFAULTS, type EventStoreDbOptions } from './options.js';
import { inOrder, oneByOne, pace, standing } from './pace.js';
import type {
  AppendOutcome,
  AppendResult,
  ConnectionState,
  EventStore,
  ExpectedRevision,
  NewEvent,
  ReadAllOptions,
  ReadStreamOptions,
  StoredEvent,
  StreamMetadata,
  SubscribeOptions,
} from './port.js';
import { ConnectionStringError, StoreRefusedError, StoreUnavailableError } from './port.js';
import { assertJson, storedEventOf } from './stored-event.js';
import { watch } from './watch.js';
import { within } from './within.js';

/** An event store that says how its connection stands. */
export interface ConnectedEventStore extends EventStore {
  connection(): ConnectionState;
}

/**
 * An EventStoreDB (or the embedded server that speaks its protocol) behind the port. Nothing is asked of it yet.
 *
 * @param connectionString the client's: hosts and options reach it as they are, name and password go with each call
 * @throws ConnectionStringError
 */
export function connectEventStore(connectionString: string, options: EventStoreDbOptions = {}): ConnectedEventStore {
  const target = splitConnectionString(connectionString);
  return new EventStoreDbAdapter(target, clientFor(target), options);
}

function clientFor({ address, redact }: ConnectionTarget): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(address);
  } catch (error) {
    throw new ConnectionStringError(redact(messageOf(error)));
  }
}

class EventStoreDbAdapter implements ConnectedEventStore {
  private readonly guard: ClientGuard;
  private readonly auth: { readonly credentials?: NonNullable<ConnectionTarget['credentials']> };
  private readonly options: Required<EventStoreDbOptions>;
  private readonly state: Connection;
  private readonly ended = new AbortController();

  constructor(
    private readonly target: ConnectionTarget,
    private readonly client: EventStoreDBClient,
    options: EventStoreDbOptions,
  ) {
    this.options = { ...DEFAULTS, ...options };
    this.guard = guardClient(client);
    this.auth = target.credentials ? { credentials: target.credentials } : {};
    this.state = new Connection(this.options.observer);
    const { watchMs, maxRetryMs, readIdleMs } = this.options;
    const ask = () => this.logReaches(0n, Math.min(readIdleMs, ASK_MS));
    if (watchMs > 0) void watch({ connection: this.state, ask, everyMs: watchMs, maxRetryMs, ended: this.ended.signal });
  }

  connection(): ConnectionState {
    return this.state.state;
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    this.assertOpen();
    if (events.length === 0) throw new RangeError('an append needs an event');
    for (const event of events) assertJson(event);
    const began = performance.now();
    const attempt = this.state.begin();
    const told = (outcome: AppendOutcome) =>
      guarded(() => this.options.observer.onAppend?.(outcome, (performance.now() - began) / 1_000));
    try {
      const result = await this.appendOnce(stream, expected, events);
      attempt.answered();
      told(result.outcome);
      return result;
    } catch (error) {
      const fault = this.faultOf(error);
      if (fault instanceof StoreRefusedError) {
        attempt.answered();
        told('refused');
        throw fault;
      }
      this.noteFailure(attempt, fault);
      told('unknown');
      return { outcome: 'unknown', cause: fault };
    }
  }

  private async appendOnce(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const batch = events.map(({ id, type, data, metadata }) =>
      jsonEvent({ id, type, data: data as never, metadata: metadata as never }),
    );
    const sent = this.client.appendToStream(stream, batch, {
      expectedRevision: expected === 'no_stream' ? NO_STREAM : expected,
      ...this.auth,
      // Whoever has been told "unknown" must not see it sent only then.
      ...({ notAfter: new Date(Date.now() + this.options.appendTimeoutMs) } as object),
    });
    try {
      // The call can stay pending for ever when the server closes it cleanly without an answer.
      const limit = this.options.appendTimeoutMs + Math.min(this.options.appendTimeoutMs, 1_000);
      const { position, nextExpectedRevision: revision } = await within(sent, limit, 'append timed out');
      const before = expected === 'no_stream' ? -1n : expected;
      if (!position || revision !== before + BigInt(events.length))
        throw new StoreUnavailableError('its answer does not fit what was appended');
      return { outcome: 'appended', revision, position: position.commit };
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw error;
      return { outcome: 'conflict', actual: (error as unknown as { actualVersion: ExpectedRevision }).actualVersion };
    }
  }

  readStream(stream: string, { from, maxCount, backwards }: ReadStreamOptions = {}): AsyncGenerator<StoredEvent> {
    const open = () =>
      this.client.readStream(stream, {
        direction: backwards ? BACKWARDS : FORWARDS,
        fromRevision: from ?? (backwards ? END : START),
        ...(maxCount === undefined ? {} : { maxCount }),
        ...this.auth,
      });
    return oneByOne(inOrder(this.read(open, maxCount), backwards, (event) => event.revision));
  }

  readAll(options: ReadAllOptions = {}): AsyncGenerator<StoredEvent> {
    return oneByOne(this.readLog(options, this.options.readIdleMs));
  }

  readAllInPortions(options: ReadAllOptions = {}): AsyncGenerator<readonly StoredEvent[]> {
    return this.readLog(options, this.options.readIdleMs);
  }

  private async *readLog({ after, maxCount, backwards }: ReadAllOptions, idleMs: number): AsyncGenerator<readonly StoredEvent[]> {
    // Forwards the server starts *at* a position, and we want what comes after it.
    const wanted = maxCount !== undefined && !backwards && after !== undefined ? maxCount + 1 : maxCount;
    const open = () =>
      this.client.readAll({
        direction: backwards ? BACKWARDS : FORWARDS,
        fromPosition: after === undefined ? (backwards ? END : START) : { commit: after, prepare: after },
        ...(wanted === undefined ? {} : { maxCount: wanted }),
        ...this.auth,
      });
    let left = maxCount ?? Number.POSITIVE_INFINITY;
    for await (let portion of inOrder(this.read(open, wanted, idleMs), backwards, ({ position }) => position)) {
      if (!backwards && after !== undefined && portion[0]!.position <= after)
        portion = portion.filter(({ position }) => position > after);
      if (portion.length > left) portion = portion.slice(0, left);
      left -= portion.length;
      if (portion.length > 0) yield portion;
    }
  }

  private async *read(
    open: () => StreamingRead<ResolvedEvent>,
    maxCount: number | undefined,
    idleMs = this.options.readIdleMs,
  ): AsyncGenerator<StoredEvent[]> {
    this.assertOpen();
    const attempt = this.state.begin();
    try {
      for await (const portion of pace(guardStream(open()), idleMs, maxCount)) {
        attempt.answered();
        const events: StoredEvent[] = [];
        for (const given of portion) {
          const event = storedEventOf(given);
          if (event) events.push(event);
        }
        if (events.length > 0) yield events;
      }
      attempt.answered();
    } catch (error) {
      if (error instanceof StreamNotFoundError) return attempt.answered();
      const fault = this.faultOf(error);
      if (fault instanceof StoreRefusedError) attempt.answered();
      else this.noteFailure(attempt, fault);
      guarded(() => this.options.observer.onReadFailure?.());
      throw fault;
    }
  }

  followAll(options: SubscribeOptions): AsyncGenerator<StoredEvent, void, undefined> {
    const signal = AbortSignal.any([options.signal, this.ended.signal]);
    return follow(
      {
        subscribe: (...given) => this.subscribe(...given),
        connection: this.state,
        observer: this.options.observer,
        maxRetryMs: this.options.maxRetryMs,
      },
      { ...options, signal },
    );
  }

  private async *subscribe(
    after: bigint | undefined,
    signal: AbortSignal,
    tell: (state: 'connected' | 'caught-up') => void,
  ): AsyncGenerator<StoredEvent> {
    const subscription = guardStream(
      this.client.subscribeToAll({
        fromPosition: after === undefined ? START : { commit: after, prepare: after },
        ...this.auth,
      }),
    );
    let confirmed = false;
    let last = after;
    subscription.on('confirmation', () => {
      confirmed = true;
      tell('connected');
    });
    subscription.on('caughtUp' as never, () => tell('caught-up'));
    const stop = () => subscription.destroy();
    signal.addEventListener('abort', stop, { once: true });
    const missing = async () => {
      if (!confirmed) throw new StoreUnavailableError('the subscription was not confirmed');
      return this.logReaches(last === undefined ? 0n : last + 1n, this.options.readIdleMs).catch(() => false);
    };
    try {
      for await (const given of standing(subscription, this.options.readIdleMs, missing)) {
        const stored = storedEventOf(given);
        if (!stored) continue;
        last = stored.position;
        yield stored;
      }
    } catch (error) {
      if (!signal.aborted) throw this.faultOf(error);
    } finally {
      signal.removeEventListener('abort', stop);
      subscription.unsubscribe().catch(() => undefined);
      subscription.destroy();
    }
  }

  /** Whether events from a position on are there; the store's own do not count, because it does not hand out all of them. */
  private async logReaches(position: bigint, idleMs: number): Promise<boolean> {
    for await (const event of oneByOne(this.readLog({ backwards: true, maxCount: NEWEST }, idleMs)))
      if (event.position >= position && !event.type.startsWith('$')) return true;
    return false;
  }

  async readMetadata(stream: string): Promise<StreamMetadata | undefined> {
    for await (const event of this.readStream(`$$${stream}`, { backwards: true, maxCount: 1 })) return streamMetadata(event);
    return undefined;
  }

  async close(): Promise<void> {
    this.ended.abort();
    this.guard.endCalls();
    // The client waits for every stream to finish, which one that the server has forgotten never does.
    await within(this.client.dispose(), 2_000, 'close').catch(() => undefined);
    this.guard.closeChannel();
  }

  /** What is ended by closing says nothing of the store. */
  private noteFailure(attempt: Attempt, { reason }: StoreUnavailableError): void {
    if (!this.ended.signal.aborted) attempt.failed(reason);
  }

  private assertOpen(): void {
    if (this.ended.signal.aborted) throw new StoreUnavailableError('it has been closed here');
  }

  private faultOf(error: unknown): StoreRefusedError | StoreUnavailableError {
    return faultOf(error, this.target.redact);
  }
}

/** How many of the newest events are looked at for one that is not the store's own. */
const NEWEST = 20;
/** How long the store may take to say that it is there, milliseconds. */
const ASK_MS = 5_000;
