import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { bulkLoad } from './bulk-load.fixture.js';
import { LogDatabase } from './database.js';
import { openEnvironment, StorageFormatError } from './environment.js';
import { EventLog } from './event-log.js';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'environment-'));
  file = join(dir, 'data.mdb');
});
afterEach(() => rm(dir, { recursive: true }));

const raw = () => open({ path: dir, overlappingSync: false, encoding: 'binary', maxDbs: 8, noSubdir: false });
const openLog = () =>
  EventLog.open(dir, {
    onFatal: (cause) => {
      throw cause;
    },
  });

describe('refused, and left as it is, is a data file', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['of a hundred bytes', () => writeFile(file, Buffer.alloc(100, 7)), /is not a database/],
    ['of zeros', () => writeFile(file, Buffer.alloc(8192)), /is not a database/],
    ['of text', () => writeFile(file, 'hello world\n'.repeat(2000)), /is not a database/],
    ['whose second head is missing', async () => truncate(file, 4096), /is not a database/],
    ['cut off', async () => truncate(file, (await stat(file)).size / 2), /is cut off/],
    [
      'of another version of LMDB',
      async () => {
        const bytes = await readFile(file);
        bytes.writeUInt32LE(1, 28);
        await writeFile(file, bytes);
      },
      /version 1 of LMDB's format, expected 2/,
    ],
  ])('%s', async (_, spoil, message) => {
    await bulkLoad({ dir, events: 3000, streams: 30, bytes: 300 });
    await spoil();
    const before = await readFile(file);
    for (const attempt of [() => LogDatabase.open(dir), () => LogDatabase.openToRead(dir)]) {
      await expect(attempt()).rejects.toThrow(message);
      await expect(attempt()).rejects.toBeInstanceOf(StorageFormatError);
    }
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  test('of another program', async () => {
    const root = raw();
    await root.openDB({ name: 'theirs', encoding: 'string' }).put('a', 'b');
    await root.close();
    await expect(LogDatabase.open(dir)).rejects.toThrow(/holds the data of another program/);
    const again = raw();
    expect([...again.getKeys()]).toEqual(['theirs']);
    await again.close();
  });

  test('that has lost its format', async () => {
    await bulkLoad({ dir, events: 3, streams: 1, bytes: 100 });
    const root = raw();
    await root.openDB({ name: 'sys', encoding: 'string' }).remove('format');
    await root.close();
    await expect(LogDatabase.open(dir)).rejects.toThrow(/does not tell its format/);
  });

  test('of a format to come', async () => {
    await bulkLoad({ dir, events: 3, streams: 1, bytes: 100 });
    const root = raw();
    await root.openDB({ name: 'sys', encoding: 'string' }).put('format', '2');
    await root.openDB({ name: 'something-new', encoding: 'string' }).put('a', 'b');
    await root.close();
    await expect(LogDatabase.open(dir)).rejects.toThrow(/storage format 2 of .* is not supported, expected 1/);
  });
});

test('a head of the older transaction does not count, nor pages that were freed before they were written', async () => {
  await bulkLoad({ dir, events: 3000, streams: 30, bytes: 300 });
  const size = (await stat(file)).size;
  await truncate(file, size - 4096);
  const root = openEnvironment(dir, true);
  expect(root.getStats()).toMatchObject({ lastPageNumber: size / 4096 - 1 });
  await root.close();
});

describe('a first start that was killed is taken up by the next:', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['before anything was written', () => writeFile(file, '')],
    ['before the first table', async () => raw().close()],
    [
      'after the first table',
      async () => {
        const root = raw();
        root.openDB({ name: 'sys', encoding: 'string' });
        await root.close();
      },
    ],
    [
      'before the format was noted',
      async () => {
        const root = raw();
        for (const name of ['sys', 'log', 'stream', 'name']) root.openDB({ name });
        await root.close();
      },
    ],
    ['before the first events', async () => (await LogDatabase.open(dir)).close()],
  ])('%s', async (_, leave) => {
    await leave();
    await (await openLog()).close();
    const log = await openLog();
    const records = log.reader.allAfter(0, { count: 100, bytes: 1_000_000 });
    await log.close();
    expect(records.map(({ stream }) => stream)).toEqual(['$user-admin', '$user-ops', '$users']);
  });
});

test('what only reads needs a database, and changes nothing', async () => {
  await expect(LogDatabase.openToRead(dir)).rejects.toThrow(/there is no database/);
  await raw().close();
  await expect(LogDatabase.openToRead(dir)).rejects.toBeInstanceOf(StorageFormatError);
  await (await openLog()).close();
  const before = await readFile(file);
  const database = await LogDatabase.openToRead(dir);
  expect(database.counts()).toEqual({ records: 3, indexEntries: 3, names: 3 });
  await database.close();
  expect((await readFile(file)).equals(before)).toBe(true);
});
