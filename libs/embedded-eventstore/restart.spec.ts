import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AllStreamRecordedEvent, EventStoreDBClient, jsonEvent, NO_STREAM, StreamDeletedError } from '@eventstore/db-client';
import { DirectoryInUseError } from '@huicai/runtime';
import { open } from 'lmdb';
import {
  DamagedRecordError,
  type EmbeddedEventStore,
  ListenError,
  StorageFormatError,
  startEmbeddedEventStore,
} from './index.js';

let dir: string;
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'restart-'));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await rm(dir, { recursive: true });
});

async function start(where = dir): Promise<{ server: EmbeddedEventStore; client: EventStoreDBClient; stop(): Promise<void> }> {
  const server = await startEmbeddedEventStore({ dir: where });
  const client = EventStoreDBClient.connectionString(server.connectionString);
  const stop = async () => {
    await client.dispose();
    await server.stop();
  };
  stops.push(stop);
  return { server, client, stop };
}

async function readLog(client: EventStoreDBClient): Promise<AllStreamRecordedEvent[]> {
  const log: AllStreamRecordedEvent[] = [];
  for await (const { event } of client.readAll()) log.push(event!);
  return log;
}

const event = (n: number) => jsonEvent({ type: 'Kept', data: { n }, metadata: { 惠才: n } });

test('a restart changes nothing that was written, and numbering goes on', async () => {
  const first = await start();
  const batch = Array.from({ length: 150 }, (_, n) => event(n));
  await Promise.all(batch.map((one, n) => first.client.appendToStream(`stream-${n % 7}`, one)));
  await first.client.appendToStream('gone', event(0));
  await first.client.tombstoneStream('gone');
  await first.client.appendToStream('hidden', [event(0), event(1)]);
  await first.client.deleteStream('hidden');
  const before = await readLog(first.client);
  await first.stop();

  const second = await start();
  expect(await readLog(second.client)).toEqual(before);
  await expect(second.client.appendToStream('gone', event(1))).rejects.toBeInstanceOf(StreamDeletedError);
  expect((await second.client.appendToStream('hidden', event(2), { expectedRevision: NO_STREAM })).nextExpectedRevision).toBe(2n);
  const next = await second.client.appendToStream('stream-0', event(1000), { expectedRevision: 21n });
  expect(next.nextExpectedRevision).toBe(22n);
  expect(next.position!.commit).toBeGreaterThan(before.at(-1)!.position!.commit);
  const fresh = await second.client.appendToStream('fresh', event(0), { expectedRevision: NO_STREAM });
  expect(fresh.nextExpectedRevision).toBe(0n);
});

test('an append repeated after a restart is recognised by its ids alone', async () => {
  const first = await start();
  const batch = [event(1), event(2)];
  const answer = await first.client.appendToStream('s', batch);
  await first.client.appendToStream('s', event(3));
  await first.stop();
  const second = await start();
  expect(await second.client.appendToStream('s', batch)).toEqual(answer);
});

test('the system events of a fresh directory are written once', async () => {
  const first = await start();
  const before = await readLog(first.client);
  expect(before.map(({ type }) => type)).toEqual(['$UserCreated', '$UserCreated', '$User']);
  await first.stop();
  const second = await start();
  expect(await readLog(second.client)).toEqual(before);
});

test('several servers can run in one process, each on its own directory', async () => {
  const one = await start(join(dir, 'one'));
  const two = await start(join(dir, 'two'));
  await one.client.appendToStream('s', event(1), { credentials: { username: 'a', password: 'b' } });
  const read = async () => {
    for await (const _ of two.client.readStream('s')) throw new Error('read from the wrong server');
  };
  await expect(read()).rejects.toMatchObject({ type: 'stream-not-found' });
  expect(one.server.port).not.toBe(two.server.port);
});

test('a directory serves one server at a time, and is free again after stop', async () => {
  const first = await start();
  await expect(startEmbeddedEventStore({ dir })).rejects.toBeInstanceOf(DirectoryInUseError);
  await first.stop();
  await first.server.stop();
  await start();
});

test.each(['0.0.0.0', '192.0.2.1', 'example.org', '::', '127.0.0.1.example.org'])('host %s is refused', async (host) => {
  await expect(startEmbeddedEventStore({ dir, host })).rejects.toBeInstanceOf(ListenError);
  await start();
});

test('a directory of another storage format is refused and left alone', async () => {
  await (await start()).stop();
  const root = open({ path: dir, overlappingSync: false, encoding: 'binary' });
  await root.openDB({ name: 'sys', encoding: 'string' }).put('format', '2');
  await root.close();
  await expect(startEmbeddedEventStore({ dir })).rejects.toBeInstanceOf(StorageFormatError);
  await expect(startEmbeddedEventStore({ dir })).rejects.toBeInstanceOf(StorageFormatError);
});

test('a damaged record is reported, never served', async () => {
  const first = await start();
  await first.client.appendToStream('s', [event(1), event(2)]);
  const last = (await readLog(first.client)).at(-1)!;
  await first.stop();
  const root = open({ path: dir, overlappingSync: false, encoding: 'binary' });
  const log = root.openDB<Buffer, number>({ name: 'log', encoding: 'binary' });
  const position = Number(last.position!.commit);
  const bytes = Buffer.from(log.get(position)!);
  bytes[bytes.length - 3]! ^= 1;
  await log.put(position, bytes);
  await root.close();
  await expect(startEmbeddedEventStore({ dir })).rejects.toBeInstanceOf(DamagedRecordError);
});
