import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  clearRuntime,
  dataDirectory,
  dataLayout,
  ensureDataDirectory,
  ensureKek,
  isLive,
  lockDataDirectory,
  type Runtime,
  readKek,
  readRuntime,
  writeRuntime,
} from './index.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huicai-data-spec-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the data directory', () => {
  it('is HUICAI_DATA_DIR, else "data" where we are', () => {
    expect(dataDirectory({ HUICAI_DATA_DIR: dir })).toBe(dir);
    expect(dataDirectory({ HUICAI_DATA_DIR: '' })).toBe(resolve('data'));
  });

  it('is made closed to others, again and again', () => {
    const layout = ensureDataDirectory(join(dir, 'a', 'b'));
    expect(ensureDataDirectory(layout.root)).toEqual(layout);
    expect(statSync(layout.root).mode & 0o066).toBe(0);
    expect(statSync(layout.eventStore).mode & 0o077).toBe(0);
  });

  it('that can not be one is named', () => {
    writeFileSync(join(dir, 'file'), '');
    expect(() => ensureDataDirectory(join(dir, 'file'))).toThrow(/The data directory .*file \(HUICAI_DATA_DIR\) can not be used/);
    expect(() => lockDataDirectory(dataLayout(join(dir, 'gone')))).toThrow(
      /The data directory .*gone \(HUICAI_DATA_DIR\) can not be used: ENOENT/,
    );
  });

  it('has one supervisor at a time', () => {
    const layout = ensureDataDirectory(dir);
    const unlock = lockDataDirectory(layout);
    expect(() => lockDataDirectory(layout)).toThrow(
      `The data directory ${layout.root} is already in use by process ${process.pid}`,
    );
    unlock();
    lockDataDirectory(layout)();
  });
});

describe('the key-encryption key', () => {
  it('is made once, 32 bytes, for us alone', () => {
    const file = ensureKek(dir);
    const key = readKek(file);
    expect(key).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    ensureKek(dir);
    expect(readKek(file)).toEqual(key);
  });

  it('that is damaged is never replaced', () => {
    const file = join(dir, 'kek');
    writeFileSync(file, 'short');
    expect(() => ensureKek(dir)).toThrow('holds 5 bytes instead of 32');
    expect(readFileSync(file, 'utf8')).toBe('short');
  });
});

describe('runtime.json', () => {
  const runtime: Runtime = {
    databaseUrl: 'postgres://huicai:secret@127.0.0.1:1/huicai',
    eventStoreUrl: 'esdb://127.0.0.1:2?tls=false',
    databasePort: 1,
    eventStorePort: 2,
    apiUrl: 'http://127.0.0.1:3',
    token: 'secret',
    pid: process.pid,
    startedAt: '2026-01-01T00:00:00.000Z',
  };

  it('is read as written, for us alone, leaving no other file', () => {
    const file = join(dir, 'runtime.json');
    expect(readRuntime(file)).toBeUndefined();
    writeFileSync(file, 'old');
    chmodSync(file, 0o644);
    writeRuntime(file, runtime);
    expect(readRuntime(file)).toEqual(runtime);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['runtime.json']);
    clearRuntime(file);
    clearRuntime(file);
    expect(readRuntime(file)).toBeUndefined();
  });

  it('knows whether its supervisor still runs', () => {
    expect(isLive(runtime)).toBe(true);
    expect(isLive({ ...runtime, pid: 2 ** 30 })).toBe(false);
  });

  it.each([
    ['{"token": "secr', 'it is not JSON'],
    ['null', 'lacks databaseUrl, eventStoreUrl, apiUrl, token, startedAt, databasePort, eventStorePort, pid'],
    [JSON.stringify({ ...runtime, pid: '7', token: undefined }), 'lacks token, pid'],
  ])('with the content %j is refused without showing it', (content, message) => {
    const file = join(dir, 'runtime.json');
    writeFileSync(file, content);
    expect(() => readRuntime(file)).toThrow(message);
    expect(() => readRuntime(file)).not.toThrow(/secr/);
  });
});
