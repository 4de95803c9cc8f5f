import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailableError } from './commit-queue.js';
import { LogDatabase } from './database.js';
import { EventLog } from './event-log.js';
import { MAX_APPEND_EVENTS, type NewEvent, TooManyEventsError } from './new-event.js';
import { encodeRecord, MAX_NAME_BYTES } from './record.js';

const LIMIT = { count: 1000, bytes: 1_000_000 };
let dir: string;
let log: EventLog;
const fatal: Error[] = [];
const openLog = (recentIds?: number) =>
  EventLog.open(dir, { onFatal: (cause) => fatal.push(cause), ...(recentIds !== undefined && { recentIds }) });
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'log-'));
  log = await openLog();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await log.close();
  await rm(dir, { recursive: true });
  expect(fatal).toEqual([]);
});

function event(change: Partial<NewEvent> = {}): NewEvent {
  return { id: randomBytes(16), type: 'T', isJson: false, customMetadata: Buffer.alloc(0), data: Buffer.from('x'), ...change };
}

test('nothing is readable before it is on disk', async () => {
  const append = log.append('s', 'no_stream', [event()]);
  const before = log.reader.lastPosition;
  expect(log.reader.stateOf('s')).toEqual({ kind: 'missing' });
  expect(log.reader.allAfter(before, LIMIT)).toEqual([]);
  const outcome = await append;
  expect(log.reader.stateOf('s')).toMatchObject({ kind: 'readable', first: 0, last: 0 });
  expect(log.reader.allAfter(before, LIMIT).map(({ position }) => position)).toEqual([
    (outcome as { position: number }).position,
  ]);
});

test('answers that rest on events still on their way wait for them', async () => {
  const order: string[] = [];
  const first = event();
  const note = (name: string) => () => order.push(name);
  await Promise.all([
    log.append('s', 'no_stream', [first]).then(note('written')),
    log.append('s', 'no_stream', [first]).then(note('repeated')),
    log.append('s', 'no_stream', [event()]).then(note('refused')),
    log.append('s', 'any', []).then(note('empty')),
    log.delete('s', 5n).then(note('deletion refused')),
  ]);
  expect(order[0]).toBe('written');
  expect(order).toHaveLength(5);
});

test('a commit wakes those who wait for it, an abort too', async () => {
  const waiting = log.nextCommit(log.reader.lastPosition, new AbortController().signal);
  await log.append('s', 'any', [event()]);
  await waiting;
  const controller = new AbortController();
  const aborted = log.nextCommit(log.reader.lastPosition, controller.signal);
  controller.abort();
  await aborted;
});

test('a clock set back does not make later events look older', async () => {
  await log.append('s', 'any', [event()]);
  jest.spyOn(Date, 'now').mockReturnValue(1_000_000);
  await log.append('s', 'any', [event()]);
  await log.close();
  log = await openLog();
  await log.append('s', 'any', [event()]);
  const { records } = log.reader.streamPage('s', 0, 'forwards', LIMIT, 0);
  const created = records.map((record) => record.created);
  expect(created).toHaveLength(3);
  expect(created[1]).toBeGreaterThanOrEqual(created[0]!);
  expect(created[2]).toBeGreaterThanOrEqual(created[1]!);
});

test('names that do not fit are refused and leave no trace', async () => {
  const tooLong = 'x'.repeat(MAX_NAME_BYTES + 1);
  await expect(log.append('s', 'any', [event(), event({ type: tooLong })])).rejects.toBeInstanceOf(RangeError);
  await expect(log.append(tooLong, 'any', [event()])).rejects.toBeInstanceOf(RangeError);
  await expect(log.tombstone(tooLong, 'any')).rejects.toBeInstanceOf(RangeError);
  expect(await log.append('s', 'no_stream', [event()])).toMatchObject({ kind: 'written', revision: 0 });
});

test('closing finishes what was accepted and refuses the rest', async () => {
  const accepted = Array.from({ length: 20 }, () => log.append('s', 'any', [event()]));
  const closed = log.close();
  await expect(log.append('s', 'any', [event()])).rejects.toBeInstanceOf(StoreUnavailableError);
  const outcomes = await Promise.all(accepted);
  await closed;
  log = await openLog();
  expect(outcomes.map((outcome) => outcome.kind)).toEqual(outcomes.map(() => 'written'));
  expect(log.reader.stateOf('s')).toMatchObject({ last: 19 });
});

