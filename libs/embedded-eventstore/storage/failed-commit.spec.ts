import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent, START } from '@eventstore/db-client';
import { startEmbeddedEventStore } from '../server.js';
import { CommitQueue, StoreUnavailableError } from './commit-queue.js';
import { LogDatabase } from './database.js';
import { EventLog } from './event-log.js';
import type { NewEvent } from './new-event.js';

const none = Buffer.alloc(0);
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'failed-commit-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(dir, { recursive: true });
});

const event = (change: Partial<NewEvent> = {}): NewEvent => ({
  id: randomBytes(16),
  type: 'T',
  isJson: false,
  customMetadata: none,
  data: none,
  ...change,
});

/** The disk refuses the next transaction. */
const breakDisk = () => jest.spyOn(LogDatabase.prototype, 'write').mockRejectedValueOnce(new Error('EIO: i/o error, fdatasync'));

test('a failed commit fails its appends and all later ones, is told once, and leaves no trace', async () => {
  const fatal: Error[] = [];
  const log = await EventLog.open(dir, { onFatal: (cause) => fatal.push(cause) });
  await log.append('s', 'no_stream', [event()]);
  const position = log.reader.lastPosition;
  breakDisk();
  const together = ['s', 's', 'other'].map((stream) => log.append(stream, 'any', [event()]));
  const outcomes = await Promise.allSettled(together);
  for (const outcome of outcomes) expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailableError);
  for (const later of [() => log.append('s', 'any', [event()]), () => log.delete('s', 'any'), () => log.tombstone('s', 'any')]) {
    await expect(later()).rejects.toBeInstanceOf(StoreUnavailableError);
  }
  await expect(log.settled()).rejects.toBeInstanceOf(StoreUnavailableError);
  expect(fatal.map(({ message }) => message)).toEqual(['EIO: i/o error, fdatasync']);
  expect(log.pendingBytes).toBe(0);
  // Reads go on, and show what is on disk.
  expect(log.reader.lastPosition).toBe(position);
  expect(log.reader.stateOf('s')).toMatchObject({ first: 0, last: 0 });
  expect(log.reader.stateOf('other')).toEqual({ kind: 'missing' });
  await log.close();

  const again = await EventLog.open(dir, { onFatal: (cause) => fatal.push(cause) });
  expect(await again.append('s', 0n, [event()])).toMatchObject({ kind: 'written', revision: 1 });
  expect(await again.append('other', 'no_stream', [event()])).toMatchObject({ kind: 'written', revision: 0 });
  await again.close();
  expect(fatal).toHaveLength(1);
});

test('what waits behind a failed commit fails with it, though it is in a transaction of its own', async () => {
  const log = await EventLog.open(dir, { onFatal: () => undefined });
  breakDisk();
  const many = Array.from({ length: 16_000 }, () => event());
  const appends = [log.append('a', 'any', many), log.append('b', 'any', many), log.append('c', 'any', [event()])];
  for (const outcome of await Promise.allSettled(appends)) expect(outcome.status).toBe('rejected');
  expect(log.pendingBytes).toBe(0);
  await log.close();
});

test('an append that fails half-way is final too: its revisions were handed out', async () => {
  const fatal: Error[] = [];
  const log = await EventLog.open(dir, { onFatal: (cause) => fatal.push(cause) });
  const before = log.append('s', 'any', [event()]);
  const unencodable = event({ data: undefined as unknown as Buffer });
  await expect(log.append('s', 'any', [event(), unencodable])).rejects.toThrow(TypeError);
  await expect(log.append('s', 'any', [event()])).rejects.toBeInstanceOf(StoreUnavailableError);
  expect(await before).toMatchObject({ kind: 'written', revision: 0 });
  expect(fatal).toHaveLength(1);
  await log.close();
});

test('subscriptions never see what was not committed, and its writers are told', async () => {
  const fatal: Error[] = [];
  const server = await startEmbeddedEventStore({ dir, onFatal: (cause) => fatal.push(cause) });
  const client = EventStoreDBClient.connectionString(server.connectionString);
  const credentials = { credentials: { username: 'a', password: 'b' } };
  const kept = jsonEvent({ type: 'Kept', data: {} });
  const lost = jsonEvent({ type: 'Lost', data: {} });
  const seen: string[] = [];
  const subscriptions = [client.subscribeToAll({ fromPosition: START }), client.subscribeToStream('s', { fromRevision: START })];
  const caughtUp = subscriptions.map(
    (subscription) =>
      new Promise<void>((done) => {
        subscription.on('data', ({ event: one }) => {
          if (one?.streamId === 's') seen.push(one.type);
          if (one?.type === 'Kept') done();
        });
        // The server ends them when it stops.
        subscription.on('error', () => undefined);
      }),
  );
  await client.appendToStream('s', kept, credentials);
  await Promise.all(caughtUp);
  breakDisk();
  await expect(client.appendToStream('s', lost, credentials)).rejects.toMatchObject({ type: 'unavailable' });
  await expect(client.appendToStream('s', lost, credentials)).rejects.toMatchObject({ type: 'unavailable' });
  const read: string[] = [];
  for await (const { event: one } of client.readStream('s')) read.push(one!.type);
  expect(read).toEqual(['Kept']);
  await client.dispose();
  await server.stop();
  expect(seen).toEqual(['Kept', 'Kept']);
  expect(fatal).toHaveLength(1);
});

test('a commit that never ends fails like any other', async () => {
  const fatal: Error[] = [];
  const queue = new CommitQueue(
    { write: () => new Promise<void>(() => undefined) },
    () => undefined,
    (cause) => fatal.push(cause),
    20,
  );
  const appends = [queue.enqueue([], new Map()), queue.enqueue([], new Map())];
  for (const outcome of await Promise.allSettled(appends))
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(StoreUnavailableError);
  expect(fatal.map(({ message }) => message)).toEqual(['a commit has not ended within 20 ms']);
  expect(() => queue.enqueue([], new Map())).toThrow(StoreUnavailableError);
});
