import { type AppendResult, type EventData, NO_STREAM } from '@eventstore/db-client';
import { events, freshStream, type ServerUnderTest } from './support.js';

/** What can have become of a stream before it is written to. */
export const STATES = [
  'never existed',
  'only metadata',
  'exists',
  'soft-deleted',
  'soft-deleted with nothing but metadata',
  'revived',
  'tombstoned',
] as const;
export type State = (typeof STATES)[number];

/** A stream in one of the states. */
export interface PreparedStream {
  name: string;
  /** Every event ever appended to it, and how its append was answered: index = revision. */
  written: EventData[];
  answers: AppendResult[];
  /** Last revision; -1 if it has no events. */
  last: number;
}

/** Brings a fresh stream into a state. Streams with events have three of them, the revived one two more. */
export async function prepare(server: ServerUnderTest, state: State): Promise<PreparedStream> {
  const { client } = server;
  const stream: PreparedStream = { name: freshStream('状态'), written: [], answers: [], last: -1 };
  const append = async (count: number) => {
    const batch = events(count);
    // One after the other, but on their way together: a client's appends to a stream take effect in order.
    stream.answers.push(...(await Promise.all(batch.map((event) => client.appendToStream(stream.name, event)))));
    stream.written.push(...batch);
    stream.last += count;
  };
  if (state === 'only metadata' || state === 'soft-deleted with nothing but metadata') {
    await client.setStreamMetadata(stream.name, { owner: '惠才' });
  } else if (state !== 'never existed') await append(3);
  if (state === 'soft-deleted' || state === 'revived' || state === 'soft-deleted with nothing but metadata') {
    await client.deleteStream(stream.name);
  }
  if (state === 'revived') await append(2);
  if (state === 'tombstoned') await client.tombstoneStream(stream.name);
  return stream;
}

/** An event that another stream already holds. */
export async function writtenElsewhere(server: ServerUnderTest): Promise<EventData> {
  const [event] = events(1);
  await server.client.appendToStream(freshStream('别处'), event!, { expectedRevision: NO_STREAM });
  return event!;
}