test('after a restart only the newest ids are known again', async () => {
  const events = Array.from({ length: 10 }, () => event());
  for (const one of events) await log.append('s', 'any', [one]);
  await log.close();
  log = await openLog(3);
  expect(await log.append('s', 'any', [events[9]!])).toMatchObject({ revision: 9 });
  expect(await log.append('s', 'any', [events[7]!])).toMatchObject({ revision: 7 });
  expect(await log.append('s', 'any', [events[6]!])).toMatchObject({ revision: 10 });
  // Exact revisions compare with what is stored, however old.
  expect(await log.append('s', 2n, [events[3]!])).toMatchObject({ kind: 'written', revision: 3 });
});

test('as many events as one append may have are written as one; more are refused and leave no trace', async () => {
  const many = Array.from({ length: MAX_APPEND_EVENTS }, () => event({ data: Buffer.alloc(0) }));
  await expect(log.append('s', 'no_stream', [...many, event()])).rejects.toBeInstanceOf(TooManyEventsError);
  const outcomes = await Promise.all([log.append('s', 'no_stream', many), log.append('s', 'any', [event()])]);
  expect(outcomes).toMatchObject([{ revision: MAX_APPEND_EVENTS - 1 }, { revision: MAX_APPEND_EVENTS }]);
  await log.close();
  log = await openLog();
  expect(log.reader.stateOf('s')).toMatchObject({ first: 0, last: MAX_APPEND_EVENTS });
  expect(await log.append('s', 'no_stream', many)).toMatchObject({ kind: 'written', revision: MAX_APPEND_EVENTS - 1 });
}, 30_000);

test('transactions stay small, and in order, however much is queued in one turn', async () => {
  const write = jest.spyOn(LogDatabase.prototype, 'write');
  const appends = Array.from({ length: 5 }, (_, n) =>
    log.append(
      `s${n % 2}`,
      'any',
      Array.from({ length: 7_000 }, () => event()),
    ),
  );
  const outcomes = await Promise.all(appends);
  expect(outcomes).toMatchObject([6_999, 6_999, 13_999, 13_999, 20_999].map((revision) => ({ kind: 'written', revision })));
  expect(write.mock.calls.map(([records]) => records.length)).toEqual([14_000, 14_000, 7_000]);
  expect(log.reader.stateOf('s0')).toMatchObject({ last: 20_999 });
  expect(log.reader.stateOf('s1')).toMatchObject({ last: 13_999 });
  const positions = write.mock.calls.flatMap(([records]) => records.map(({ position }) => position));
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
}, 30_000);

/** Puts an event at a position of its own, as if the log had grown that far. */
async function plant(position: number): Promise<void> {
  await log.close();
  const database = await LogDatabase.open(dir);
  const planted = { position, streamNumber: 9, stream: 'far', revision: 0, created: 1, ...event() };
  await database.write([encodeRecord(planted)], new Map([['far', 9]]));
  await database.close();
  log = await openLog();
}

test('positions near 2^53 are exact', async () => {
  const position = 2 ** 53 - 2 ** 41 + 1;
  await plant(position);
  const outcome = await log.append('far', 0n, [event(), event()]);
  const records = log.reader.allAfter(position - 1, LIMIT);
  expect(records.map(({ revision }) => revision)).toEqual([0, 1, 2]);
  expect(records[1]!.position).toBe(records[0]!.nextPosition);
  expect(records[2]!.position).toBe(records[1]!.nextPosition);
  expect(outcome).toEqual({ kind: 'written', revision: 2, position: records[2]!.position });
  expect(log.reader.allAfter(records[1]!.position, LIMIT)).toMatchObject([{ position: records[2]!.position }]);
  expect(log.reader.allBefore(records[2]!.position, { ...LIMIT, count: 1 })).toMatchObject([{ revision: 1 }]);
});

test('where positions would no longer be exact the log ends', async () => {
  const position = 2 ** 53 - 2 ** 40 - 50;
  await plant(position);
  await expect(log.append('far', 0n, [event()])).rejects.toThrow('the log has used up its positions');
  await expect(log.append('far', 0n, [])).rejects.toBeInstanceOf(StoreUnavailableError);
  await expect(log.tombstone('far', 0n)).rejects.toBeInstanceOf(StoreUnavailableError);
  const [far] = log.reader.allAfter(position - 1, LIMIT);
  expect(far).toMatchObject({ position, revision: 0 });
  expect(log.reader.allAfter(position, LIMIT)).toEqual([]);
  expect(log.reader.allBefore(position + 1, { ...LIMIT, count: 1 })).toMatchObject([{ position }]);
});
