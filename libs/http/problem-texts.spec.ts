import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PROBLEM_TEXTS, PROBLEM_TITLES } from './problem-texts.js';

const root = resolve(__dirname, '../..');

function sources(): string[] {
  return ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.endsWith('.fixture.ts'))
      // Refuses by codes of its own, which rulebooks turn into refusals.
      .filter((name) => !name.startsWith('working-time/'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
}

/** Where codes are written: the kernel's refusals, faults of form, and what errors of the edge are told as. */
const CODES = [
  /\b(?:illegal|invalid|forbidden|notFound|badInput)\(\s*'([a-z-]+)'/g,
  /new Refusal\(\s*'[a-z-]+',\s*'([a-z-]+)'/g,
  /\bfault\(\s*'([a-z-]+)'/g,
  // Of shapes, `code` is a member like any other.
  /\bcode: '(?!text')([a-z-]+)'/g,
  /\b(?:pattern|credential)\([^;]*?,\s*'([a-z-]+)'\s*\)/g,
  /new TokenError\(\s*'([a-z-]+)'/g,
];

function codes(): Set<string> {
  // Other libraries have functions of these names; refusals are made with the kernel's or the edge's.
  const refusing = sources().filter((text) =>
    /from '@huicai\/(kernel|http)'|class Refusal|from '\.\/(faults|errors)\.js'/.test(text),
  );
  return new Set(refusing.flatMap((text) => CODES.flatMap((form) => [...text.matchAll(form)].map(([, code]) => code!))));
}

const byText = (a: string, b: string): number => a.localeCompare(b);

describe('texts of problems', () => {
  it('exist for every code thrown anywhere', () => {
    const thrown = codes();
    expect(thrown.size).toBeGreaterThan(60);
    for (const code of [
      'illegal-step',
      'card-number-taken',
      'resident-id-date',
      'code-invalid',
      'token-expired',
      'field-required',
    ])
      expect(thrown).toContain(code);
    expect([...thrown].filter((code) => !Object.hasOwn(PROBLEM_TEXTS, code))).toEqual([]);
  });

  it('say the same in both languages, with the same blanks', () => {
    const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort(byText);
    for (const [code, { zh, en }] of Object.entries(PROBLEM_TEXTS)) {
      expect([code, zh]).toEqual([code, expect.stringMatching(/\p{Script=Han}/u)]);
      expect([code, en]).toEqual([code, expect.stringMatching(/^[ -~’]+$/)]);
      expect([code, blanks(zh)]).toEqual([code, blanks(en)]);
    }
  });

  it('have a title for every status they name', () => {
    for (const { status } of Object.values(PROBLEM_TEXTS))
      if (status !== undefined) expect([status, PROBLEM_TITLES[status]]).toEqual([status, expect.any(Object)]);
  });
});
