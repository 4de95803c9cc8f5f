import { BACKWARDS, END, type EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import { type Append, dataOf, isLoss } from './eventstore-writers.fixture.js';

/** An event as it was read. */
export interface Logged {
  id: string;
  stream: string;
  revision: number;
  position: bigint;
  type: string;
  data: unknown;
}

/** All of $all, oldest first. */
export async function readLog(client: EventStoreDBClient): Promise<Logged[]> {
  const log: Logged[] = [];
  for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START })) {
    const { id, streamId, revision, position, type, data } = event!;
    log.push({ id, stream: streamId, revision: Number(revision), position: position.commit, type, data });
  }
  return log;
}

/**
 * Checks the log of a server against what its writers know: nothing acknowledged is missing, nothing is there in part or
 * twice, nothing was made up, and all ways to read agree.
 * @param newest how many events of each stream, and a multiple of them of $all, are read in the other ways; default all
 */
export async function verifyLog(
  client: EventStoreDBClient,
  ledger: readonly Append[],
  newest = Number.MAX_SAFE_INTEGER,
): Promise<Logged[]> {
  const log = await readLog(client);
  expectOrder(log);
  const found = appendsIn(log.filter(({ type }) => type === 'Written'));
  const known = new Map(ledger.map((append) => [append.key, append]));
  for (const [key, events] of found) {
    const append = known.get(key)!;
    const sent = append.ids.map((id, index) => ({ id, stream: append.stream, data: dataOf(append, index) }));
    expect(events.map(({ id, stream, data }) => ({ id, stream, data }))).toEqual(sent);
  }
  const missing = ledger.filter(({ key, answer }) => answer && !found.has(key)).map(({ key }) => key);
  expect(missing).toEqual([]);
  for (const { key, answer } of ledger) {
    if (!answer) continue;
    const last = found.get(key)!.at(-1)!;
    expect({ revision: BigInt(last.revision), position: last.position }).toEqual(answer);
  }
  await expectSameByStream(client, log, newest);
  await expectSameBackwards(client, log, newest);
  return log;
}

/** Keys of the appends that are there, each with its events; every one stands together, and only once. */
function appendsIn(written: readonly Logged[]): Map<string, Logged[]> {
  const appends = new Map<string, Logged[]>();
  for (let at = 0; at < written.length; ) {
    const { append, of } = written[at]!.data as { append: string; of: number };
    const events = written.slice(at, at + of);
    expect(events.map(({ data }) => (data as { append: string }).append)).toEqual(Array.from({ length: of }, () => append));
    expect(appends.has(append)).toBe(false);
    appends.set(append, events);
    at += of;
  }
  return appends;
}

/** Positions strictly increase, and every stream counts from 0 without a gap. */
function expectOrder(log: readonly Logged[]): void {
  const next = new Map<string, number>();
  let last = -1n;
  for (const { stream, revision, position } of log) {
    if (position <= last) throw new Error(`Position ${position} comes after ${last}`);
    last = position;
    const expected = next.get(stream) ?? 0;
    if (revision !== expected) throw new Error(`${stream} goes on with revision ${revision} instead of ${expected}`);
    next.set(stream, revision + 1);
  }
}

async function expectSameByStream(client: EventStoreDBClient, log: readonly Logged[], newest: number): Promise<void> {
  const streams = new Map<string, string[]>();
  for (const { stream, id, revision } of log) {
    const events = streams.get(stream) ?? [];
    streams.set(stream, events);
    events.push(`${revision} ${id}`);
  }
  for (const [stream, events] of streams) {
    const read: string[] = [];
    const fromRevision = BigInt(Math.max(0, events.length - newest));
    for await (const { event } of client.readStream(stream, { fromRevision })) read.push(`${event!.revision} ${event!.id}`);
    expect(read).toEqual(events.slice(-newest));
  }
}

async function expectSameBackwards(client: EventStoreDBClient, log: readonly Logged[], newest: number): Promise<void> {
  const read: string[] = [];
  const maxCount = Math.min(log.length + 1, newest * 10);
  for await (const { event } of client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount })) read.push(event!.id);
  expect(read.reverse()).toEqual(log.slice(-maxCount).map(({ id }) => id));
}

/** A subscriber to $all that goes on from where it was whenever it is given another server. */
export class Follower {
  readonly seen: string[] = [];
  position = -1n;

  /** Follows until the server goes. @throws whatever ends the subscription for another reason */
  async follow(client: EventStoreDBClient): Promise<void> {
    const at = this.position;
    const subscription = client.subscribeToAll({ fromPosition: at < 0n ? START : { commit: at, prepare: at } });
    try {
      for await (const { event } of subscription) {
        this.seen.push(event!.id);
        this.position = event!.position.commit;
      }
    } catch (error) {
      if (!isLoss(error)) throw error;
    }
  }
}
