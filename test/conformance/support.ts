import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AllStreamRecordedEvent,
  ANY,
  type AppendExpectedRevision,
  type AppendResult,
  type AppendToStreamOptions,
  binaryEvent,
  type EventData,
  EventStoreDBClient,
  jsonEvent,
  type Position,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { startEmbeddedEventStore } from '@huicai/embedded-eventstore';

// A server on another machine takes its time; what never comes is found out all the same.
jest.setTimeout(30_000);

/** Is the server under test our own? What only it promises, or only it lets a test do, is conditional on this. */
export const isEmbedded = !process.env.EVENTSTORE_URL;

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

/** Cases that need more than a client can ask of a server; against a foreign one their place is taken by the reason. */
export function describeEmbedded(name: string, reason: string, body: () => void): void {
  if (isEmbedded) describe(name, body);
  else
    test(`${name}: left out`, () => {
      process.stdout.write(`${name}: left out against EVENTSTORE_URL: ${reason}\n`);
    });
}

/** The two ways the client appends. */
export const PATHS = ['batch', 'unary'] as const;
export type Path = (typeof PATHS)[number];

/** Appends over one of the two paths; `more` as for `appendToStream`. */
export function appendOver(
  server: ServerUnderTest,
  path: Path,
  stream: string,
  batch: EventData | EventData[],
  expectedRevision: AppendExpectedRevision = ANY,
  more: AppendToStreamOptions = {},
): Promise<AppendResult> {
  const options: AppendToStreamOptions = { expectedRevision, ...more };
  if (path === 'unary') options.credentials = server.credentials;
  return server.client.appendToStream(stream, batch, options);
}

/** User and password of a connection string, percent-decoded; a dummy when it has none. */
export function credentialsOf(url: string): { username: string; password: string } {
  const match = /:\/\/([^:/@]+):([^@]+)@/.exec(url);
  return match
    ? { username: decodeURIComponent(match[1]!), password: decodeURIComponent(match[2]!) }
    : { username: 'admin', password: 'changeit' };
}

/** A connection string with more options. */
export function withOptions(url: string, options: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${options}`;
}

/** A stream name no other test uses. */
export function freshStream(prefix = 'conformance'): string {
  return `${prefix}-${randomUUID()}`;
}

/**
 * Streams of one test, which can be told from those that others write to meanwhile: a foreign server is never still, and
 * $all has everyone's events.
 */
export class OwnStreams {
  private readonly token = randomUUID();
  private count = 0;

  /** A name no one else uses. */
  fresh(prefix = 'own'): string {
    return `${prefix}-${this.token}-${this.count++}`;
  }

  /** Is this one of them, or the metadata of one? */
  readonly has = (stream: string | undefined): boolean => stream?.includes(this.token) ?? false;

  /** Their events in $all, from a position on. */
  async log(client: EventStoreDBClient, fromPosition: Position | undefined): Promise<AllStreamRecordedEvent[]> {
    return (await readLog(client, { fromPosition })).filter(({ streamId }) => this.has(streamId));
  }
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

/** Revisions a read of a stream gives, as numbers. */
export async function revisionsOf(
  client: EventStoreDBClient,
  stream: string,
  options?: Parameters<EventStoreDBClient['readStream']>[1],
): Promise<number[]> {
  return (await readAllOf(client, stream, options)).map(({ event }) => Number(event?.revision));
}

/** The error a call is answered with; throws if it succeeds. */
export async function refusalOf(attempt: Promise<unknown>): Promise<Error> {
  const [result] = await Promise.allSettled([attempt]);
  if (result.status === 'fulfilled') throw new Error('the call was accepted');
  return result.reason as Error;
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

/** A link to another event. Its data is bare text, which the client sends only as binary. */
export function linkTo(revision: number | bigint, stream: string): EventData {
  return binaryEvent({ type: '$>', data: Buffer.from(`${revision}@${stream}`) });
}
