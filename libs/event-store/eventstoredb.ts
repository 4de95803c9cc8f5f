// The one file that imports the store's client, so that its successor can take its place.
import {
  AccessDeniedError,
  BACKWARDS,
  type Credentials,
  END,
  EventStoreDBClient,
  FORWARDS,
  InvalidArgumentError,
  jsonEvent,
  MaxAppendSizeExceededError,
  NO_STREAM,
  type RecordedEvent,
  RequiredMetadataPropertyMissingError,
  START,
  StreamDeletedError,
  type StreamingRead,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import type {
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  ReadAllOptions,
  ReadStreamOptions,
  StoredEvent,
  SubscribeOptions,
} from './port.js';
import { StoreUnavailableError } from './port.js';

export interface EventStoreDbOptions {
  /** How long one append may take before its outcome counts as unknown, milliseconds. */
  readonly appendTimeoutMs?: number;
  /** How long a read may stand still before it counts as failed, milliseconds. */
  readonly readIdleMs?: number;
  /** Longest pause between two attempts to subscribe, milliseconds. */
  readonly maxRetryMs?: number;
}

/**
 * An EventStoreDB (or the embedded server that speaks its protocol) behind the port.
 *
 * Appends take the client's unary path: its batch path keeps one table of pending promises per process, where an error on one
 * stream settles appends of others. Credentials given with the call select that path; over plaintext they are never sent.
 */
export function connectEventStore(connectionString: string, options: EventStoreDbOptions = {}): EventStore {
  return new EventStoreDbAdapter(connectionString, options);
}

class EventStoreDbAdapter implements EventStore {
  private readonly client: EventStoreDBClient;
  private readonly credentials: Credentials;
  private readonly appendTimeoutMs: number;
  private readonly readIdleMs: number;
  private readonly maxRetryMs: number;

  constructor(
    connectionString: string,
    { appendTimeoutMs = 10_000, readIdleMs = 30_000, maxRetryMs = 5_000 }: EventStoreDbOptions,
  ) {
    this.client = EventStoreDBClient.connectionString(connectionString);
    this.credentials = credentialsOf(connectionString);
    this.appendTimeoutMs = appendTimeoutMs;
    this.readIdleMs = readIdleMs;
    this.maxRetryMs = maxRetryMs;
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const batch = events.map(({ id, type, data, metadata }) =>
      jsonEvent({ id, type, data: data as never, metadata: metadata as never }),
    );
    const sent = this.client.appendToStream(stream, batch, {
      expectedRevision: expected === 'no_stream' ? NO_STREAM : expected,
      credentials: this.credentials,
      deadline: this.appendTimeoutMs,
    });
    try {
      // The call can stay pending for ever when the server closes it cleanly without an answer.
      const result = await within(sent, this.appendTimeoutMs + 1_000, 'append timed out');
      if (!result.position) return { outcome: 'unknown', cause: new Error('the store named no position') };
      return { outcome: 'appended', revision: result.nextExpectedRevision, position: result.position.commit };
    } catch (error) {
      if (error instanceof WrongExpectedVersionError) {
        const { actualVersion } = error as unknown as { actualVersion: bigint | 'no_stream' };
        return { outcome: 'conflict', actual: actualVersion };
      }
      if (isFinal(error)) throw error;
      return { outcome: 'unknown', cause: asError(error) };
    }
  }

  async *readStream(stream: string, { from, maxCount, backwards }: ReadStreamOptions = {}): AsyncGenerator<StoredEvent> {
    const reading = this.client.readStream(stream, {
      direction: backwards ? BACKWARDS : FORWARDS,
      fromRevision: from ?? (backwards ? END : START),
      ...(maxCount === undefined ? {} : { maxCount }),
    });
    try {
      for await (const { event } of this.paced(reading, isShort(maxCount))) if (event) yield storedEvent(event);
    } catch (error) {
      if (error instanceof StreamNotFoundError) return;
      throw unavailable(error);
    }
  }

  async *readAll({ after, maxCount, backwards }: ReadAllOptions = {}): AsyncGenerator<StoredEvent> {
    const reading = this.client.readAll({
      direction: backwards ? BACKWARDS : FORWARDS,
      fromPosition: after === undefined ? (backwards ? END : START) : { commit: after, prepare: after },
      // Forwards the server starts *at* a position, and we want what comes after it.
      ...(maxCount === undefined ? {} : { maxCount: backwards || after === undefined ? maxCount : maxCount + 1 }),
    });
    try {
      let left = maxCount ?? Number.POSITIVE_INFINITY;
      for await (const { event } of this.paced(reading, isShort(maxCount))) {
        if (!event || (!backwards && after !== undefined && event.position.commit <= after)) continue;
        if (left-- <= 0) return;
        yield storedEvent(event);
      }
    } catch (error) {
      throw unavailable(error);
    }
  }

  async *followAll({ after, signal, onState }: SubscribeOptions): AsyncGenerator<StoredEvent, void, undefined> {
    let last = after;
    let failures = 0;
    while (!signal.aborted) {
      let cause = 'the server ended the subscription';
      try {
        for await (const event of this.subscribeOnce(last, signal, onState)) {
          // A server may repeat a position after a reconnect; moving backwards is never right.
          if (last !== undefined && event.position <= last) continue;
          failures = 0;
          last = event.position;
          yield event;
        }
      } catch (error) {
        cause = asError(error).message;
      }
      if (signal.aborted) return;
      const retryInMs = Math.round(Math.min(this.maxRetryMs, 100 * 2 ** failures) * (0.5 + Math.random() / 2));
      failures = Math.min(failures + 1, 16);
      onState?.({ state: 'dropped', cause, retryInMs });
      await pause(retryInMs, signal);
    }
  }

  /** One life of a subscription. Returns when the server closes it, throws when it breaks; both are a drop to the caller. */
  private async *subscribeOnce(after: bigint | undefined, signal: AbortSignal, onState: SubscribeOptions['onState']) {
    const subscription = this.client.subscribeToAll({
      fromPosition: after === undefined ? START : { commit: after, prepare: after },
    });
    subscription.on('confirmation', () => onState?.({ state: 'connected' }));
    subscription.on('caughtUp' as never, () => onState?.({ state: 'caught-up' }));
    const stop = () => subscription.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const { event } of subscription) if (event) yield storedEvent(event);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      subscription.unsubscribe().catch(() => undefined);
      subscription.destroy();
    }
  }

  async close(): Promise<void> {
    // The client waits for every stream to finish, which one that the server has forgotten never does.
    await within(this.client.dispose(), 2_000, 'close').catch(() => undefined);
  }

  /**
   * Fails a read that delivers nothing for too long while we are waiting for it (not while the consumer is busy).
   *
   * @param bounded the read ends by itself after a few events
   */
  private async *paced<T>(reading: StreamingRead<T>, bounded: boolean): AsyncGenerator<T> {
    const iterator = reading[Symbol.asyncIterator]();
    let open = true;
    try {
      for (;;) {
        const step = await within(iterator.next(), this.readIdleMs, 'read stood still');
        if (step.done) {
          open = false;
          return;
        }
        yield step.value as T;
      }
    } catch (error) {
      open = !(error instanceof StreamNotFoundError);
      throw error;
    } finally {
      if (open && bounded) void drain(iterator);
      // Dropping the client's stream leaves the call behind it open, held by flow control, until it is cancelled.
      else if (open) {
        reading.cancel().catch(() => undefined);
        reading.destroy();
      }
    }
  }
}

