import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join, resolve } from 'node:path';
import { DEMO_PASSWORD } from '@huicai/composition';
import { writeRuntime } from '@huicai/runtime';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startTestSystem, type TestSystem } from '../support/system.js';
import { until } from '../support/until.js';

const MAIN = resolve(__dirname, '../../apps/api/src/main.ts');
const HOOK = resolve(__dirname, '../support/typescript-hook.cjs');

/** The API as a process of its own. */
interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
}

describe('the API as a process', () => {
  let t: TestSystem;
  const children: ChildProcess[] = [];
  const servers: Server[] = [];

  beforeAll(async () => {
    t = await startTestSystem();
    t.startWorker();
  }, 60_000);
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    for (const server of servers) await new Promise((done) => server.close(done));
    await t?.stop();
  });

  async function start(env: NodeJS.ProcessEnv): Promise<Running> {
    const child = fork(MAIN, { execArgv: ['-r', HOOK], env: { PATH: process.env.PATH, PORT: '0', ...env }, silent: true });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
    const { port } = await new Promise<{ port: number }>((done, failed) => {
      child.once('message', (message) => done(message as { port: number }));
      child.once('exit', (code) => failed(new Error(`ended with ${code}: ${output}`)));
    });
    return { child, url: `http://127.0.0.1:${port}`, output: () => output };
  }

  function embedded(): NodeJS.ProcessEnv {
    const runtime = join(t.directory, 'runtime.json');
    const nowhere = { databasePort: 0, eventStorePort: 0, apiUrl: '', token: 'none', startedAt: '' };
    writeRuntime(runtime, { ...nowhere, databaseUrl: t.databaseUrl, eventStoreUrl: t.eventStoreUrl, pid: process.pid });
    return { HUICAI_DATA_DIR: t.directory, HUICAI_RUNTIME: runtime, HUICAI_KEK_FILE: t.kekFile };
  }

  const login = (url: string, body: object) =>
    fetch(`${url}/api/v1/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('serves demonstration users, says that it is ready, and ends with its parent though a socket stays open', async () => {
    const { child, url, output } = await start(embedded());
    const ready = await until('everything is ready', async () => {
      const response = await fetch(`${url}/health/ready`);
      return response.status === 200 && response.json();
    });
    expect(ready).toEqual({
      status: 'ready',
      checks: { database: 'ok', eventStore: 'ok', worker: 'ok', projections: 'ok' },
    });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const token = (await (await login(url, { login: 'window', password: DEMO_PASSWORD })).json()) as { accessToken: string };
    const queue = await fetch(`${url}/api/v1/queue`, { headers: { authorization: `Bearer ${token.accessToken}` } });
    expect([queue.status, await queue.json()]).toEqual([200, { items: [], total: 0, atLeast: null, next: null, previous: null }]);
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([0, null]);
    idle.destroy();
    expect(output()).not.toMatch(/fault /);
  }, 60_000);

  it('takes tokens of an external issuer, and gives out none', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
    const server = createServer((request, response) => {
      const document = request.url?.endsWith('/jwks') ? keys : { issuer, jwks_uri: `${issuer}/jwks` };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { child, url } = await start({
      DATABASE_URL: t.databaseUrl,
      EVENTSTORE_URL: t.eventStoreUrl,
      HUICAI_OIDC_ISSUER: issuer,
      HUICAI_KEK_FILE: t.kekFile,
      HUICAI_DATA_DIR: t.directory,
    });
    const refused = await login(url, { login: 'window', password: DEMO_PASSWORD });
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([404, 'local-accounts-off']);
    const token = await new SignJWT({ role: 'auditor' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(issuer)
      .setAudience('huicai')
      .setSubject('somebody')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
    const me = await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(await me.json()).toMatchObject({ id: `${issuer}|somebody`, role: 'auditor' });
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  }, 60_000);

  it('does not start on another installation’s key file', async () => {
    await expect(start({ ...embedded(), HUICAI_KEK_FILE: join(t.directory, 'nowhere') })).rejects.toThrow(/ended with 1/);
  }, 60_000);
});
