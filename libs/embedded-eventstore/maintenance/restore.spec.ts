import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { DirectoryInUseError, lockDirectory } from '@huicai/runtime';
import { startEmbeddedEventStore } from '../server.js';
import { bulkLoad } from '../storage/bulk-load.fixture.js';
import { nameKey } from '../storage/tables.js';
import { backup } from './backup.js';
import { assertSame, BackupError, describeBackup, hashFile } from './manifest.js';
import { restore, TargetInUseError } from './restore.js';
import { tamper } from './tamper.fixture.js';
import { verify } from './verify.js';

let root: string;
let dir: string;
let from: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'restore-'));
  dir = join(root, 'data');
  from = join(root, 'backup');
  await bulkLoad({ dir: join(root, 'source'), events: 300, streams: 30, bytes: 300 });
  await backup({ dir: join(root, 'source'), to: from });
});
afterEach(() => rm(root, { recursive: true }));

const siblings = async () => (await readdir(root)).filter((name) => !['source', 'backup'].includes(name)).sort();

/** A database in use until now, with its certificates. */
async function makeTarget(): Promise<void> {
  await bulkLoad({ dir, events: 7, streams: 2, bytes: 100 });
  await mkdir(join(dir, 'certs'));
  await writeFile(join(dir, 'certs', 'ca.crt'), 'certificate');
  await writeFile(join(dir, 'admin-password'), 'secret');
}

test('a restored database is the one that was backed up, and goes on from there', async () => {
  const { report, replaced, manifest } = await restore({ from, dir });
  expect(report).toMatchObject({ findingCount: 0, events: 300, lastPosition: manifest.lastPosition });
  expect(replaced).toBeUndefined();
  expect(await siblings()).toEqual(['data']);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);

  const server = await startEmbeddedEventStore({ dir });
  const client = EventStoreDBClient.connectionString(server.connectionString);
  const credentials = { credentials: { username: 'a', password: 'b' } };
  const answer = await client.appendToStream('new', jsonEvent({ type: 'T', data: {} }), credentials);
  expect(answer.position!.commit).toBeGreaterThan(BigInt(manifest.lastPosition));
  await client.dispose();
  await server.stop();
  expect(await verify({ dir })).toMatchObject({ findingCount: 0, events: 301 });
  expect(await verify({ dir: from })).toMatchObject({ findingCount: 0, events: 300 });
});

test('a database that is there is left alone unless it is to be replaced', async () => {
  await makeTarget();
  const before = await hashFile(join(dir, 'data.mdb'));
  await expect(restore({ from, dir })).rejects.toBeInstanceOf(TargetInUseError);
  expect(await hashFile(join(dir, 'data.mdb'))).toEqual(before);
  expect((await readdir(dir)).sort()).toEqual(['admin-password', 'certs', 'data.mdb', 'lock.mdb']);

  const { replaced } = await restore({ from, dir, replace: true });
  expect(replaced).toMatch(/data\.replaced-/);
  expect(await verify({ dir })).toMatchObject({ findingCount: 0, events: 300 });
  expect(await verify({ dir: replaced! })).toMatchObject({ findingCount: 0, events: 7 });
  expect(await hashFile(join(replaced!, 'data.mdb'))).toEqual(before);
  expect((await stat(join(dir, 'data.mdb'))).nlink).toBe(1);
  expect((await readdir(dir)).sort()).toEqual(['admin-password', 'certs', 'data.mdb']);
  expect(await readFile(join(dir, 'certs', 'ca.crt'), 'utf8')).toBe('certificate');
});

test('while a server holds the directory it is refused', async () => {
  await makeTarget();
  const unlock = lockDirectory(join(dir, 'server.lock'), 'The directory');
  await expect(restore({ from, dir, replace: true })).rejects.toBeInstanceOf(DirectoryInUseError);
  unlock();
  expect(await verify({ dir })).toMatchObject({ findingCount: 0, events: 7 });
  expect(await siblings()).toEqual(['data']);
});

describe('what is no sound backup is refused, and the database stays:', () => {
  const flip = async (file: string, position: number) => {
    const handle = await open(file, 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, position);
    byte[0]! ^= 1;
    await handle.write(byte, 0, 1, position);
    await handle.close();
  };
  /** As somebody would who alters a backup and its checksum. */
  const reseal = async () => {
    const manifest = JSON.parse(await readFile(join(from, 'manifest.json'), 'utf8')) as ReturnType<typeof describeBackup>;
    const resealed = describeBackup({ ...manifest, dataFile: await hashFile(join(from, 'data.mdb')) });
    await writeFile(join(from, 'manifest.json'), JSON.stringify(resealed));
  };

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['a flipped bit', () => flip(join(from, 'data.mdb'), 100_000), /is not what was backed up/],
    ['a file cut off', () => truncate(join(from, 'data.mdb'), 50_000), /is not what was backed up/],
    ['a file with more in it', () => appendFile(join(from, 'data.mdb'), 'x'), /is not what was backed up/],
    ['no manifest', () => rm(join(from, 'manifest.json')), /it has no manifest/],
    ['a manifest of another format', () => writeFile(join(from, 'manifest.json'), '{"format":"x"}'), /has the format "x"/],
    [
      'a manifest without a checksum',
      () => writeFile(join(from, 'manifest.json'), '{"format":"huicai-eventstore-backup-1"}'),
      /lacks/,
    ],
    ['no data', () => rm(join(from, 'data.mdb')), /there is no database/],
    [
      'a database that disagrees with itself',
      async () => {
        await tamper(from, (tables) => tables.name.remove(nameKey('bulk-3')));
        await reseal();
      },
      /not sound, \d+ findings: the name of the record's stream is not known/,
    ],
    [
      'another database under a manifest of its own',
      async () => {
        await rm(join(from, 'data.mdb'));
        await bulkLoad({ dir: from, events: 5, streams: 1, bytes: 100 });
        await reseal();
      },
      /the manifest says nodeId/,
    ],
  ])('%s', async (_, spoil, message) => {
    await makeTarget();
    const before = await hashFile(join(dir, 'data.mdb'));
    await spoil();
    await expect(restore({ from, dir, replace: true })).rejects.toThrow(message);
    expect(await hashFile(join(dir, 'data.mdb'))).toEqual(before);
    expect((await readdir(dir)).sort()).toEqual(['admin-password', 'certs', 'data.mdb', 'lock.mdb']);
    expect(await siblings()).toEqual(['data']);
  });
});

test('an interrupt leaves the database as it was, and what a killed restore left is cleared away', async () => {
  await makeTarget();
  const interrupted = new AbortController();
  const onProgress = () => interrupted.abort();
  await expect(restore({ from, dir, replace: true, signal: interrupted.signal, onProgress })).rejects.toThrow();
  expect(await verify({ dir })).toMatchObject({ findingCount: 0, events: 7 });
  expect(await siblings()).toEqual(['data']);
  await mkdir(join(dir, 'restoring-1'));
  await writeFile(join(dir, 'restoring-1', 'data.mdb'), 'half');
  await restore({ from, dir, replace: true });
  expect(existsSync(join(dir, 'restoring-1'))).toBe(false);
});

test('a checksum that differs is told with both', () => {
  const manifest = describeBackup({
    nodeId: 'x',
    lastPosition: '0',
    events: 0,
    created: '',
    dataFile: { bytes: 1, sha256: 'aa' },
  });
  expect(() => assertSame('f', { bytes: 2, sha256: 'bb' }, manifest)).toThrow(BackupError);
  expect(() => assertSame('f', { bytes: 1, sha256: 'aa' }, manifest)).not.toThrow();
});
