import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from '@huicai/runtime';
import { Client } from 'pg';
import { descendants, firstMessage, forkSource, killHard, untilGone } from '../../test/support/processes.js';
import { until } from '../../test/support/until.js';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './index.js';
import { readPostmaster } from './orphan.js';

const holder = join(__dirname, '..', '..', 'test', 'support', 'fixtures', 'hold-postgres.ts');

jest.setTimeout(60_000);

let dir: string;
let started: EmbeddedPostgres[] = [];
let children: ChildProcess[] = [];
let notices: string[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'huicai-pg-spec-'));
});

afterEach(async () => {
  for (const postgres of started) await postgres.stop();
  for (const child of children) {
    const pids = [child.pid!, ...descendants(child.pid!)];
    killHard(pids);
    await untilGone(pids);
  }
  started = [];
  children = [];
  notices = [];
  rmSync(dir, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dir, durable: false, onNotice: (text) => notices.push(text), ...options });
  started.push(postgres);
  return postgres;
}

async function startHolder(): Promise<{ child: ChildProcess; url?: string; error?: string }> {
  const child = forkSource(holder, [dir]);
  children.push(child);
  return { child, ...(await firstMessage<{ url?: string; error?: string }>(child)) };
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

function serverPid(): number {
  return readPostmaster(join(dir, 'cluster'))!.pid;
}

describe('a first start', () => {
  it('makes the database huicai in UTF-8 and C locale, reached by password on loopback alone', async () => {
    const { url, port } = await start({ durable: true });
    expect(url).toMatch(new RegExp(`^postgres://huicai:[0-9a-f]{48}@127\\.0\\.0\\.1:${port}/huicai$`));
    const [row] = await query(
      url,
      `SELECT pg_encoding_to_char(encoding) AS encoding, datcollate, current_setting('listen_addresses') AS listen,
              current_setting('unix_socket_directories') AS sockets, current_setting('fsync') AS fsync,
              (SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules) AS methods
         FROM pg_database WHERE datname = 'huicai'`,
    );
    expect(row).toEqual({
      encoding: 'UTF8',
      datcollate: 'C',
      listen: '127.0.0.1',
      sockets: '',
      fsync: 'on',
      methods: ['scram-sha-256'],
    });
    await expect(query(url.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'SELECT 1')).rejects.toThrow('password authentication failed');
    expect(statSync(join(dir, 'password')).mode & 0o777).toBe(0o600);
  });

  it('leaves no process behind when stopped, and keeps password and rows for the next start', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE t AS SELECT 7 AS n');
    const pids = [serverPid(), ...descendants(serverPid())];
    await first.stop();
    await first.stop();
    expect(pids.filter((pid) => isRunning(pid))).toEqual([]);
    expect(await first.exited).toMatchObject({ code: 0, expected: true });
    const second = await start({ port: first.port });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT n FROM t')).toEqual([{ n: 7 }]);
  });

  it('that was cut off leaves nothing a later start trips over', async () => {
    mkdirSync(join(dir, 'cluster.partial-000000000000'));
    writeFileSync(join(dir, 'cluster.partial-000000000000', 'PG_VERSION'), '18');
    writeFileSync(join(dir, 'password'), 'of the attempt before');
    const { url } = await start();
    expect(await query(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});

describe('a directory in use', () => {
  it('is refused to the same process and to another, and its server goes on', async () => {
    const { url } = await start();
    await expect(startEmbeddedPostgres({ dir })).rejects.toThrow(`already in use by process ${process.pid}`);
    expect((await startHolder()).error).toContain(`already in use by process ${process.pid}`);
    expect(await query(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});

describe('a port in use', () => {
  it('is named in the error, and the directory is free again', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const { port } = blocker.address() as { port: number };
    try {
      await expect(startEmbeddedPostgres({ dir, port })).rejects.toThrow(`127.0.0.1:${port}: the port is in use`);
    } finally {
      await new Promise((resolve) => blocker.close(resolve));
    }
    await start({ port });
  });
});

describe('after a kill -9', () => {
  it('of the server: its end is told, and committed rows are there on the same port', async () => {
    const first = await start({ durable: true });
    await query(first.url, 'CREATE TABLE t (n int)');
    for (let n = 1; n <= 20; n++) await query(first.url, `INSERT INTO t VALUES (${n})`);
    process.kill(serverPid(), 'SIGKILL');
    expect(await first.exited).toMatchObject({ code: 137, expected: false });
    const second = await start({ durable: true, port: first.port });
    expect(await query(second.url, 'SELECT count(*)::int AS n FROM t')).toEqual([{ n: 20 }]);
  });

  it('of the node that started it: no process is left, and a later start finds a clean shutdown', async () => {
    const { child, url } = await startHolder();
    await query(url!, 'CREATE TABLE t AS SELECT 1 AS n');
    const pids = descendants(child.pid!);
    expect(pids).toContain(serverPid());
    killHard([child.pid!]);
    await untilGone(pids);
    const log: string[] = [];
    const next = await start({ onLog: (line) => log.push(line) });
    expect(log.join('\n')).not.toContain('automatic recovery');
    expect(await query(next.url, 'SELECT n FROM t')).toEqual([{ n: 1 }]);
  });

  it('of node and of what guards the server: the orphan is taken over', async () => {
    const { child, url } = await startHolder();
    await query(url!, 'CREATE TABLE t AS SELECT 1 AS n');
    const orphan = serverPid();
    const backends = descendants(orphan);
    const guards = descendants(child.pid!).filter((pid) => pid !== orphan && !backends.includes(pid));
    // Stopped first, so that none sees another die and still shuts the server down.
    for (const pid of guards) process.kill(pid, 'SIGSTOP');
    killHard([...guards, child.pid!]);
    await untilGone([...guards, child.pid!]);
    expect(isRunning(orphan)).toBe(true);
    const next = await start();
    expect(isRunning(orphan)).toBe(false);
    expect(notices.join()).toContain(`process ${orphan}`);
    expect(await query(next.url, 'SELECT n FROM t')).toEqual([{ n: 1 }]);
  });

  it('a stale lock naming a dead or a foreign process is removed, and that process left alone', async () => {
    const { stop } = await start();
    await stop();
    const foreign = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', join(dir, 'cluster')], { stdio: 'ignore' });
    children.push(foreign);
    const dead = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await until('the end of a process', () => dead.exitCode !== null);
    for (const pid of [foreign.pid!, dead.pid!]) {
      writeFileSync(
        join(dir, 'cluster', 'postmaster.pid'),
        `${pid}\n${join(dir, 'cluster')}\n1\n5432\n\n127.0.0.1\n1 1\nready   \n`,
      );
      writeFileSync(join(dir, 'owner.lock'), JSON.stringify({ pid, startedAt: 'another life' }));
      const next = await start();
      expect(await query(next.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
      await next.stop();
    }
    expect(isRunning(foreign.pid!)).toBe(true);
    expect(notices).toEqual([]);
  });
});

describe('the log', () => {
  it('holds neither statements nor the values of a failed one', async () => {
    const log: string[] = [];
    const { url, stop } = await start({ onLog: (line) => log.push(line) });
    await query(url, 'CREATE TABLE t (name text PRIMARY KEY)');
    await query(url, "INSERT INTO t VALUES ('张三')");
    await expect(query(url, "INSERT INTO t VALUES ('张三')")).rejects.toThrow('duplicate key');
    await stop();
    expect(log.join('\n')).toContain('duplicate key');
    expect(log.join('\n')).not.toContain('张三');
  });
});
