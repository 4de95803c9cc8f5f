import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDatabase } from './database.js';
import { Metastreams } from './metastreams.js';

let dir: string;
let database: LogDatabase;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'metastreams-'));
  database = await LogDatabase.open(dir);
  await database.write([], new Map(['$$one', '$$two', '$one', '$%', 'one', '$$三'].map((name, n) => [name, n + 1])));
});
afterEach(async () => {
  await database.close();
  await rm(dir, { recursive: true });
});

test('those in the database are known, and those added since', () => {
  const known = new Metastreams(database);
  known.add('$$added');
  const mayHave = ['$$one', '$$two', '$$三', '$$added', '$$three', '$$$%', '$$on'].map((name) => known.mayHave(name));
  expect(mayHave).toEqual([true, true, true, true, false, false, false]);
});

test('a name that is stored under its hash only may always be there', () => {
  expect(new Metastreams(database).mayHave(`$$${'x'.repeat(2000)}`)).toBe(true);
  expect(new Metastreams(database).mayHave(`$$${'汉'.repeat(400)}`)).toBe(true);
});

test('when there are too many, every one may be there', () => {
  expect(new Metastreams(database, 2).mayHave('$$three')).toBe(true);
  const growing = new Metastreams(database, 3);
  expect(growing.mayHave('$$three')).toBe(false);
  growing.add('$$four');
  expect(growing.mayHave('$$three')).toBe(true);
});
