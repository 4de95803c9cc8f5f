import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/support/until.js';
import { DirectoryInUseError, inspectProcess, lockDirectory, lockHolder } from './index.js';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huicai-lock-spec-'));
  file = join(dir, 'lock');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('is held by one at a time, also within a process, and given back', () => {
  const unlock = lockDirectory(file, 'The folder');
  expect(() => lockDirectory(file, 'The folder')).toThrow(`The folder is already in use by process ${process.pid}`);
  expect(lockHolder(file)).toMatchObject({ pid: process.pid, startedAt: inspectProcess(process.pid)!.startedAt });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  unlock();
  expect(lockHolder(file)).toBeUndefined();
  lockDirectory(file, 'The folder')();
  expect(readdirSync(dir)).toEqual([]);
});

it('of a dead process is taken over', async () => {
  const dead = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await until('the end of a process', () => dead.exitCode !== null);
  writeFileSync(file, JSON.stringify({ pid: dead.pid, startedAt: 'x' }));
  lockDirectory(file, 'The folder');
  expect(lockHolder(file)?.pid).toBe(process.pid);
  expect(readdirSync(dir)).toEqual(['lock']);
});

it('of a process whose id was given to another is taken over', () => {
  writeFileSync(file, JSON.stringify({ pid: process.ppid, startedAt: 'before' }));
  expect(lockHolder(file)).toBeUndefined();
  lockDirectory(file, 'The folder');
  expect(lockHolder(file)?.pid).toBe(process.pid);
});

it('of another living process is respected', () => {
  const content = JSON.stringify({ pid: process.ppid, startedAt: inspectProcess(process.ppid)!.startedAt });
  writeFileSync(file, content);
  expect(() => lockDirectory(file, 'The folder')).toThrow(DirectoryInUseError);
  expect(readFileSync(file, 'utf8')).toBe(content);
});

it.each(['', 'null', '{"pid":', '{"pid":"1"}'])(
  'with the unreadable content %p is respected while fresh and taken over later',
  (content) => {
    writeFileSync(file, content);
    expect(() => lockDirectory(file, 'The folder')).toThrow('a process that is just starting');
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(file, longAgo, longAgo);
    lockDirectory(file, 'The folder');
    expect(lockHolder(file)?.pid).toBe(process.pid);
  },
);

it('of a process in another container is respected until the machine restarts', () => {
  const { startedAt } = inspectProcess(process.pid)!;
  const foreign = { pid: 999_999_999, startedAt, namespace: 'pid:[1]' };
  writeFileSync(file, JSON.stringify(foreign));
  expect(() => lockDirectory(file, 'The folder')).toThrow('process 999999999 of another container');
  writeFileSync(file, JSON.stringify({ ...foreign, startedAt: 'an-earlier-boot/1' }));
  lockDirectory(file, 'The folder');
  expect(lockHolder(file)?.pid).toBe(process.pid);
});

it('is not removed by a former holder', () => {
  const unlock = lockDirectory(file, 'The folder');
  writeFileSync(file, JSON.stringify({ pid: process.ppid, startedAt: 'other' }));
  unlock();
  expect(existsSync(file)).toBe(true);
});
