import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

jest.setTimeout(60_000);

const repository = resolve(__dirname, '..', '..');

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huicai-scripts-spec-'));
  cpSync(join(repository, 'scripts'), join(dir, 'scripts'), { recursive: true });
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(file: string, content: string | object): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), typeof content === 'string' ? content : JSON.stringify(content));
}

function node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const inherited = { ...process.env };
  delete inherited.npm_lifecycle_event;
  const child: ChildProcess = spawn(process.execPath, args, { cwd: dir, env: { ...inherited, ...env } });
  const outcome = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (text: string) => (outcome[name] += text));
  return new Promise((resolveRun) => child.once('close', (code) => resolveRun({ code, ...outcome })));
}

/** A process id of which no process is left. */
async function deadPid(): Promise<string> {
  return (await node(['-p', 'process.pid'])).stdout.trim();
}

describe('ensure-deps', () => {
  const ensureDeps = (env: NodeJS.ProcessEnv = {}) => node(['scripts/ensure-deps.mjs'], env);
  const installed = (name: string): boolean => existsSync(join(dir, 'node_modules', name, 'package.json'));

  /** Locks local packages only, so that no registry is asked. */
  function lock(...names: string[]): void {
    const entries = names.flatMap((name) => [
      [`local/${name}`, { version: '1.0.0', dev: true }],
      [`node_modules/${name}`, { resolved: `local/${name}`, link: true, dev: true }],
    ]);
    const devDependencies = Object.fromEntries(names.map((name) => [name, `file:local/${name}`]));
    for (const name of names) write(`local/${name}/package.json`, { name, version: '1.0.0' });
    write('package.json', { name: 'x', version: '1.0.0', devDependencies });
    const root = { name: 'x', version: '1.0.0', devDependencies };
    write('package-lock.json', {
      name: 'x',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: Object.fromEntries([['', root], ...entries]),
    });
  }

  it('installs what the lock file names, development included, once, and again when it has changed', async () => {
    lock('one');
    const first = await ensureDeps({ NODE_ENV: 'production' });
    expect(first).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Installing dependencies') });
    expect(installed('one')).toBe(true);
    expect(await ensureDeps()).toEqual({ code: 0, stdout: '', stderr: '' });
    lock('one', 'two');
    expect((await ensureDeps()).stderr).toContain('Installing dependencies');
    expect(installed('two')).toBe(true);
  });

  it('installs for one of two that start at once, and in spite of a lock left by a dead process', async () => {
    lock('one');
    write('.tmp/deps.lock/pid', await deadPid());
    const both = await Promise.all([ensureDeps(), ensureDeps()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ stderr }) => stderr.includes('Installing'))).toHaveLength(1);
    expect(existsSync(join(dir, '.tmp', 'deps.lock'))).toBe(false);
  });

  it('takes an installation made by hand as it is, unless it is for another platform', async () => {
    lock('one');
    await ensureDeps();
    const stamp = join(dir, 'node_modules', '.deps-stamp');
    rmSync(stamp);
    expect((await ensureDeps()).stderr).toBe('');
    writeFileSync(stamp, 'hash\nother platform\n');
    expect((await ensureDeps()).stderr).toContain('Installing');
  });

  it('says so when the installation fails, and leaves no stamp', async () => {
    lock('one');
    write('package.json', { name: 'x', version: '1.0.0', devDependencies: { one: 'file:local/one', other: 'file:local/other' } });
    expect(await ensureDeps()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('could not be installed') });
    expect(existsSync(join(dir, 'node_modules', '.deps-stamp'))).toBe(false);
  });
});

describe('ensure-build', () => {
  const options = (tests: boolean) => `import('./scripts/ensure-build.mjs').then((m) => m.ensureBuild({ tests: ${tests} }))`;
  const ensureBuild = (tests = false) => node(['-e', options(tests)]);
  const run = async (file: string): Promise<string> => (await node([join('dist', file)])).stdout.trim();

  beforeEach(() => {
    for (const file of ['nest-cli.json', 'tsconfig.json']) cpSync(join(repository, file), join(dir, file));
    write('package.json', {});
    write('package-lock.json', {});
    symlinkSync(join(repository, 'node_modules'), join(dir, 'node_modules'));
    write('libs/words/index.ts', "export * from './word.js';");
    write('libs/words/word.ts', "export const word: string = 'one';");
    write('libs/words/word.spec.ts', 'this is no TypeScript');
    write('apps/api/src/main.ts', "import { word } from '@huicai/words';\nconsole.log(word);");
    write('test/bench/fast.bench.ts', "import { word } from '@huicai/words';\nconsole.log('bench', word);");
  });

  it('builds once, again when a source has changed, and removes what has no source any more', async () => {
    expect(await ensureBuild()).toEqual({ code: 0, stdout: '', stderr: 'Building …\n' });
    expect(await run('apps/api/src/main.js')).toBe('one');
    expect(existsSync(join(dir, 'dist', 'test'))).toBe(false);
    expect(await ensureBuild()).toEqual({ code: 0, stdout: '', stderr: '' });
    write('libs/words/word.ts', "export const word = 'two';");
    write('libs/words/extra.ts', 'export const extra = 1;');
    expect((await ensureBuild()).stderr).toBe('Building …\n');
    expect(await run('apps/api/src/main.js')).toBe('two');
    const extra = join(dir, 'dist', 'libs', 'words', 'extra.js');
    expect(existsSync(extra)).toBe(true);
    rmSync(join(dir, 'libs', 'words', 'extra.ts'));
    await ensureBuild();
    expect(existsSync(extra)).toBe(false);
    const map = JSON.parse(readFileSync(join(dir, 'dist', 'libs', 'words', 'word.js.map'), 'utf8')) as { sources: string[] };
    expect(map.sources.map((source) => resolve(dir, 'dist', 'libs', 'words', source))).toEqual([
      join(dir, 'libs', 'words', 'word.ts'),
    ]);
  });

  it('tells what does not compile and leaves the last build as it was', async () => {
    await ensureBuild();
    write('libs/words/word.ts', 'export const = ;');
    const broken = await ensureBuild();
    expect(broken).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('word.ts') });
    expect(await run('apps/api/src/main.js')).toBe('one');
  });

  it('builds for one of two that start at once, and in spite of a lock left by a dead process', async () => {
    write('.tmp/build.lock/pid', await deadPid());
    const both = await Promise.all([ensureBuild(), ensureBuild()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ stderr }) => stderr.includes('Building …'))).toHaveLength(1);
  });

  it('builds the benches when asked to, with the paths of the libraries', async () => {
    expect((await ensureBuild(true)).stderr).toBe('Building …\n');
    expect(await run('test/bench/fast.bench.js')).toBe('bench one');
    expect((await ensureBuild(true)).stderr).toBe('');
  });
});
