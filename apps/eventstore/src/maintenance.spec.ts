import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { jsonEvent } from '@eventstore/db-client';
import { type ServerProcess, startServerProcess, until } from '../../../libs/embedded-eventstore/testing/server-process.js';

const MAIN = resolve(__dirname, '../../../dist/apps/eventstore/src/main.js');
let root: string;
let dir: string;
let server: ServerProcess | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'maintenance-'));
  dir = join(root, 'data');
});
afterEach(async () => {
  server?.child.kill('SIGKILL');
  await server?.exited;
  server = undefined;
  await rm(root, { recursive: true });
});

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

async function run(args: string[], onStart?: (kill: (signal: NodeJS.Signals) => void) => void): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  onStart?.((signal) => child.kill(signal));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

async function start(): Promise<ServerProcess> {
  server = await startServerProcess(['--dir', dir, '--port', '0']);
  return server;
}

async function stop(): Promise<void> {
  server!.child.kill('SIGTERM');
  expect(await server!.exited).toEqual({ code: 0, signal: null });
  server = undefined;
}

async function append(count: number): Promise<void> {
  const client = server!.client();
  for (let n = 0; n < count; n++) await client.appendToStream('s', jsonEvent({ type: 'T', data: { n } }));
  await client.dispose();
}

test('a backup of the running server is verified, restored, and served again', async () => {
  await start();
  await append(5);
  const to = join(root, 'backup');
  expect(await run(['backup', '--dir', dir, '--to', to])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^backed up 8 events up to position \d+ in \d+ bytes, SHA-256 [0-9a-f]{64}\n$/),
  });
  await append(2);
  expect(await run(['verify', '--dir', dir])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^sound: 10 events of 4 streams .* in a copy of the running server\n$/),
  });
  expect(await run(['restore', '--from', to, '--dir', dir, '--replace'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('already in use by process'),
  });
  await stop();
  expect(await run(['restore', '--from', to, '--dir', dir])).toMatchObject({
    code: 1,
    err: expect.stringContaining('--replace moves it aside'),
  });
  const replaced = await run(['restore', '--from', to, '--dir', dir, '--replace']);
  expect(replaced).toMatchObject({ code: 0, out: expect.stringMatching(/restored 8 events .*\n.*is in .*data\.replaced-/) });
  expect(await run(['verify', '--dir', to, '--canonical'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^sound: 8 events/),
  });
  await start();
  const client = server!.client();
  const read: unknown[] = [];
  for await (const { event } of client.readStream('s')) read.push(event!.data);
  await client.dispose();
  expect(read).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })));
}, 60_000);

test('an unsound database is told with its places, and by the exit code', async () => {
  await start();
  await append(1);
  await stop();
  // The newest bytes written that hold this event.
  const file = await open(join(dir, 'data.mdb'), 'r+');
  const { size } = await stat(join(dir, 'data.mdb'));
  const content = Buffer.alloc(size);
  await file.read(content, 0, size, 0);
  for (let at = content.indexOf('{"n":0}'); at >= 0; at = content.indexOf('{"n":0}', at + 1)) await file.write('{"n":9}', at);
  await file.close();
  const { code, out } = await run(['verify', '--dir', dir]);
  expect(code).toBe(2);
  expect(out).toMatch(
    /^damaged-record: the record at position \d+ is damaged.*\[position \d+\]\nNOT SOUND, 1 findings: 4 events/,
  );
});

test.each([
  [['backup'], /--dir is missing/],
  [['backup', '--dir', '/nowhere'], /--to is missing/],
  [['backup', '--dir', '/nowhere', '--to', '/x'], /there is no database in \/nowhere/],
  [['verify', '--dir', '/nowhere'], /there is no database in \/nowhere/],
  [['verify', '--dir', '/nowhere', '--limit', '-1'], /limit/],
  [['verify', '--dri', '/nowhere'], /--dri/],
  [['restore', '--from', '/nowhere', '--dir', '/x'], /is not a backup/],
  [['restore', '/nowhere'], /positional/],
])('%j is refused', async (args, message) => {
  const { code, out, err } = await run(args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(message);
  expect(err).not.toMatch(/\n\s+at /);
});

test('an interrupt ends a command, and leaves nothing', async () => {
  await start();
  await append(1);
  // Frozen, the server answers nobody.
  server!.child.kill('SIGSTOP');
  const { code, err } = await run(['backup', '--dir', dir, '--to', join(root, 'backup')], (kill) => {
    void until(async () => (await readdir(root)).length > 1).then(() => kill('SIGINT'));
  });
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('interrupted, nothing was changed') });
  expect(await readdir(root)).toEqual(['data']);
  server!.child.kill('SIGCONT');
  await stop();
});
