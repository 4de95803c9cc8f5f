import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '@huicai/kernel';
import { lockDirectory } from '@huicai/runtime';
import { EventLog } from '../storage/event-log.js';
import type { NewEvent } from '../storage/new-event.js';
import { encodeRecord, StoredRecord, TOMBSTONE_REVISION } from '../storage/record.js';
import { nameKey } from '../storage/tables.js';
import type { FindingKind } from './findings.js';
import { type RawTables, tamper } from './tamper.fixture.js';
import { type VerifyOptions, type VerifyReport, verify } from './verify.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'verify-'));
});
afterEach(() => rm(dir, { recursive: true }));

const LONG_NAME = `long-${'ä'.repeat(700)}`;
const none = Buffer.alloc(0);

function event(data: unknown, change: Partial<NewEvent> = {}): NewEvent {
  const text = canonicalJson(data);
  return { id: randomBytes(16), type: 'T', isJson: true, customMetadata: none, data: Buffer.from(text), ...change };
}

/** Two streams of three events each, written in turn, a tombstoned, a soft-deleted and a revived one, and one of a long name. */
async function fill(where = dir): Promise<void> {
  const log = await EventLog.open(where, {
    onFatal: (cause) => {
      throw cause;
    },
  });
  for (const n of [0, 1, 2]) for (const stream of ['a', 'b']) await log.append(stream, 'any', [event({ n, stream })]);
  await log.append('gone', 'any', [event({ n: 0 }), event({ n: 1 })]);
  await log.append('$$gone', 'any', [event({ owner: 'x' }, { type: '$metadata' })]);
  await log.tombstone('gone', 'any');
  await log.append('hidden', 'any', [event({ n: 0 })]);
  await log.delete('hidden', 'any');
  await log.append('hidden', 'any', [event({ n: 1 })]);
  await log.append(LONG_NAME, 'any', [event({ n: 0 }, { isJson: false, data: randomBytes(5000) })]);
  await log.close();
}

const check = (options: Partial<VerifyOptions> = {}): Promise<VerifyReport> => verify({ dir, ...options });

/** Positions of a stream's events, by revision. */
function positionsOf({ name, stream }: RawTables, of: string): number[] {
  const number = name.get(nameKey(of))!;
  const entries = stream.getRange({ start: [number, 0], end: [number + 1, 0] });
  return [...entries].map(({ value }) => value);
}

/** Replaces a record by one with other parts, with a valid checksum. */
async function rewrite(
  { log }: RawTables,
  position: number,
  change: Partial<Record<'stream' | 'created' | 'revision' | 'streamNumber', unknown>>,
): Promise<void> {
  const { streamNumber, stream, revision, type, id, isJson, created, customMetadata, data } = StoredRecord.decode(
    position,
    log.get(position)!,
  );
  const parts = { position, streamNumber, stream, revision, type, id, isJson, created, customMetadata, data };
  await log.put(position, encodeRecord({ ...parts, ...change } as typeof parts).bytes);
}

