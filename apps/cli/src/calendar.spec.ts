import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HuicaiSystem } from '@huicai/composition';
import { Command } from 'commander';
import { startTestSystem, type TestSystem } from '../../../test/support/system.js';
import { addCalendar } from './calendar.js';

jest.setTimeout(60_000);

const CSV = 'date,isOffDay,name\r\n2027-01-01,true,元旦\r\n2027-01-03,false,调休上班\r\n';
const LIST = [
  { date: '2027-01-01', isOffDay: true, name: '元旦' },
  { date: '2027-01-02', isOffDay: true, name: '元旦' },
];

let t: TestSystem;
let folder: string;
beforeAll(async () => {
  t = await startTestSystem();
  folder = await mkdtemp(join(tmpdir(), 'huicai-calendar-'));
});
afterAll(async () => {
  await t?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What importing a file prints, and the exit code. */
async function imported(name: string, text: string, ...options: string[]) {
  const file = join(folder, name);
  await writeFile(file, text);
  const printed = { out: '', err: '' };
  const catching = (where: 'out' | 'err') => (chunk: unknown) => {
    printed[where] += String(chunk);
    return true;
  };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(catching('out')),
    jest.spyOn(process.stderr, 'write').mockImplementation(catching('err')),
  ];
  const { databaseUrl, eventStoreUrl, kekFile } = t;
  try {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    addCalendar(program, () => HuicaiSystem.open({ databaseUrl, eventStoreUrl, kekFile }));
    await program.parseAsync(['calendar', 'import', file, ...options], { from: 'user' });
    return { ...printed, code: process.exitCode };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = 0;
  }
}

const versions = async () => (await t.system.facts.calendar('cn-lanshan')).versions;

it('publishes a notice from CSV and from JSON, as a list or under days, and the same file only once', async () => {
  const known = (await versions()).length;
  const saying = (n: number) => ({ out: `cn-lanshan: version ${known + n} is published.\n`, err: '', code: 0 });
  expect(await imported('2027.csv', `\uFEFF${CSV}`)).toEqual(saying(1));
  expect(await imported('2027.csv', `\uFEFF${CSV}`)).toEqual(saying(1));
  expect(await imported('2027.json', JSON.stringify(LIST), '--announced-at', new Date().toISOString())).toEqual(saying(2));
  expect(await imported('year.json', JSON.stringify({ year: 2027, days: LIST }), '--year', '2027')).toEqual(saying(3));
  const after = await versions();
  expect(after).toHaveLength(known + 3);
  expect(after[known]!.exceptions).toContainEqual({ date: '2027-01-03', kind: 'opened', name: '调休上班', noticeYear: 2027 });
  expect(after.at(-1)!.exceptions.filter(({ date }) => date.startsWith('2027'))).toHaveLength(2);
});

it.each<[string, string, string, string[], RegExp]>([
  ['a line that is no day', 'bad.csv', 'date,isOffDay\n2027-13-01,true\n', [], /^csv\.line\[2\].*: /],
  ['what is no JSON', 'bad.json', '{', ['--lang', 'en'], /not valid JSON/],
  ['a file without days', 'empty.json', '{"year":2027}', ['--lang', 'en'], /^days: /],
  ['a calendar there is not', '2027.csv', CSV, ['--calendar', 'mars'], /^csv: /],
])('refuses %s, and publishes nothing', async (_, name, text, options, message) => {
  const known = (await versions()).length;
  const { code, out, err } = await imported(name, text, ...options);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(message);
  expect(await versions()).toHaveLength(known);
});
