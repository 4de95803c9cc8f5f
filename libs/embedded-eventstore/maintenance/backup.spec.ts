import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { startEmbeddedEventStore } from '../server.js';
import { bulkLoad } from '../storage/bulk-load.fixture.js';
import { LogDatabase } from '../storage/database.js';
import { EventLog } from '../storage/event-log.js';
import { type ServerProcess, startServerProcess, until } from '../testing/server-process.js';
import { backup } from './backup.js';
import { ControlSocket, requestCopy } from './control-socket.js';
import { readManifest } from './manifest.js';
import { verify } from './verify.js';

const WRITERS = 24;
const CREDENTIALS = { credentials: { username: 'a', password: 'b' } };
let root: string;
let dir: string;
let to: string;
const servers: ServerProcess[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backup-'));
  dir = join(root, 'data');
  to = join(root, 'backup');
});
afterEach(async () => {
  for (const { child, exited } of servers.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
  await rm(root, { recursive: true });
});

async function start(): Promise<ServerProcess> {
  const server = await startServerProcess(['--dir', dir, '--port', '0']);
  servers.push(server);
  return server;
}

interface Acknowledged {
  stream: string;
  id: string;
  revision: number;
}

/** Appends without a break, each writer to its own stream, until told to stop; what was acknowledged is noted in order. */
function keepWriting(client: EventStoreDBClient): { acknowledged: Acknowledged[]; stop(): Promise<void> } {
  const acknowledged: Acknowledged[] = [];
  let stopped = false;
  const writers = Array.from({ length: WRITERS }, async (_, n) => {
    const stream = `writer${n}-${randomUUID()}`;
    while (!stopped) {
      const event = jsonEvent({ type: 'Written', data: { fill: 'x'.repeat(300) } });
      const { nextExpectedRevision } = await client.appendToStream(stream, event, CREDENTIALS);
      acknowledged.push({ stream, id: event.id, revision: Number(nextExpectedRevision) });
    }
  });
  const stop = async () => {
    stopped = true;
    await Promise.all(writers);
  };
  return { acknowledged, stop };
}

/** Ids of every event in a database nobody uses, by stream and revision. */
async function idsIn(where: string): Promise<Map<string, string>> {
  const server = await startEmbeddedEventStore({ dir: where });
  const { EventStoreDBClient: Client } = await import('@eventstore/db-client');
  const client = Client.connectionString(server.connectionString);
  const ids = new Map<string, string>();
  try {
    for await (const { event } of client.readAll()) ids.set(`${event!.streamId}@${event!.revision}`, event!.id);
  } finally {
    await client.dispose();
    await server.stop();
  }
  return ids;
}

test('backups while 24 writers append lose nothing, there and in the database, and hold nobody up', async () => {
  const server = await start();
  const client = server.client();
  const writing = keepWriting(client);
  const before: Acknowledged[][] = [];
  for (let round = 0; round < 3; round++) {
    const reached = writing.acknowledged.length;
    await until(() => writing.acknowledged.length > reached + 300);
    before.push([...writing.acknowledged]);
    const manifest = await backup({ dir, to: `${to}-${round}` });
    expect(manifest.events).toBeGreaterThanOrEqual(before[round]!.length);
  }
  const reached = writing.acknowledged.length;
  await until(() => writing.acknowledged.length > reached + 300);
  await writing.stop();
  await client.dispose();
  server.child.kill('SIGKILL');
  await server.exited;

  for (const [round, acknowledged] of before.entries()) {
    const report = await verify({ dir: `${to}-${round}` });
    expect(report).toMatchObject({ findingCount: 0, copied: false });
    expect(await readManifest(`${to}-${round}`)).toMatchObject({ events: report.events, lastPosition: report.lastPosition });
    expect((await readdir(`${to}-${round}`)).sort()).toEqual(['data.mdb', 'manifest.json']);
    const ids = await idsIn(`${to}-${round}`);
    for (const { stream, id, revision } of acknowledged) expect(ids.get(`${stream}@${revision}`)).toBe(id);
  }
  expect(await verify({ dir })).toMatchObject({ findingCount: 0 });
  const ids = await idsIn(dir);
  for (const { stream, id, revision } of writing.acknowledged) expect(ids.get(`${stream}@${revision}`)).toBe(id);
  expect((await readdir(root)).sort()).toEqual(['backup-0', 'backup-1', 'backup-2', 'data']);
}, 90_000);

test('a running server is verified by a copy that is removed', async () => {
  const server = await start();
  const client = server.client();
  const writing = keepWriting(client);
  await until(() => writing.acknowledged.length > 300);
  const acknowledged = writing.acknowledged.length;
  const report = await verify({ dir });
  await writing.stop();
  await client.dispose();
  expect(report).toMatchObject({ findingCount: 0, copied: true });
  expect(report.events).toBeGreaterThanOrEqual(acknowledged);
  expect(await readdir(root)).toEqual(['data']);
  await mkdir(join(root, 'scratch'));
  expect(await verify({ dir, scratch: join(root, 'scratch') })).toMatchObject({ findingCount: 0, copied: true });
  expect(await readdir(join(root, 'scratch'))).toEqual([]);
}, 60_000);

test('nothing but the server itself ever opens the database while it runs', async () => {
  await start();
  const opened = jest.spyOn(LogDatabase, 'openToRead');
  await backup({ dir, to });
  await verify({ dir });
  expect(opened.mock.calls.map(([where]) => where)).toEqual([
    expect.stringContaining('backup.partial-'),
    expect.stringContaining('data.verify-'),
  ]);
  opened.mockRestore();
});

describe('of a database nobody uses', () => {
  beforeEach(() => bulkLoad({ dir, events: 500, streams: 50, bytes: 300 }));

  test('it is the same', async () => {
    expect(await backup({ dir, to })).toMatchObject({ events: 500 });
    expect(await verify({ dir: to })).toMatchObject({ findingCount: 0, events: 500, streams: 50 });
    expect((await readdir(dir)).sort()).toEqual(['data.mdb', 'lock.mdb']);
    expect((await stat(to)).mode & 0o777).toBe(0o700);
  });

  test('an existing target is refused and left alone, an empty one too', async () => {
    await mkdir(to);
    await expect(backup({ dir, to })).rejects.toThrow(/exists; a backup is written to a new directory/);
    await writeFile(join(to, 'x'), 'mine');
    await expect(backup({ dir, to })).rejects.toThrow(/exists/);
    expect(await readdir(root)).toEqual(['backup', 'data']);
    expect(await readdir(to)).toEqual(['x']);
  });

  test('a target without a parent, and a database that is none, are refused', async () => {
    await expect(backup({ dir, to: join(root, 'a', 'b') })).rejects.toThrow(/does not exist/);
    await expect(backup({ dir: root, to })).rejects.toThrow(/there is no database/);
    expect(await readdir(root)).toEqual(['data']);
  });

  test('an interrupt leaves nothing', async () => {
    for (const phase of ['copying', 'hashing'] as const) {
      const interrupted = new AbortController();
      const onProgress = (progress: { phase: string }) => progress.phase === phase && interrupted.abort();
      if (phase === 'copying') interrupted.abort();
      await expect(backup({ dir, to, signal: interrupted.signal, onProgress })).rejects.toThrow();
      await until(async () => (await readdir(root)).length === 1);
    }
    expect(await readdir(root)).toEqual(['data']);
    expect(await verify({ dir })).toMatchObject({ findingCount: 0 });
  });
});

test('a backup that was changed is found out', async () => {
  await bulkLoad({ dir, events: 100, streams: 10, bytes: 300 });
  await backup({ dir, to });
  const manifest = JSON.parse(readFileSync(join(to, 'manifest.json'), 'utf8')) as Record<string, unknown>;
  await writeFile(
    join(to, 'manifest.json'),
    JSON.stringify({ ...manifest, events: 99, lastPosition: '1', nodeId: randomUUID() }),
  );
  const { findings } = await verify({ dir: to });
  expect(findings.map(({ kind }) => kind)).toEqual(['manifest', 'manifest', 'manifest']);
  await writeFile(join(to, 'manifest.json'), '{');
  await expect(verify({ dir: to })).rejects.toThrow(/not JSON/);
});

/** Runs a backup in a process whose files may have at most that many KiB, as on a disk that is nearly full. */
async function backupWithLimit(kibibytes: number): Promise<{ code: number | null; output: string }> {
  const hook = resolve(__dirname, '../../../test/support/typescript-hook.cjs');
  const script = `require(${JSON.stringify(join(__dirname, 'backup.ts'))}).backup({ dir: process.argv[1], to: process.argv[2] })
    .then(() => console.log('done'), (error) => { console.log(error.message); process.exit(1); })`;
  const limited = 'trap "" XFSZ; ulimit -f "$1"; shift; exec "$@"';
  const child = spawn(
    'bash',
    ['-c', limited, 'bash', String(kibibytes), process.execPath, '--require', hook, '-e', script, dir, to],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

test('a disk that takes no more is told in one sentence, and nothing is left', async () => {
  await bulkLoad({ dir, events: 5000, streams: 50, bytes: 600 });
  const { code, output } = await backupWithLimit(1000);
  expect(code).toBe(1);
  expect(output).toMatch(/^File too large\n$/);
  expect(await readdir(root)).toEqual(['data']);
  expect((await backupWithLimit(100_000)).code).toBe(0);
}, 30_000);

describe('the socket a server takes requests on', () => {
  const open = (where: string, copyTo: (to: string) => Promise<void>) => ControlSocket.open(where, copyTo);

  test('works in a directory of any length, is its owner’s alone, and goes with the server', async () => {
    const deep = join(root, 'x'.repeat(120));
    await mkdir(deep);
    const asked: string[] = [];
    const socket = await open(deep, async (target) => void asked.push(target));
    expect((await stat(join(deep, 'control.sock'))).mode & 0o777).toBe(0o600);
    await requestCopy(deep, '/somewhere');
    await socket.close();
    expect(asked).toEqual(['/somewhere']);
    expect(await readdir(deep)).toEqual([]);
  });

  test('passes on why a copy failed, and takes one at a time', async () => {
    let finish!: () => void;
    const socket = await open(root, (target) => {
      if (target === '/full') return Promise.reject(new Error('No space left on device'));
      return new Promise((done) => (finish = done));
    });
    await expect(requestCopy(root, '/full')).rejects.toThrow('the server could not write the copy: No space left on device');
    const first = requestCopy(root, '/one');
    await until(() => finish !== undefined);
    await expect(requestCopy(root, '/two')).rejects.toThrow('already writing a copy');
    const closed = socket.close();
    finish();
    await Promise.all([first, closed]);
  });

  test('is not held up by clients that say nothing or nonsense, or go away', async () => {
    const socket = await open(root, () => Promise.resolve());
    const silent = connect(join(root, 'control.sock'));
    const nonsense = connect(join(root, 'control.sock'));
    await Promise.all([once(silent, 'connect'), once(nonsense, 'connect')]);
    nonsense.write('hello\n');
    const [answer] = (await once(nonsense, 'data')) as [Buffer];
    expect(JSON.parse(answer.toString())).toHaveProperty('error');
    connect(join(root, 'control.sock')).destroy();
    await requestCopy(root, '/x');
    await socket.close();
    silent.destroy();
  });

  test('removes the copy nobody waits for any more', async () => {
    await mkdir(to);
    let begun = false;
    let finish!: () => void;
    const socket = await open(root, async (target) => {
      await writeFile(join(target, 'data.mdb'), '');
      begun = true;
      await new Promise<void>((done) => (finish = done));
    });
    const interrupted = new AbortController();
    const request = requestCopy(root, to, interrupted.signal);
    await until(() => begun);
    interrupted.abort();
    await expect(request).rejects.toThrow();
    // By the time it has answered this, the server has seen the other one go.
    await expect(requestCopy(root, to)).rejects.toThrow('already writing a copy');
    finish();
    await until(() => !existsSync(join(to, 'data.mdb')));
    await socket.close();
  });

  test('left by a killed server is replaced', async () => {
    const server = await start();
    server.child.kill('SIGKILL');
    await server.exited;
    expect(existsSync(join(dir, 'control.sock'))).toBe(true);
    await backup({ dir, to });
    await start();
    await backup({ dir, to: `${to}-2` });
  });

  test('the log closes when it stops, after the copy in progress', async () => {
    await mkdir(dir);
    const log = await EventLog.open(dir, { onFatal: () => undefined });
    await mkdir(to);
    const copy = requestCopy(dir, to);
    await until(() => existsSync(join(to, 'data.mdb')));
    await log.close();
    await copy;
    expect(await verify({ dir: to })).toMatchObject({ findingCount: 0, events: 3 });
  });
});
