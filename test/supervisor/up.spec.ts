import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning, type Runtime, readRuntime } from '@huicai/runtime';
import { Client } from 'pg';
import { createTestDatabase } from '../support/database.js';
import { descendants, killHard, sourceEnvironment, untilGone } from '../support/processes.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

interface Supervisor {
  readonly process: ChildProcess;
  output(): string;
  exitCode(): Promise<number | null>;
}

let dir: string;
let running: Supervisor[] = [];
const seen = new Set<number>();

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'huicai-up-spec-')));
});

afterEach(async () => {
  for (const { process: child } of running) {
    for (const pid of [child.pid!, ...descendants(child.pid!)]) seen.add(pid);
    killHard([child.pid!]);
  }
  await untilGone([...seen]);
  running = [];
  seen.clear();
  rmSync(dir, { recursive: true, force: true });
});

function start(env: NodeJS.ProcessEnv = {}, wrapper: readonly string[] = []): Supervisor {
  const inherited = { ...sourceEnvironment };
  for (const name of ['npm_lifecycle_event', 'DATABASE_URL', 'EVENTSTORE_URL', 'HUICAI_SEED', 'HUICAI_HOST'])
    delete inherited[name];
  const command = [...wrapper, process.execPath, join(__dirname, 'fixtures', 'supervisor.ts')];
  const fullEnv = { ...inherited, HUICAI_DATA_DIR: dir, PORT: '0', ...env };
  const child = spawn(command[0]!, command.slice(1), { env: fullEnv, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const supervisor = { process: child, output: () => text, exitCode: () => closed };
  running.push(supervisor);
  return supervisor;
}

async function untilPrinted(supervisor: Supervisor, text: string): Promise<void> {
  await until(`"${text}"`, () => {
    if (supervisor.output().includes(text)) return true;
    if (supervisor.process.exitCode === null && supervisor.process.signalCode === null) return false;
    throw new Error(`It ended without "${text}":\n${supervisor.output()}`);
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${supervisor.output()}`);
  });
}

async function startServing(env: NodeJS.ProcessEnv = {}): Promise<{ supervisor: Supervisor; runtime: Runtime; pids: number[] }> {
  const supervisor = start(env);
  await untilPrinted(supervisor, 'serving ');
  const pids = descendants(supervisor.process.pid!);
  for (const pid of pids) seen.add(pid);
  return { supervisor, runtime: readRuntime(join(dir, 'runtime.json'))!, pids };
}

async function ask(url: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url)).json()) as Record<string, unknown>;
}

const eventStoreAddress = (runtime: Runtime): string => `http://127.0.0.1:${runtime.eventStorePort}`;

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('up, embedded', () => {
  it('starts everything, tells where it is, and stops it in order on SIGTERM', async () => {
    const { supervisor, runtime, pids } = await startServing();
    expect(statSync(join(dir, 'runtime.json')).mode & 0o777).toBe(0o600);
    expect(runtime).toMatchObject({ pid: supervisor.process.pid, token: expect.stringMatching(/^[\w-]{43}$/) });
    expect(await query(runtime.databaseUrl, 'SELECT count(*)::int AS n FROM migrated')).toEqual([{ n: 1 }]);
    expect(await ask(eventStoreAddress(runtime))).toMatchObject({ dir: join(dir, 'eventstore') });
    expect(await ask(runtime.apiUrl)).toMatchObject({
      mode: 'embedded',
      databaseUrl: runtime.databaseUrl,
      eventStoreUrl: `esdb://127.0.0.1:${runtime.eventStorePort}?tls=false`,
      host: '127.0.0.1',
      dataDir: dir,
      kekFile: join(dir, 'kek'),
    });
    const addresses = { mode: 'embedded', apiUrl: runtime.apiUrl, docsUrl: `${runtime.apiUrl}/api/docs`, dataDir: dir };
    expect(supervisor.output()).toContain(`running seed for ${dir}\nserving ${JSON.stringify(addresses)}\n`);

    supervisor.process.kill('SIGTERM');
    expect(await supervisor.exitCode()).toBe(0);
    expect(supervisor.output().split('\n').slice(-6)).toEqual([
      'Stopping (SIGTERM) …',
      'api: stopped',
      'worker: stopped',
      'eventstore: stopped',
      'postgres: stopped',
      '',
    ]);
    expect(pids.filter((pid) => isRunning(pid))).toEqual([]);
    expect(readdirSync(dir).sort()).toEqual(['eventstore', 'kek', 'logs', 'postgres']);
  });

  it('brings back what dies, on the same ports', async () => {
    const { supervisor, runtime } = await startServing({ HUICAI_SEED: 'none' });
    expect(supervisor.output()).not.toContain('running seed');
    for (const [name, address] of [
      ['eventstore', eventStoreAddress(runtime)],
      ['api', runtime.apiUrl],
    ] as const) {
      const before = (await ask(address)).pid as number;
      process.kill(before, 'SIGKILL');
      await untilPrinted(supervisor, `${name}: was ended by SIGKILL; restarting in 0.2 s`);
      const after = await until(`a new ${name}`, () => ask(address).catch(() => undefined));
      expect(after.pid).not.toBe(before);
      seen.add(after.pid as number);
    }
    const postmaster = (
      await query(runtime.databaseUrl, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid")
    )[0];
    process.kill((postmaster as { pid: number }).pid, 'SIGKILL');
    await untilPrinted(supervisor, 'postgres: ended with code 137');
    const rows = await until('PostgreSQL', () => query(runtime.databaseUrl, 'SELECT 1 AS n').catch(() => undefined));
    expect(rows).toEqual([{ n: 1 }]);
    expect(readRuntime(join(dir, 'runtime.json'))).toEqual(runtime);
  });

  it('killed with -9 leaves no process, not even of a running seed, and the next start takes over', async () => {
    const first = start({ FIXTURE_SEED: 'hangs' });
    await untilPrinted(first, 'running seed');
    const pids = descendants(first.process.pid!);
    expect(pids.length).toBeGreaterThanOrEqual(7);
    const { databaseUrl } = readRuntime(join(dir, 'runtime.json'))!;
    await query(databaseUrl, 'CREATE TABLE t AS SELECT 5 AS n');
    killHard([first.process.pid!]);
    await untilGone(pids);
    expect(existsSync(join(dir, 'runtime.json'))).toBe(true);
    const { runtime } = await startServing();
    expect(await query(runtime.databaseUrl, 'SELECT n FROM t')).toEqual([{ n: 5 }]);
  });

  it('stops in the middle of the seed when asked to', async () => {
    const supervisor = start({ FIXTURE_SEED: 'hangs' });
    await untilPrinted(supervisor, 'running seed');
    const pids = descendants(supervisor.process.pid!);
    supervisor.process.kill('SIGINT');
    expect(await supervisor.exitCode()).toBe(0);
    expect(pids.filter((pid) => isRunning(pid))).toEqual([]);
    expect(supervisor.output()).not.toMatch(/serving|seed:/);
  });

  it('serves in spite of a failed seed, and refuses a second supervisor', async () => {
    const { supervisor, runtime } = await startServing({ FIXTURE_SEED: 'fails' });
    expect(supervisor.output()).toContain('seed: exited with code 4; try again with: npm run cli -- seed');
    const second = start();
    expect(await second.exitCode()).toBe(1);
    expect(second.output()).toContain(`The data directory ${dir} is already in use by process ${supervisor.process.pid}`);
    expect(await ask(runtime.apiUrl)).toMatchObject({ mode: 'embedded' });
  });

  it('gives up with the reason when the migration or a part fails, leaving nothing behind', async () => {
    for (const [env, reason] of [
      [{ FIXTURE_MIGRATE: 'fails' }, 'migration 7 failed'],
      [{ FIXTURE_API: 'fails' }, 'api did not start: exited with code 9'],
    ] as const) {
      const supervisor = start(env);
      await untilPrinted(supervisor, 'postgres: ready');
      for (const pid of descendants(supervisor.process.pid!)) seen.add(pid);
      expect(await supervisor.exitCode()).toBe(1);
      expect(supervisor.output()).toContain(`Error: ${reason}`);
      await untilGone([...seen]);
      expect(readdirSync(dir).sort()).toEqual(['eventstore', 'kek', 'logs', 'postgres']);
    }
    rmSync(join(dir, 'kek'));
    const keyless = start();
    expect(await keyless.exitCode()).toBe(1);
    expect(keyless.output()).toContain(`needs its key file ${join(dir, 'kek')}, which is gone`);
    expect(existsSync(join(dir, 'kek'))).toBe(false);
  });

  it('ends with the npm that started it', async () => {
    const npm = start({ npm_lifecycle_event: 'start' }, ['/bin/sh', '-c', '"$0" "$@" & wait']);
    await untilPrinted(npm, 'serving ');
    const pids = descendants(npm.process.pid!);
    killHard([npm.process.pid!]);
    await untilGone(pids);
    expect(npm.output()).toContain('Stopping (the npm that started it has ended)');
    expect(existsSync(join(dir, 'runtime.json'))).toBe(false);
  });
});

describe('up, external', () => {
  it('runs worker and API alone, on the servers it is given', async () => {
    const database = await createTestDatabase();
    try {
      const kek = join(dir, 'key');
      writeFileSync(kek, Buffer.alloc(32, 3));
      const supervisor = start({
        DATABASE_URL: database.url,
        EVENTSTORE_URL: 'esdb://store.example.cn:2113',
        HUICAI_OIDC_ISSUER: 'https://id.example.cn',
        HUICAI_KEK_FILE: kek,
      });
      await untilPrinted(supervisor, 'serving ');
      const { apiUrl } = JSON.parse(supervisor.output().split('serving ')[1]!) as { apiUrl: string };
      expect(await ask(apiUrl)).toMatchObject({ mode: 'external', databaseUrl: database.url, kekFile: kek });
      expect(await query(database.url, 'SELECT count(*)::int AS n FROM migrated')).toEqual([{ n: 1 }]);
      expect(descendants(supervisor.process.pid!)).toHaveLength(2);
      expect(supervisor.output()).not.toMatch(/postgres:|eventstore:|running seed/);
      expect(readdirSync(dir)).toEqual(['key']);
      supervisor.process.kill('SIGTERM');
      expect(await supervisor.exitCode()).toBe(0);
    } finally {
      await database.drop();
    }
  });

  it('refuses a seed it does not know and a port it can not have, before anything starts', async () => {
    const misspelt = start({ HUICAI_SEED: 'nnoe' });
    expect(await misspelt.exitCode()).toBe(1);
    expect(misspelt.output()).toBe('ConfigurationError: HUICAI_SEED must be none or left out, not "nnoe".\n');
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const late = start({ PORT: String(port) });
    expect(await late.exitCode()).toBe(1);
    expect(late.output()).toMatch(
      new RegExp(`^ConfigurationError: Port ${port} on 127\\.0\\.0\\.1 .* is in use by another program.*\\n$`),
    );
    await new Promise((resolve) => taken.close(resolve));
    expect(existsSync(join(dir, 'runtime.json'))).toBe(false);
  });

  it('without what production needs names it and starts nothing', async () => {
    const supervisor = start({ HUICAI_HOST: '0.0.0.0' });
    expect(await supervisor.exitCode()).toBe(1);
    expect(supervisor.output()).toContain('ConfigurationError: DATABASE_URL is required');
    expect(readdirSync(dir)).toEqual([]);
  });
});
