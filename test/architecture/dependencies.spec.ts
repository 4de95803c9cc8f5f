import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

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

/** A small tree of the same shape in which everything is allowed, some of it only just. */
const HEALTHY: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'tree',
    dependencies: { '@nestjs/common': '1', '@eventstore/db-client': '1', typeorm: '1', pg: '1' },
    devDependencies: { 'dev-only': '1' },
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'nodenext', moduleResolution: 'nodenext', paths: { '@huicai/*': ['./libs/*/index.ts'] } },
  }),
  ...Object.fromEntries(
    ['@nestjs/common', '@eventstore/db-client', 'typeorm', 'pg', 'dev-only', 'undeclared'].flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
      [`node_modules/${name}/index.js`, 'exports.x = 1;'],
    ]),
  ),
  'node_modules/@eventstore/db-client/generated/streams_pb.js': 'exports.x = 1;',
  'libs/kernel/index.ts': `export * from './command-runner.js';`,
  'libs/kernel/command-runner.ts': `import type { Port } from '../event-store/port.js'; export const run = (port: Port) => port;`,
  'libs/kernel/spec-dsl.ts': `export const given = 1;`,
  'libs/working-time/index.ts': `export const due = 1;`,
  'libs/event-store/index.ts': `export * from './eventstoredb.js'; export * from './port.js';`,
  'libs/event-store/eventstoredb.ts': `import { x } from '@eventstore/db-client'; import type { Port } from './port.js'; export const adapter: Port = x;`,
  'libs/event-store/port.ts': `export type Port = unknown; export const fault = 1;`,
  'libs/embedded-eventstore/index.ts': `import { x } from '@eventstore/db-client/generated/streams_pb.js'; export const server = x;`,
  'libs/projections/index.ts': `import { x } from 'pg'; export const projector = x;`,
  'libs/composition/index.ts': `import { decide } from '../contexts/cases/case.js'; export const system = decide;`,
  'libs/contexts/gateway.ts': `import type { CaseCommand } from './cases/contract.js'; export type Sent = CaseCommand;`,
  'libs/contexts/cases/contract.ts': `export type CaseCommand = string;`,
  'libs/contexts/cases/facts.ts': `import { due } from '@huicai/working-time'; export const foldCase = due;`,
  'libs/contexts/cases/case.ts': `import { run } from '@huicai/kernel'; import { row } from './rules/row.js'; export const decide = [run, row];`,
  'libs/contexts/cases/rules/row.ts': `import { foldCard } from '../../cards/facts.js'; export const row = foldCard;`,
  'libs/contexts/cases/case.flow.ts': `import { projector } from '@huicai/projections'; import { view } from './views/a.view.js'; export const flow = [projector, view];`,
  'libs/contexts/cases/case.api.ts': `import { x } from '@nestjs/common'; import { decide } from './case.js'; import type { Sent } from '../gateway.js'; export const api: Sent[] = [x, decide];`,
  'libs/contexts/cases/views/a.view.ts': `import { foldCase } from '../facts.js'; export const view = foldCase;`,
  'libs/contexts/cases/case.spec.ts': `import { given } from '../../kernel/spec-dsl.js'; import { number } from '../cards/card.js'; import { x } from 'dev-only'; export const spec = [given, number, x];`,
  'libs/contexts/cards/contract.ts': `export type CardCommand = string;`,
  'libs/contexts/cards/facts.ts': `export const foldCard = 1;`,
  'libs/contexts/cards/card.ts': `export const number = 1;`,
  'libs/contexts/reporting/views/b.view.ts': `import { foldCase } from '../../cases/facts.js'; export const report = foldCase;`,
  'libs/contexts/audit/audit.flow.ts': `import { projector } from '@huicai/projections'; export const audit = projector;`,
  'apps/api/src/main.ts': `import { api } from '../../../libs/contexts/cases/case.api.js'; import { system } from '@huicai/composition'; export const main = [api, system];`,
  'apps/worker/src/main.ts': `import { system } from '@huicai/composition'; export const main = system;`,
};

