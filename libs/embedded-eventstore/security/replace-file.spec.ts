import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from './replace-file.js';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'replace-'));
  file = join(dir, 'file');
});
afterEach(() => rm(dir, { recursive: true }));

test('makes a file, and replaces it, with the mode asked for', async () => {
  for (const [content, mode] of [
    ['one', 0o600],
    ['two', 0o644],
    ['three', 0o600],
  ] as const) {
    await replaceFile(file, content, mode);
    expect(await readFile(file, 'utf8')).toBe(content);
    expect((await stat(file)).mode & 0o777).toBe(mode);
  }
  expect(await readdir(dir)).toEqual(['file']);
});

test('writes over the draft a crash has left, and its mode', async () => {
  await writeFile(`${file}.new`, 'much longer than what comes');
  await chmod(`${file}.new`, 0o666);
  await replaceFile(file, 'short', 0o600);
  expect(await readFile(file, 'utf8')).toBe('short');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['file']);
});

test('touches nothing but the draft until that is complete', async () => {
  await writeFile(file, 'old');
  await mkdir(`${file}.new`);
  await expect(replaceFile(file, 'new', 0o600)).rejects.toThrow(/EISDIR/);
  expect(await readFile(file, 'utf8')).toBe('old');
});
