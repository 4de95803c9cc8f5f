import { execFile as execFileWithCallback, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { isAlive, SERVER_MAIN, type ServerProcess, startServerProcess, until } from './testing/server-process.js';

const execFile = promisify(execFileWithCallback);

let dir: string;
const servers: ServerProcess[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'process-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.child.kill('SIGKILL');
    await server.exited;
  }
  await rm(dir, { recursive: true });
});

async function start(...args: string[]): Promise<ServerProcess> {
  const server = await startServerProcess(['--dir', join(dir, 'data'), '--port', '0', ...args]);
  servers.push(server);
  return server;
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it cleanly, repeated signals change nothing', async (signal) => {
  const server = await start();
  const client = server.client();
  await client.appendToStream('s', jsonEvent({ type: 'T', data: {} }));
  server.child.kill(signal);
  server.child.kill(signal);
  server.child.kill('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
  await client.dispose();
  expect(await readdir(join(dir, 'data'))).toEqual(['data.mdb', 'lock.mdb']);
  expect(server.stderr()).toBe('');
});

test('it ends when the channel to its parent closes', async () => {
  const server = await start();
  server.child.disconnect();
  expect(await server.exited).toEqual({ code: 0, signal: null });
});

test('it ends when the channel closes while it is still starting', async () => {
  const child = fork(SERVER_MAIN, ['--dir', join(dir, 'data'), '--port', '0'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});

test('it ends when its parent is killed', async () => {
  const script = `const child = require('node:child_process').fork(process.argv[1], process.argv.slice(2));
    child.on('message', () => console.log(child.pid)); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['-e', script, SERVER_MAIN, '--dir', join(dir, 'data'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(parent.stdout!), 'line')) as [string];
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until(() => !isAlive(pid));
});

test('without a channel it says on one line where it listens', async () => {
  const child = spawn(process.execPath, [SERVER_MAIN], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, EVENTSTORE_DIR: join(dir, 'data'), EVENTSTORE_PORT: '0', EVENTSTORE_HOST: '127.0.0.1' },
  });
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  expect(line).toMatch(/listening on esdb:\/\/127\.0\.0\.1:\d+\?tls=false$/);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each(['--help', '-h'])('%s explains every option and starts nothing', async (flag) => {
  const { stdout } = await execFile(process.execPath, [SERVER_MAIN, flag], { cwd: dir });
  expect(stdout).toMatch(/--password-file/);
  expect(await readdir(dir)).toEqual([]);
});

test('work on the stored events is done by the same program, its outcome is the exit code', async () => {
  const args = ['verify', '--dir', join(dir, 'data')];
  await expect(execFile(process.execPath, [SERVER_MAIN, ...args])).rejects.toMatchObject({ code: 1, stdout: '' });
  const server = await start();
  server.child.disconnect();
  await server.exited;
  await expect(execFile(process.execPath, [SERVER_MAIN, ...args])).resolves.toMatchObject({
    stdout: expect.stringMatching(/\S/) as unknown,
  });
});

describe('a fault at the start ends it with one clear line:', () => {
  /** Runs the server until it exits. */
  const run = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const child = spawn(process.execPath, [SERVER_MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(output.trimEnd().split('\n')).toHaveLength(1);
    return output;
  };

  test('no directory', async () => {
    expect(await run([], { EVENTSTORE_DIR: '' })).toMatch(/no directory given/);
  });

  test('a directory that is a file', async () => {
    await writeFile(join(dir, 'file'), '');
    expect(await run(['--dir', join(dir, 'file'), '--port', '0'])).toMatch(/EEXIST/);
  });

  test('a directory in use', async () => {
    const server = await start();
    expect(await run(['--dir', join(dir, 'data'), '--port', '0'])).toMatch(new RegExp(`in use by process ${server.child.pid}`));
  });

  test('a port in use', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as { port: number };
    expect(await run(['--dir', join(dir, 'data'), '--port', String(port)])).toMatch(
      /can not listen on 127\.0\.0\.1:\d+.*EADDRINUSE/,
    );
    occupant.close();
    expect(await readdir(join(dir, 'data'))).toEqual(['data.mdb', 'lock.mdb']);
  });

  test.each([
    ['neither TLS nor a password', [], /give it TLS \(--tls\) and a password \(--password-file\)/],
    ['no password', ['--tls'], /give it a password \(--password-file\)/],
  ])('an address beyond loopback with %s', async (_what, options, message) => {
    const output = await run(['--dir', join(dir, 'data'), '--host', '0.0.0.0', '--port', '0', ...options]);
    expect(output).toMatch(message);
    expect(await readdir(dir)).toEqual([]);
  });

  test('an address clients can not dial', async () => {
    const args = ['--dir', join(dir, 'data'), '--host', '0.0.0.0', '--port', '0', '--tls'];
    expect(await run(args, { EVENTSTORE_PASSWORD: 'secret' })).toMatch(/clients can not dial 0\.0\.0\.0.*--advertise-host/);
  });

  test('a password without TLS', async () => {
    const output = await run(['--dir', join(dir, 'data'), '--port', '0'], { EVENTSTORE_PASSWORD: 'secret' });
    expect(output).toMatch(/a password protects nothing without TLS/);
    expect(output).not.toContain('secret');
  });

  test('a damaged certificate', async () => {
    await mkdir(join(dir, 'data/certs'), { recursive: true });
    await writeFile(join(dir, 'data/certs/ca.pem'), 'x');
    const output = await run(['--dir', join(dir, 'data'), '--port', '0', '--tls']);
    expect(output).toContain(`${join(dir, 'data/certs/ca.pem')} holds no certificate`);
    expect(await readdir(join(dir, 'data'))).toEqual(['certs']);
  });

  test.each(['65536', '-1', 'x', ''])('the port "%s"', async (port) => {
    expect(await run(['--dir', join(dir, 'data'), `--port=${port}`])).toMatch(/port must be a number/);
  });

  test('an unknown option', async () => {
    expect(await run(['--dri', dir])).toMatch(/--dri/);
  });
});

test('a disk that takes no more ends it, and what was acknowledged is there after the restart', async () => {
  const data = join(dir, 'data');
  // A limit on the file size stands in for a full disk; the signal that comes with it is ignored, the write fails.
  const script = 'trap "" XFSZ; ulimit -f 2000; exec "$0" "$@"';
  const child = spawn('bash', ['-c', script, process.execPath, SERVER_MAIN, '--dir', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = once(child, 'close');
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  const client = EventStoreDBClient.connectionString(line.slice(line.indexOf('esdb://')));
  const acknowledged: string[] = [];
  let refusal: unknown;
  while (refusal === undefined) {
    const event = jsonEvent({ type: 'Filled', data: { fill: 'x'.repeat(20_000) } });
    try {
      await client.appendToStream('filling', event, { credentials: { username: 'a', password: 'b' } });
      acknowledged.push(event.id);
    } catch (error) {
      refusal = error;
    }
  }
  await client.dispose();
  expect(refusal).toMatchObject({ type: 'unavailable' });
  expect(await exited).toEqual([1, null]);
  expect(errors).toMatch(/a commit failed: no space left in .* to the file size limit of this process/);

  const server = await start();
  const reader = server.client();
  const found: string[] = [];
  for await (const { event } of reader.readStream('filling')) found.push(event!.id);
  await reader.dispose();
  expect(found.slice(0, acknowledged.length)).toEqual(acknowledged);
  expect(acknowledged.length).toBeGreaterThan(10);
}, 30_000);