/** One planted fault each: a file of the healthy tree is written anew or added, and this one rule must name it. */
const FAULTS: readonly (readonly [what: string, rule: string, file: string, text: string, to?: string])[] = [
  [
    'a rule that uses Nest',
    'rulebooks-are-pure',
    'libs/contexts/cases/rules/row.ts',
    `import { x } from '@nestjs/common'; export const row = x;`,
    'node_modules/@nestjs/common/index.js',
  ],
  [
    'a contract with an entity',
    'rulebooks-are-pure',
    'libs/contexts/cards/contract.ts',
    `import type { x } from 'typeorm'; export type CardCommand = typeof x;`,
  ],
  [
    'facts that query',
    'rulebooks-are-pure',
    'libs/contexts/cards/facts.ts',
    `import { projector } from '@huicai/projections'; export const foldCard = projector;`,
    'node_modules/pg/index.js',
  ],
  [
    'a decider that reaches Nest through a file of its own',
    'rulebooks-are-pure',
    'libs/contexts/cards/card.ts',
    `import { api } from './card.api.js'; export const number = api;`,
  ],
  [
    'a kernel that knows the store client',
    'rulebooks-are-pure',
    'libs/kernel/command-runner.ts',
    `import { adapter } from '@huicai/event-store'; export const run = adapter;`,
    'node_modules/@eventstore/db-client/index.js',
  ],
  [
    'working time with a driver',
    'rulebooks-are-pure',
    'libs/working-time/index.ts',
    `import { x } from 'pg'; export const due = x;`,
  ],
  [
    'a rule that reads a file',
    'rulebooks-do-no-io',
    'libs/contexts/cases/rules/row.ts',
    `import { readFileSync } from 'node:fs'; export const row = readFileSync;`,
  ],
  [
    'a context that uses the inside of another',
    'contexts-meet-by-contract',
    'libs/contexts/cases/rules/row.ts',
    `import { number } from '../../cards/card.js'; export const row = number;`,
    'libs/contexts/cards/card.ts',
  ],
  [
    'a view that uses the inside of another context',
    'contexts-meet-by-contract',
    'libs/contexts/reporting/views/b.view.ts',
    `import { view } from '../../cases/views/a.view.js'; export const report = view;`,
  ],
  [
    'a shared file that uses the inside of a context',
    'shared-files-know-no-context',
    'libs/contexts/gateway.ts',
    `import { number } from './cards/card.js'; export type Sent = typeof number;`,
  ],
  [
    'a report with rules',
    'views-decide-nothing',
    'libs/contexts/reporting/views/b.view.ts',
    `import { row } from '../rules/row.js'; export const report = row;`,
  ],
  [
    'a view that talks to the store',
    'store-client-in-one-file',
    'libs/contexts/cases/views/a.view.ts',
    `import { x } from '@eventstore/db-client'; export const view = x;`,
  ],
  [
    'a second file of the adapter with the client',
    'store-client-in-one-file',
    'libs/event-store/port.ts',
    `import { x } from '@eventstore/db-client'; export type Port = unknown; export const fault = x;`,
  ],
  [
    'an embedded server with the client',
    'embedded-store-speaks-protobuf-only',
    'libs/embedded-eventstore/index.ts',
    `import { x } from '@eventstore/db-client'; export const server = x;`,
  ],
  [
    'a library that knows an app',
    'libs-know-no-app',
    'libs/projections/index.ts',
    `import { main } from '../../apps/worker/src/main.js'; export const projector = main;`,
  ],
  [
    'an app that knows another',
    'apps-know-no-other-app',
    'apps/worker/src/main.ts',
    `import { main } from '../../api/src/main.js'; export { main };`,
  ],
  [
    'a library that goes past an index',
    'libs-by-their-index',
    'libs/projections/index.ts',
    `import { run } from '../kernel/command-runner.js'; export const projector = run;`,
  ],
  [
    'an app that goes past an index',
    'apps-use-libs-by-their-index',
    'apps/worker/src/main.ts',
    `import { run } from '../../../libs/kernel/command-runner.js'; export const main = run;`,
  ],
  [
    'a kernel that uses more than types of the port',
    'port-as-type-only',
    'libs/kernel/command-runner.ts',
    `import { fault } from '../event-store/port.js'; export const run = fault;`,
  ],
  [
    'another library at the port',
    'port-for-the-kernel',
    'libs/projections/index.ts',
    `import type { Port } from '../event-store/port.js'; export const projector: Port = 1;`,
  ],
  [
    'a library that knows a context',
    'contexts-are-composed',
    'libs/projections/index.ts',
    `import { number } from '../contexts/cards/card.js'; export const projector = number;`,
  ],
  [
    'a rulebook that uses what tests it',
    'specs-are-for-specs',
    'libs/contexts/cards/card.ts',
    `import { given } from '../../kernel/spec-dsl.js'; export const number = given;`,
  ],
  [
    'a development dependency in what ships',
    'packages-are-declared',
    'libs/projections/index.ts',
    `import { x } from 'dev-only'; export const projector = x;`,
  ],
  [
    'a package nobody declared',
    'packages-are-declared',
    'libs/projections/index.ts',
    `import { x } from 'undeclared'; export const projector = x;`,
  ],
  [
    'a circle',
    'no-circular',
    'libs/contexts/cards/facts.ts',
    `import { number } from './card.js'; export const foldCard = number;`,
  ],
  [
    'a circle of types',
    'no-circular',
    'libs/contexts/cards/contract.ts',
    `import type { foldCard } from './facts.js'; export type CardCommand = typeof foldCard;`,
  ],
  [
    'an import that leads nowhere',
    'no-unresolvable',
    'libs/projections/index.ts',
    `import { gone } from './gone.js'; export const projector = gone;`,
  ],
];

