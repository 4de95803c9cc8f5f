import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectEventStore } from '@huicai/event-store';
import { DEFAULT_SEED, type SyntheticPerson, syntheticPeople } from '@huicai/seed';
import { keepNewShapes, shapesNotKept } from '../support/event-fixtures.js';
import { Http } from '../support/http.js';
import { type Stack, startStack } from '../support/stack.js';

jest.setTimeout(420_000);

const run = promisify(execFile);
const README = 'README.md';
/** The README was written on a store seeded with this anchor. */
const ANCHOR = '2026-11-20';

interface Step {
  readonly script: string;
  /** What the README shows; undefined where a block has no output. */
  readonly shown: string | undefined;
}

describe('the tour of the README', () => {
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'huicai-tour-'));
    stack = await startStack();
    const seeded = await stack.cli('seed', '--anchor', ANCHOR, '--quiet');
    if (seeded.code !== 0) throw new Error(seeded.output);
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives the answers it shows', async () => {
    const steps = stepsOf(readFileSync(README, 'utf8'));
    const answers = await play(steps, stack.apiUrl, folder);
    if (process.env.UPDATE_README) writeFileSync(README, withAnswers(readFileSync(README, 'utf8'), answers));
    const shown = steps.flatMap(({ shown }) => (shown === undefined ? [] : [normalise(shown)]));
    const given = steps.flatMap(({ shown }, i) => (shown === undefined ? [] : [normalise(answers[i]!)]));
    expect(given).toEqual(shown);
  });

  it('knows that the year is there already', async () => {
    const again = await stack.cli('seed', '--seed', '7', '--anchor', '2025-12-31');
    expect(again.code).toBe(0);
    expect(again.output).toContain(ANCHOR);
  });

  // A new shape under an old version would be read by code that was never run on it: raise the version and write the upcaster
  // first; then UPDATE_FIXTURES=1 keeps streams with the new shape beside the old ones.
  it('holds no event of a shape that is not kept', async () => {
    const store = connectEventStore(stack.runtime.eventStoreUrl);
    try {
      if (process.env.UPDATE_FIXTURES) await keepNewShapes(store);
      expect(await shapesNotKept(store)).toEqual([]);
    } finally {
      await store.close();
    }
  });

  it('has left nothing personal of the made-up people in the files of the event store, in what was logged or in an error', async () => {
    const { talents, specialists, family } = syntheticPeople(DEFAULT_SEED);
    const ofTalents = talents.flatMap(({ name, phone, newPhone, idNumber }) => [name, phone, newPhone, idNumber]);
    const secrets = [...new Set([...ofTalents, ...specialists, ...family])];
    expect(secrets.length).toBeGreaterThan(600);
    const errors = Buffer.from(await refusals(stack.apiUrl, talents));
    expect(errors.includes('urn:huicai:problem')).toBe(true);
    const files = [...filesBelow(join(stack.dataDir, 'eventstore')), ...filesBelow(join(stack.dataDir, 'logs'))];
    const texts = [...files.map((file) => readFileSync(file)), Buffer.from(stack.output()), errors];
    expect(texts.some((text) => text.includes('CaseRegistered'))).toBe(true);
    expect(secrets.filter((secret) => texts.some((text) => holds(text, secret)))).toEqual([]);
  });
});

/**
 * Whether a text tells a secret. Digits inside a longer number are none: at every full minute the event store's time in ticks,
 * 17 digits with zeros at the end, contains one of the made-up telephone numbers.
 */
function holds(text: Buffer, secret: string): boolean {
  const digitsOnly = /^\d+$/.test(secret);
  const isDigit = (at: number) => at >= 0 && at < text.length && text[at]! >= 0x30 && text[at]! <= 0x39;
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
    const country = text.subarray(Math.max(0, at - 2), at).toString('latin1') === '86' ? 2 : 0;
    if (!digitsOnly || !(isDigit(at - country - 1) || isDigit(at + secret.length))) return true;
  }
  return false;
}

/** What the API answers to each person's data in a request that is wrong, and to a search that finds nobody. */
async function refusals(apiUrl: string, people: readonly SyntheticPerson[]): Promise<string> {
  const anonymous = new Http(apiUrl);
  const { body } = await anonymous.call<{ accessToken: string }>('POST', '/api/v1/auth/token', {
    login: 'window',
    password: 'huicai-demo',
  });
  const http = new Http(apiUrl, { authorization: `Bearer ${body.accessToken}` });
  const answers: string[] = [];
  const refused = (path: string, wrong: object) =>
    http.call('POST', path, wrong).catch((error: Error) => {
      answers.push(error.message);
    });
  for (const { name, phone, idNumber } of people) {
    await refused('/api/v1/talents', { name, phone, documentNumber: `${idNumber}9`, category: name, unexpected: phone });
    await refused('/api/v1/talents/search', { name: [name], phone: idNumber, documentNumber: phone });
  }
  anonymous.close();
  http.close();
  expect(answers).toHaveLength(2 * people.length);
  return answers.join('\n');
}

/** The shell blocks of the tour, each with the JSON block that follows it. */
function stepsOf(readme: string): Step[] {
  return [...tourOf(readme).matchAll(/```sh\n([\s\S]*?)```\n(?:\n```json\n([\s\S]*?)```\n)?/g)].map(([, script, shown]) => ({
    script: script!,
    shown,
  }));
}

const tourOf = (readme: string): string => readme.slice(readme.indexOf('## A tour'), readme.indexOf('## Configuration'));

function withAnswers(readme: string, answers: readonly string[]): string {
  let i = -1;
  const tour = tourOf(readme).replace(
    /(```sh\n[\s\S]*?```\n)(\n```json\n[\s\S]*?```\n)?/g,
    (_, script: string, shown?: string) => {
      i++;
      return shown === undefined ? script : `${script}\n\`\`\`json\n${answers[i]}\`\`\`\n`;
    },
  );
  return readme.replace(tourOf(readme), () => tour);
}

/** Runs all blocks in one shell, as a reader would, and gives what each printed. */
async function play(steps: readonly Step[], apiUrl: string, cwd: string): Promise<string[]> {
  const mark = '-----8<-----';
  const script = steps.map(({ script }) => `${script}\necho '${mark}'`).join('\n');
  const here = script.replace('http://127.0.0.1:3000', apiUrl);
  const { stdout } = await run('bash', ['-c', here], { cwd, maxBuffer: 16 * 1024 * 1024 });
  return stdout.split(`${mark}\n`).slice(0, steps.length);
}

/** Ids, numbers, positions, hashes and instants differ from run to run; nothing else may. */
function normalise(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<instant>')
    .replace(/LS-\d{4}-\d{6}/g, '<number>')
    .replace(/3713\d{11}/g, '<card>')
    .replace(/"validUntil":"\d{4}-\d\d-\d\d"/g, '"validUntil":"<day>"')
    .replace(/"position":"\d+"/g, '"position":"<position>"')
    .replace(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replace(/"provisional":(true|false)/g, '"provisional":<bool>')
    .replace(/"next":"[\w-]+"/g, '"next":"<cursor>"');
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
