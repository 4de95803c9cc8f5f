import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryLock, DirectoryLockedError } from './directory-lock.js';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(dir, 'server.lock');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The content of a lock this process would write, changed. */
function lockOf(change: Record<string, unknown>): string {
  const lock = DirectoryLock.acquire(dir);
  const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
  lock.release();
  return JSON.stringify({ ...(content as object), ...change });
}

async function deadPid(): Promise<number> {
  const child = fork('-e', [], { execArgv: ['-e', ''], stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

test('a directory is locked until it is released', () => {
  const lock = DirectoryLock.acquire(dir);
  expect(() => DirectoryLock.acquire(dir)).toThrow(DirectoryLockedError);
  expect(() => DirectoryLock.acquire(dir)).toThrow(String(process.pid));
  lock.release();
  DirectoryLock.acquire(dir).release();
  expect(readdirSync(dir)).toEqual([]);
});

test('a refused attempt leaves nothing behind', () => {
  const lock = DirectoryLock.acquire(dir);
  expect(() => DirectoryLock.acquire(dir)).toThrow(DirectoryLockedError);
  expect(readdirSync(dir)).toEqual(['server.lock']);
  lock.release();
});

test('the lock of a process that is gone is taken over', async () => {
  writeFileSync(path, lockOf({ pid: await deadPid() }));
  const lock = DirectoryLock.acquire(dir);
  expect(readdirSync(dir)).toEqual(['server.lock']);
  lock.release();
});

test('a pid that now belongs to another process does not keep the lock', () => {
  writeFileSync(path, lockOf({ started: '1' }));
  DirectoryLock.acquire(dir).release();
});

test('a lock from before the machine was restarted is taken over', () => {
  writeFileSync(path, lockOf({ scope: '00000000-0000-0000-0000-000000000000 pid:[1]' }));
  DirectoryLock.acquire(dir).release();
});

test('a lock from another container, whose processes can not be seen, is respected', () => {
  const { scope } = JSON.parse(lockOf({})) as { scope: string };
  writeFileSync(path, lockOf({ pid: 999_999_999, scope: `${scope.split(' ')[0]} pid:[1]` }));
  expect(() => DirectoryLock.acquire(dir)).toThrow(/another container/);
});

test('a file that is no lock is not removed', () => {
  writeFileSync(path, 'something else');
  expect(() => DirectoryLock.acquire(dir)).toThrow(/is not a lock/);
  expect(readFileSync(path, 'utf8')).toBe('something else');
});

test('releasing leaves a lock alone that someone else has taken', () => {
  const lock = DirectoryLock.acquire(dir);
  writeFileSync(path, 'theirs');
  lock.release();
  expect(readFileSync(path, 'utf8')).toBe('theirs');
});