/** Files a fault needs besides its own. */
const COMPANIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a decider that reaches Nest through a file of its own': {
    'libs/contexts/cards/card.api.ts': `import { x } from '@nestjs/common'; export const api = x;`,
  },
  'a report with rules': { 'libs/contexts/reporting/rules/row.ts': `export const row = 1;` },
  'a circle': { 'libs/contexts/cards/card.ts': `import { foldCard } from './facts.js'; export const number = foldCard;` },
  'a circle of types': {
    'libs/contexts/cards/facts.ts': `import type { CardCommand } from './contract.js'; export const foldCard: CardCommand = '';`,
  },
};

async function plant(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
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
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'huicai-architecture-'));
    await cp(join(ROOT, '.dependency-cruiser.cjs'), join(dir, '.dependency-cruiser.cjs'));
    await plant(dir, HEALTHY);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('let a healthy tree be', async () => {
    expect((await cruise(dir)).violations).toEqual([]);
    expect(await decidersAmongViews(dir)).toEqual([]);
  }, 60_000);

  it.each(FAULTS)(
    'find %s: %s',
    // Collected, because a last parameter without a value would be taken for a callback to wait for.
    async (...[what, rule, file, text, to]) => {
      await plant(dir, { ...COMPANIONS[what], [file]: text });
      const found = (await cruise(dir)).violations.filter((violation) => violation.rule === rule && violation.from === file);
      expect(found.length).toBeGreaterThan(0);
      if (to) expect(found.map((violation) => violation.to)).toContain(to);
    },
    60_000,
  );

  it('are each proven by a planted fault', async () => {
    const { forbidden } = jest.requireActual<{ forbidden: { name: string }[] }>(join(ROOT, '.dependency-cruiser.cjs'));
    expect(new Set(FAULTS.map(([, rule]) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
  });

  it('find a decider in a context that only looks on', async () => {
    await plant(dir, {
      'libs/contexts/audit/history.ts': `import type { Decider } from '@huicai/kernel'; export type D = Decider;`,
    });
    expect(await decidersAmongViews(dir)).toEqual(['libs/contexts/audit/history.ts']);
  });
});
