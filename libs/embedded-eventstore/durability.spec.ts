import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { type ServerProcess, startServerProcess, until } from './testing/server-process.js';

interface Acknowledged {
  stream: string;
  ids: string[];
  /** Of the last event. */
  revision: number;
  position: bigint;
}

const WRITERS = 12;
let dir: string;
let server: ServerProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'durability-'));
});
afterEach(async () => {
  server?.child.kill('SIGKILL');
  await server?.exited;
  await rm(dir, { recursive: true });
});

/** Appends of one to five events to its own stream until the server is gone; every acknowledgement is noted. */
async function writeUntilGone(
  client: EventStoreDBClient,
  stream: string,
  known: { attempts: string[][]; acknowledged: Acknowledged[] },
  unary: boolean,
  gone: Promise<unknown>,
): Promise<void> {
  // The client never settles an append begun just after its batch stream broke.
  const lost = gone.then(() => Promise.reject(new Error('the server is gone')));
  lost.catch(() => undefined);
  for (let n = 0; ; n++) {
    const ids = Array.from({ length: 1 + (n % 5) }, () => randomUUID() as string);
    known.attempts.push(ids);
    const batch = ids.map((id, index) =>
      jsonEvent({ id, type: 'Written', data: { of: ids.length, index, fill: 'x'.repeat(200) } }),
    );
    try {
      const credentials = unary ? { credentials: { username: 'a', password: 'b' } } : {};
      const append = client.appendToStream(stream, batch, credentials);
      const { nextExpectedRevision, position } = await Promise.race([append, lost]);
      known.acknowledged.push({ stream, ids, revision: Number(nextExpectedRevision), position: position!.commit });
    } catch {
      // The kill: what became of this append is unknown, and every later one would fail too.
      return;
    }
  }
}

interface Stored {
  id: string;
  revision: number;
  position: bigint;
  data: { of: number; index: number };
}

async function readStored(client: EventStoreDBClient): Promise<Map<string, Stored[]>> {
  const streams = new Map<string, Stored[]>();
  let last = -1n;
  for await (const { event } of client.readAll()) {
    if (event?.type !== 'Written') continue;
    const position = event.position!.commit;
    expect(position > last).toBe(true);
    last = position;
    const stored = { id: event.id, revision: Number(event.revision), position, data: event.data as Stored['data'] };
    streams.set(event.streamId, [...(streams.get(event.streamId) ?? []), stored]);
  }
  return streams;
}

test('after kill -9 under concurrent writers every acknowledged append is there, and none in part', async () => {
  const known = { attempts: [] as string[][], acknowledged: [] as Acknowledged[] };
  const streams = Array.from({ length: WRITERS }, (_, n) => `writer${n}-${randomUUID()}`);
  for (let round = 1; round <= 3; round++) {
    const before = known.acknowledged.length;
    server = await startServerProcess(['--dir', dir, '--port', '0']);
    const { exited } = server;
    // The batch path shares one table of pending appends per process, so only one client may use it.
    const client = server.client();
    const writers = streams.map((stream, n) => writeUntilGone(client, stream, known, n % 2 === 0, exited));
    // Every round is killed in full flight, each after more appends than the one before.
    const enough = 60 * round;
    await until(() => known.acknowledged.length - before >= enough);
    server.child.kill('SIGKILL');
    expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });
    await Promise.all(writers);
    await client.dispose();

    server = await startServerProcess(['--dir', dir, '--port', '0']);
    const reader = server.client();
    const stored = await readStored(reader);
    for (const { stream, ids, revision, position } of known.acknowledged) {
      const found = stored.get(stream)!.slice(revision - ids.length + 1, revision + 1);
      expect(found.map(({ id }) => id)).toEqual(ids);
      expect(found.at(-1)?.position).toBe(position);
    }
    const attempted = new Set(known.attempts.flat());
    for (const events of stored.values()) {
      expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
      for (const event of events) expect(attempted.has(event.id)).toBe(true);
      // An append is its first event followed by all its others.
      for (let at = 0; at < events.length; at += events[at]!.data.of) {
        const append = events.slice(at, at + events[at]!.data.of);
        expect(append.map(({ data }) => data.index)).toEqual(Array.from({ length: events[at]!.data.of }, (_, index) => index));
      }
    }
    // Repeating what was acknowledged writes nothing new, even though the server was killed.
    const last = known.acknowledged.at(-1)!;
    const repeated = last.ids.map((id) => jsonEvent({ id, type: 'Written', data: {} }));
    const answer = await reader.appendToStream(last.stream, repeated, { credentials: { username: 'a', password: 'b' } });
    expect(answer.nextExpectedRevision).toBe(BigInt(last.revision));
    expect(answer.position?.commit).toBe(last.position);
    await reader.dispose();
    server.child.kill('SIGKILL');
    await server.exited;
  }
}, 60_000);
