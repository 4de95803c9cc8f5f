import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { COMPANIONS, FAULTS, HEALTHY } from './planted-faults.js';

const ROOT = resolve(__dirname, '..', '..');
const CRUISER = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

interface Cruise {
  readonly violations: readonly Violation[];
  readonly modules: number;
}

/** Runs the project's own rules over a tree. @throws Error when the cruiser itself fails */
function cruise(root: string): Promise<Cruise> {
  const args = [CRUISER, 'apps', 'libs', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  return new Promise((done, failed) => {
    // Violations make it exit with their number, so the answer tells, not the code.
    execFile(process.execPath, args, { cwd: root, maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (!stdout.startsWith('{')) return failed(new Error(`dependency-cruiser failed: ${error?.message ?? ''} ${stderr}`));
      const { summary } = JSON.parse(stdout) as {
        summary: { violations: { rule: { name: string }; from: string; to: string }[]; totalCruised: number };
      };
      const violations = summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
      done({ violations, modules: summary.totalCruised });
    });
  });
}

/** Files of the views-only contexts that speak of deciders; the cruiser sees files, not names. */
async function decidersAmongViews(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const context of ['reporting', 'audit']) {
    const dir = join(root, 'libs', 'contexts', context);
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && /\b(Decider|evolve|decide)\b/.test(await readFile(path, 'utf8'))) found.push(relative(root, path));
    }
  }
  return found;
}

async function plant(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

async function makeTree(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'huicai-architecture-'));
  await cp(join(ROOT, '.dependency-cruiser.cjs'), join(dir, '.dependency-cruiser.cjs'));
  await plant(dir, files);
  return dir;
}

describe('the architecture', () => {
  it('holds: nobody knows whom they must not know', async () => {
    const { violations, modules } = await cruise(ROOT);
    expect(violations).toEqual([]);
    // A cruise that found nothing to look at would find no violation either.
    expect(modules).toBeGreaterThan(150);
  }, 60_000);

  it('has no decider in the contexts that only look on', async () => {
    expect(await decidersAmongViews(ROOT)).toEqual([]);
  });
});

describe('the rules of the architecture', () => {
  let healthy: string;
  let planted: string;
  let found: readonly Violation[];
  beforeAll(async () => {
    [healthy, planted] = await Promise.all([makeTree(HEALTHY), makeTree({ ...HEALTHY, ...COMPANIONS })]);
    await plant(planted, Object.fromEntries(FAULTS.map(([, , file, text]) => [file, text])));
    found = (await cruise(planted)).violations;
  }, 60_000);
  afterAll(() => Promise.all([healthy, planted].map((dir) => rm(dir, { recursive: true, force: true }))));

  it('let a healthy tree be', async () => {
    expect((await cruise(healthy)).violations).toEqual([]);
    expect(await decidersAmongViews(healthy)).toEqual([]);
  }, 60_000);

  // Collected, because jest would take a last parameter without a value for a callback to wait for.
  it.each(FAULTS)('find %s: %s', (...[, rule, file, , to]) => {
    const here = found.filter((violation) => violation.from === file && violation.rule === rule);
    expect(here.length).toBeGreaterThan(0);
    if (to) expect(here.map((violation) => violation.to)).toContain(to);
  });

  it('find nothing in the files that are healthy', () => {
    const faulty = new Set([...FAULTS.map(([, , file]) => file), ...Object.keys(COMPANIONS)]);
    expect(found.filter((violation) => !faulty.has(violation.from))).toEqual([]);
  });

  it('are each proven by a planted fault', () => {
    const { forbidden } = jest.requireActual<{ forbidden: { name: string }[] }>(join(ROOT, '.dependency-cruiser.cjs'));
    expect(new Set(FAULTS.map(([, rule]) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
  });

  it('find a decider in a context that only looks on', async () => {
    await plant(planted, {
      'libs/contexts/audit/history.ts': `import type { Decider } from '@huicai/kernel'; export type D = Decider;`,
    });
    expect(await decidersAmongViews(planted)).toEqual(['libs/contexts/audit/history.ts']);
  });
});
