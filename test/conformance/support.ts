import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AllStreamRecordedEvent,
  type AllStreamSubscription,
  type EventData,
  EventStoreDBClient,
  jsonEvent,
  type ResolvedEvent,
  type StreamSubscription,
} from '@eventstore/db-client';
import { startEmbeddedEventStore } from '@huicai/embedded-eventstore';

/** The server under test: the one EVENTSTORE_URL names, else an embedded one. */
export interface ServerUnderTest {
  url: string;
  client: EventStoreDBClient;
  /** Per-call credentials. They make the client take the unary append; without them it takes the batch append. */
  credentials: { username: string; password: string };
  stop(): Promise<void>;
}

/** Connects to the server under test; `stop` disposes the client and ends an embedded server. */
export async function serverUnderTest(): Promise<ServerUnderTest> {
  const external = process.env.EVENTSTORE_URL;
  if (external) {
    const client = EventStoreDBClient.connectionString(external);
    return { url: external, client, credentials: credentialsOf(external), stop: () => client.dispose() };
  }
  const dir = await mkdtemp(join(tmpdir(), 'conformance-'));
  const errors: unknown[] = [];
  const server = await startEmbeddedEventStore({ dir, onError: (error) => errors.push(error) });
  const client = EventStoreDBClient.connectionString(server.connectionString);
  return {
    url: server.connectionString,
    client,
    credentials: credentialsOf(server.connectionString),
    async stop() {
      await client.dispose();
      await server.stop();
      await rm(dir, { recursive: true });
      if (errors.length > 0) throw new AggregateError(errors, 'the server reported errors');
    },
  };
}

function credentialsOf(url: string): { username: string; password: string } {
  const match = /:\/\/([^:/@]+):([^@]+)@/.exec(url);
  return match
    ? { username: decodeURIComponent(match[1]!), password: decodeURIComponent(match[2]!) }
    : { username: 'admin', password: 'changeit' };
}

/** A stream name no other test uses. */
export function freshStream(prefix = 'conformance'): string {
  return `${prefix}-${randomUUID()}`;
}

/** `count` events with fresh ids, numbered from `from` in their data. */
export function events(count: number, type = 'Numbered', from = 0): EventData[] {
  return Array.from({ length: count }, (_, index) => jsonEvent({ type, data: { n: from + index } }));
}

/** Reads a stream to its end; options as for `readStream`. */
export async function readAllOf(
  client: EventStoreDBClient,
  stream: string,
  options?: Parameters<EventStoreDBClient['readStream']>[1],
): Promise<ResolvedEvent[]> {
  const found: ResolvedEvent[] = [];
  for await (const event of client.readStream(stream, options)) found.push(event);
  return found;
}

/** The error a call is answered with; throws if it succeeds. */
export async function refusalOf(attempt: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([attempt]);
  if (result.status === 'fulfilled') throw new Error('the call was accepted');
  return result.reason;
}

/** Reads $all from a position to the end. */
export async function readLog(
  client: EventStoreDBClient,
  options?: Parameters<EventStoreDBClient['readAll']>[0],
): Promise<AllStreamRecordedEvent[]> {
  const found: AllStreamRecordedEvent[] = [];
  for await (const { event } of client.readAll(options)) if (event) found.push(event);
  return found;
}

/** Everything a subscription emits, with a way to wait for what is expected. */
export class Recorder {
  /** Events, 'caught-up', 'checkpoint' in the order they came. */
  readonly log: string[] = [];
  readonly events: ResolvedEvent[] = [];
  caughtUp = 0;
  error: Error | undefined;
  private readonly checks = new Set<() => void>();

  constructor(readonly subscription: AllStreamSubscription | StreamSubscription) {
    subscription.on('data', (event: ResolvedEvent) => {
      this.events.push(event);
      this.note(`${(event.link ?? event.event)?.type}`);
    });
    subscription.on('caughtUp', () => {
      this.caughtUp++;
      this.note('caught-up');
    });
    subscription.on('error', (error: Error) => {
      this.error = error;
      this.note('error');
    });
  }

  note(entry: string): void {
    this.log.push(entry);
    for (const check of [...this.checks]) check();
  }

  /** Waits until `condition` holds; jest's own timeout ends a wait in vain. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.checks.delete(check);
        resolve();
      };
      this.checks.add(check);
      check();
    });
  }
}
