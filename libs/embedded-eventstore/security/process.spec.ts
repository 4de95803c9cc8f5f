import { execFile as execFileWithCallback, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AccessDeniedError, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { SERVER_MAIN } from '../testing/server-process.js';

const execFile = promisify(execFileWithCallback);

// Each test starts several processes.
jest.setTimeout(30_000);

let dir: string;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'secure-process-'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await rm(dir, { recursive: true });
});

/** Runs a server as a person would, without a parent that it listens to. */
function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [SERVER_MAIN, '--dir', join(dir, 'data'), '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const exited = once(child, 'exit');
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  ends.push(() => end('SIGKILL'));
  return { child, end };
}

/** The same, until it says where it listens. */
async function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { child, end } = run(args, env);
  const lines = createInterface(child.stdout!);
  const output: string[] = [];
  lines.on('line', (line) => output.push(line));
  await once(lines, 'line');
  const [url = ''] = /esdb:\S+?(?=,|$)/.exec(output[0]!) ?? [];
  return { url, output, stop: () => end('SIGTERM') };
}

async function appendTo(url: string): Promise<void> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    await client.appendToStream('s', jsonEvent({ type: 'T', data: {} }));
  } finally {
    await client.dispose();
  }
}

const madeUpPassword = async () => (await readFile(join(dir, 'data/admin-password'), 'utf8')).trim();

test('it says whom to trust and where its password is, but not the password, and keeps both', async () => {
  const first = await start([], { EVENTSTORE_TLS: 'true' });
  const ca = join(dir, 'data/certs/ca.crt');
  expect(first.url).toMatch(new RegExp(`^esdb://127\\.0\\.0\\.1:\\d+\\?tls=true&tlsCAFile=${ca}$`));
  expect(first.output[0]).toMatch(new RegExp(`, for admin with the password in ${join(dir, 'data/admin-password')}$`));
  const password = await madeUpPassword();
  await appendTo(first.url.replace('://', `://admin:${password}@`));
  await expect(appendTo(first.url)).rejects.toBeInstanceOf(AccessDeniedError);
  expect(await first.stop()).toEqual([0, null]);
  const authority = await readFile(ca, 'utf8');
  const second = await start(['--tls']);
  await appendTo(second.url.replace('://', `://admin:${password}@`));
  expect(await second.stop()).toEqual([0, null]);
  expect(await readFile(ca, 'utf8')).toBe(authority);
  expect([...first.output, ...second.output].join()).not.toContain(password);
});

test('beyond loopback it serves under the advertised host, with the password of the file given', async () => {
  await writeFile(join(dir, 'password'), 'very secret\n');
  const args = ['--tls', '--host', '0.0.0.0', '--advertise-host', 'localhost', '--login', 'keeper'];
  const server = await start([...args, '--password-file', join(dir, 'password')]);
  expect(server.url).toMatch(/^esdb:\/\/localhost:\d+\?tls=true/);
  await appendTo(server.url.replace('esdb://', 'esdb+discover://keeper:very%20secret@'));
  expect(await server.stop()).toEqual([0, null]);
  expect(server.output.join()).not.toContain('secret');
  expect(await readdir(join(dir, 'data'))).not.toContain('admin-password');
});

test.each(['certs/ca.pem.new', 'certs/ca.pem', 'certs/ca.crt', 'certs/node.pem', 'admin-password'])(
  'killed as soon as there is %s, it starts again, and what clients trust stays',
  async (file) => {
    const path = join(dir, 'data', file);
    const { child, end } = run(['--tls']);
    // A draft is there for an instant only; then the kill comes at the end of the start.
    const listening = once(child.stdout!, 'data').then(() => true);
    let over = false;
    void listening.then(() => {
      over = true;
    });
    while (!existsSync(path) && !over) await nextTurn();
    await end('SIGKILL');
    const ca = join(dir, 'data/certs/ca.crt');
    const trusted = existsSync(ca) ? await readFile(ca, 'utf8') : undefined;
    const server = await start(['--tls']);
    await appendTo(server.url.replace('://', `://admin:${await madeUpPassword()}@`));
    expect(await server.stop()).toEqual([0, null]);
    if (trusted !== undefined) expect(await readFile(ca, 'utf8')).toBe(trusted);
    expect((await readdir(join(dir, 'data/certs'))).sort()).toEqual(['ca.crt', 'ca.pem', 'node.pem']);
  },
);

test('the libraries that issue certificates are loaded when one is issued, and only then', async () => {
  const script = `
    const { startEmbeddedEventStore } = require(process.argv[1]);
    const [dir, tls] = process.argv.slice(2);
    startEmbeddedEventStore({ dir, tls: tls === 'true' }).then((server) => server.stop()).then(() => {
      console.log(Object.keys(require.cache).some((file) => file.includes('@peculiar')));
    });`;
  const main = join(SERVER_MAIN, '../../../../libs/embedded-eventstore/index.js');
  const loads = (tls: boolean) => execFile(process.execPath, ['-e', script, main, join(dir, 'data'), String(tls)]);
  const loaded = [await loads(false), await loads(true), await loads(true)].map(({ stdout }) => stdout.trim());
  expect(loaded).toEqual(['false', 'true', 'false']);
});