/**
 * Reads what is left of a short read. Cancelling it instead resets its HTTP/2 stream, and a server takes a client that resets
 * many streams for an attacker and closes the connection under all other calls.
 */
async function drain(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    while (!(await iterator.next()).done);
  } catch {
    // Nobody waits for the rest.
  }
}

/** How many events are read to their end rather than cancelled when nobody wants the rest. */
const SHORT_READ = 100;

const isShort = (maxCount: number | undefined): boolean => maxCount !== undefined && maxCount <= SHORT_READ;

function storedEvent(event: RecordedEvent): StoredEvent {
  return {
    id: event.id,
    stream: event.streamId,
    revision: event.revision,
    position: event.position?.commit ?? 0n,
    type: event.type,
    data: event.data,
    metadata: event.metadata,
    created: event.created.getTime(),
  };
}

/** No retry can help these. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof StreamDeletedError ||
    error instanceof AccessDeniedError ||
    error instanceof MaxAppendSizeExceededError ||
    error instanceof RequiredMetadataPropertyMissingError ||
    error instanceof InvalidArgumentError
  );
}

function unavailable(error: unknown): Error {
  if (error instanceof StoreUnavailableError || isFinal(error)) return error as Error;
  return new StoreUnavailableError(asError(error).message);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function credentialsOf(connectionString: string): Credentials {
  const userInfo = /^esdb(?:\+discover)?:\/\/([^@/]*)@/.exec(connectionString)?.[1];
  const [username = 'none', password = 'none'] = userInfo?.split(':').map(decodeURIComponent) ?? [];
  return { username, password };
}

async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
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

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