test('a sound database is found sound, and looked at whole', async () => {
  await fill();
  const seen: string[] = [];
  const report = await check({ canonical: true, onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`) });
  expect(report).toMatchObject({ findingCount: 0, findings: [], events: 18, streams: 10, copied: false });
  expect(seen).toEqual(['verifying the log 18/18', 'verifying the indexes 18/18', 'verifying the names 10/10']);
  expect((await readdir(dir)).sort()).toEqual(['data.mdb', 'lock.mdb']);
});

test('a new database is sound, an empty directory is none', async () => {
  await expect(check()).rejects.toThrow(/there is no database/);
  await (await EventLog.open(dir, { onFatal: () => undefined })).close();
  expect(await check()).toMatchObject({ findingCount: 0, events: 3 });
});

describe('it finds', () => {
  /** Each spoils the database of `fill` in one way; the kinds of the findings that must come of it, where, and those that may. */
  const cases: [string, (tables: RawTables) => Promise<unknown>, FindingKind[], object?, FindingKind[]?][] = [
    [
      'a flipped bit in a record',
      async (tables) => {
        const [, position] = positionsOf(tables, 'a');
        const bytes = Buffer.from(tables.log.get(position!)!);
        bytes[bytes.length - 3]! ^= 1;
        await tables.log.put(position!, bytes);
      },
      ['damaged-record'],
    ],
    [
      'a record of an unknown format',
      async (tables) => {
        const [position] = positionsOf(tables, 'b');
        const bytes = Buffer.from(tables.log.get(position!)!);
        bytes[4] = 9;
        await tables.log.put(position!, bytes);
      },
      ['damaged-record'],
    ],
    [
      'an index entry removed',
      async (tables) => tables.stream.remove([tables.name.get(nameKey('b'))!, 1]),
      ['index-missing', 'revision'],
      { stream: 'b', revision: '1' },
    ],
    [
      'the last index entry of a stream removed',
      async (tables) => tables.stream.remove([tables.name.get(nameKey('b'))!, 2]),
      ['index-missing'],
      { stream: 'b', revision: '2' },
    ],
    [
      'an index entry without a record',
      async (tables) => tables.stream.put([tables.name.get(nameKey('b'))!, 3], 10_000_000),
      ['index-orphan'],
      { revision: '3', position: '10000000' },
    ],
    [
      "an index entry that points at another stream's event",
      async (tables) => tables.stream.put([tables.name.get(nameKey('b'))!, 3], positionsOf(tables, 'gone').at(-1)!),
      ['index-orphan'],
      { revision: '3' },
    ],
    [
      'index entries of a stream nobody knows',
      async (tables) => tables.stream.put([4711, 0], 64),
      ['index-orphan'],
      { revision: '0' },
    ],
    [
      'two index entries swapped',
      async (tables) => {
        const number = tables.name.get(nameKey('a'))!;
        const [first, second] = positionsOf(tables, 'a');
        await Promise.all([tables.stream.put([number, 0], second!), tables.stream.put([number, 1], first!)]);
      },
      ['index-wrong', 'order', 'index-orphan'],
      { stream: 'a' },
    ],
    [
      'two records of one size swapped',
      async (tables) => {
        const [first, second] = positionsOf(tables, 'a');
        const bytes = [first, second].map((position) => Buffer.from(tables.log.get(position!)!));
        await Promise.all([tables.log.put(first!, bytes[1]!), tables.log.put(second!, bytes[0]!)]);
      },
      ['inconsistent-record', 'index-wrong', 'index-orphan'],
      { stream: 'a' },
      // Unless both were made in the same millisecond.
      ['created'],
    ],
    [
      'a record moved',
      async (tables) => {
        const position = positionsOf(tables, LONG_NAME)[0]!;
        const bytes = tables.log.get(position)!;
        await Promise.all([tables.log.remove(position), tables.log.put(position + 8, bytes)]);
      },
      ['position', 'inconsistent-record', 'index-wrong', 'index-orphan'],
    ],
    ['a record removed', async (tables) => tables.log.remove(positionsOf(tables, 'a')[1]!), ['position', 'index-orphan']],
    [
      'a record that claims to be of another stream',
      (tables) => rewrite(tables, positionsOf(tables, 'a')[2]!, { stream: 'b' }),
      ['name-wrong'],
      { stream: 'b', revision: '2' },
    ],
    [
      'a record of another stream number',
      (tables) => rewrite(tables, positionsOf(tables, 'a')[2]!, { streamNumber: tables.name.get(nameKey('b'))! }),
      ['name-wrong', 'index-wrong', 'index-orphan'],
    ],
    [
      'a stream renamed',
      async (tables) => {
        const number = tables.name.get(nameKey('a'))!;
        await Promise.all([tables.name.remove(nameKey('a')), tables.name.put(nameKey('z'), number)]);
      },
      ['name-missing', 'name-wrong'],
      { stream: 'a' },
    ],
    [
      'the long name of a stream lost',
      async (tables) => tables.name.remove(nameKey(LONG_NAME)),
      ['name-missing'],
      { stream: LONG_NAME, revision: '0' },
    ],
    ['a name of nothing', async (tables) => tables.name.put(nameKey('nobody'), 4711), ['name-orphan']],
    [
      'a second name of a stream',
      async (tables) => tables.name.put(nameKey('alias'), tables.name.get(nameKey('a'))!),
      ['name-wrong'],
      { stream: 'a' },
    ],
    [
      'a gap in the revisions',
      async (tables) => {
        const number = tables.name.get(nameKey('a'))!;
        const position = positionsOf(tables, 'a')[2]!;
        await rewrite(tables, position, { revision: 5 });
        await Promise.all([tables.stream.remove([number, 2]), tables.stream.put([number, 5], position)]);
      },
      ['revision'],
      { stream: 'a', revision: '5' },
    ],
    [
      'an event after the tombstone',
      async (tables) => {
        const position = positionsOf(tables, LONG_NAME)[0]!;
        const number = tables.name.get(nameKey('gone'))!;
        await rewrite(tables, position, { stream: 'gone', streamNumber: number, revision: 2 });
        await tables.stream.put([number, 2], position);
      },
      ['after-tombstone', 'index-orphan', 'name-wrong'],
      { stream: 'gone', revision: '2' },
    ],
    [
      'metadata after the tombstone',
      async (tables) => {
        const position = positionsOf(tables, '$$hidden')[1]!;
        const number = tables.name.get(nameKey('$$gone'))!;
        await rewrite(tables, position, { stream: '$$gone', streamNumber: number, revision: 1 });
        await Promise.all([
          tables.stream.put([number, 1], position),
          tables.stream.remove([tables.name.get(nameKey('$$hidden'))!, 1]),
        ]);
      },
      ['position', 'after-tombstone'],
      { stream: '$$gone', revision: '1' },
    ],
    [
      'time running backwards',
      (tables) => rewrite(tables, positionsOf(tables, 'b')[1]!, { created: 1 }),
      // One tick has fewer digits, so the record is shorter.
      ['created', 'position'],
      { stream: 'b', revision: '1' },
    ],
    ['a node id that is none', async (tables) => tables.sys.put('node-id', 'x'), ['node-id']],
  ];

  test.each(cases)('%s', async (_, spoil, kinds, place = {}, perhaps = []) => {
    await fill();
    await tamper(dir, spoil);
    const { findings, findingCount } = await check();
    const found = findings.map(({ kind }) => kind);
    expect(found.filter((kind) => ![...kinds, ...perhaps].includes(kind))).toEqual([]);
    for (const kind of kinds) expect(found).toContain(kind);
    expect(findingCount).toBe(findings.length);
    expect(findings).toEqual(expect.arrayContaining([expect.objectContaining(place)]));
  });
});

test('all findings are counted, those beyond the limit not kept', async () => {
  await fill();
  await tamper(dir, async (tables) => {
    for (const { key } of [...tables.log.getRange({})]) {
      const bytes = Buffer.from(tables.log.get(key)!);
      bytes[20]! ^= 1;
      await tables.log.put(key, bytes);
    }
  });
  const { findings, findingCount } = await check({ limit: 5 });
  expect(findings).toHaveLength(5);
  expect(findingCount).toBe(18);
});

describe('canonical form', () => {
  const write = async (change: Partial<NewEvent>, stream = 's') => {
    const log = await EventLog.open(dir, { onFatal: () => undefined });
    await log.append(stream, 'any', [event({ a: 1, b: 2 }, change)]);
    await log.close();
  };

  test.each<[string, Partial<NewEvent>]>([
    ['keys out of order', { data: Buffer.from('{"b":1,"a":2}') }],
    ['white space', { data: Buffer.from('{"a": 1}') }],
    ['a number written otherwise', { data: Buffer.from('{"a":1.0}') }],
    ['no JSON', { data: Buffer.from('{"a":') }],
    ['no data', { data: none }],
    ['bytes that are not UTF-8', { data: Buffer.from([0x22, 0xff, 0x22]) }],
    ['metadata out of order', { customMetadata: Buffer.from('{"b":1,"a":2}') }],
  ])('%s is found', async (_, change) => {
    await write(change);
    const { findings } = await check({ canonical: true });
    expect(findings).toEqual([expect.objectContaining({ kind: 'not-canonical', stream: 's', revision: '0' })]);
    expect(await check()).toMatchObject({ findingCount: 0 });
  });

  test('binary events and system events need none', async () => {
    await write({ isJson: false, data: Buffer.from('{"b":1,"a":2}') });
    await write({ type: '$metadata', data: Buffer.from('{ "$maxCount": 3 }') }, '$$s');
    expect(await check({ canonical: true })).toMatchObject({ findingCount: 0 });
  });
});

test('it waits its turn: while somebody who does not answer holds the directory, nothing is opened', async () => {
  await fill();
  const unlock = lockDirectory(join(dir, 'server.lock'), 'The directory');
  const interrupted = new AbortController();
  const outcome = check({ signal: interrupted.signal });
  interrupted.abort();
  await expect(outcome).rejects.toThrow();
  unlock();
  expect(
    (await readdir(join(dir, '..'))).filter((name) => name.includes('.verify-') && dir.endsWith(name.split('.')[0]!)),
  ).toEqual([]);
  expect(await check()).toMatchObject({ findingCount: 0 });
});

test('a tombstone is named as the wire has it', async () => {
  await fill();
  await tamper(dir, async (tables) => tables.stream.remove([tables.name.get(nameKey('gone'))!, TOMBSTONE_REVISION]));
  const { findings } = await check();
  expect(findings).toEqual([expect.objectContaining({ kind: 'index-missing', stream: 'gone', revision: '9223372036854775807' })]);
});
