import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDatabase } from './database.js';
import { Heads } from './heads.js';
import { encodeRecord, type StoredRecord } from './record.js';

let dir: string;
let database: LogDatabase;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heads-'));
  database = await LogDatabase.open(dir);
});
afterEach(async () => {
  await database.close();
  await rm(dir, { recursive: true });
});

function record(stream: string, streamNumber: number, revision: number): StoredRecord {
  return encodeRecord({
    position: 64 + streamNumber * 10_000 + revision * 500,
    streamNumber,
    stream,
    revision,
    type: 't',
    id: Buffer.alloc(16, revision),
    isJson: false,
    created: 1,
    customMetadata: Buffer.alloc(0),
    data: Buffer.alloc(0),
  });
}

test('a head that was dropped from memory is read back as it was', async () => {
  const records = [record('kept', 1, 0), record('kept', 1, 1)];
  await database.write(records, new Map([['kept', 1]]));
  const heads = new Heads(database, 20);
  const before = heads.get('kept');
  for (let n = 0; n < 100; n++) heads.get(`other-${n}`);
  const after = heads.get('kept');
  expect(after).not.toBe(before);
  expect(after.last).toEqual({ assigned: 1, durable: 1 });
  expect(after.streamNumber).toBe(1);
});

test('a head with events on their way to disk is never dropped', () => {
  const heads = new Heads(database, 20);
  const head = heads.get('busy');
  head.streamNumber = 1;
  head.assign(record('busy', 1, 0));
  for (let n = 0; n < 100; n++) heads.get(`other-${n}`);
  expect(heads.get('busy')).toBe(head);
  expect(head.last).toEqual({ assigned: 0, durable: -1 });
});

test('events are found by revision whether pending or stored', async () => {
  const records = [0, 1, 2].map((revision) => record('mixed', 1, revision));
  await database.write(records.slice(0, 1), new Map([['mixed', 1]]));
  const head = new Heads(database).get('mixed');
  head.assign(records[1]!);
  head.assign(records[2]!);
  for (const revision of [0, 1, 2]) expect(head.recordAt(revision).id).toEqual(Buffer.alloc(16, revision));
  head.settle(1);
  expect(head.last).toEqual({ assigned: 2, durable: 1 });
  expect(head.recordAt(2)).toBe(records[2]);
  expect(() => head.recordAt(3)).toThrow(RangeError);
});

test('more busy heads than are to be kept all stay, until they are no longer busy', () => {
  const heads = new Heads(database, 20);
  const busy = Array.from({ length: 200 }, (_, n) => {
    const head = heads.get(`busy-${n}`);
    head.streamNumber = n + 1;
    head.assign(record(`busy-${n}`, n + 1, 0));
    return head;
  });
  for (const [n, head] of busy.entries()) expect(heads.get(`busy-${n}`)).toBe(head);
  for (const head of busy) head.settle(1);
  for (let n = 0; n < 2_000; n++) heads.get(`other-${n}`);
  expect(heads.get('busy-0')).not.toBe(busy[0]);
});
