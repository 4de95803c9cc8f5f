import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, isLoopback, resolveConnections, resolveSettings, writeRuntime } from './index.js';

let dir: string;
let kek: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'huicai-connections-spec-'));
  kek = join(dir, 'production-kek');
  writeFileSync(kek, Buffer.alloc(32, 1));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const databaseUrl = 'postgres://app:secret@db/huicai';
const eventStoreUrl = 'esdb://admin:secret@n1:2113,n2:2113,n3:2113?tls=true';
const issuer = 'https://id.example.cn/realms/huicai';

function production(): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: databaseUrl,
    EVENTSTORE_URL: eventStoreUrl,
    HUICAI_OIDC_ISSUER: issuer,
    HUICAI_KEK_FILE: kek,
    HUICAI_DATA_DIR: dir,
  };
}

function runtimeOf(pid: number): string {
  const file = join(dir, `runtime-${pid}.json`);
  writeRuntime(file, {
    databaseUrl: 'postgres://huicai:p@127.0.0.1:5/huicai',
    eventStoreUrl: 'esdb://127.0.0.1:6?tls=false',
    databasePort: 5,
    eventStorePort: 6,
    apiUrl: 'http://127.0.0.1:3000',
    token: 't',
    pid,
    startedAt: new Date(0).toISOString(),
  });
  return file;
}

describe('embedded', () => {
  it('takes its connections from the running supervisor', () => {
    expect(resolveConnections({ HUICAI_DATA_DIR: dir, HUICAI_RUNTIME: runtimeOf(process.pid) })).toEqual({
      mode: 'embedded',
      databaseUrl: 'postgres://huicai:p@127.0.0.1:5/huicai',
      eventStoreUrl: 'esdb://127.0.0.1:6?tls=false',
      host: '127.0.0.1',
      port: 3000,
      dataDir: dir,
      runtimeFile: join(dir, `runtime-${process.pid}.json`),
      kekFile: join(dir, 'kek'),
      oidcIssuer: undefined,
    });
  });

  it('says so when none runs, or no longer', () => {
    expect(() => resolveConnections({ HUICAI_DATA_DIR: dir })).toThrow(/does not run on .*npm start/);
    const gone = 2 ** 30;
    expect(() => resolveConnections({ HUICAI_RUNTIME: runtimeOf(gone) })).toThrow(/no longer runs on .*process 1073741824 ended/);
  });

  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('is meant when only %s is bound', (host) => {
    expect(resolveSettings({ HUICAI_HOST: host }).mode).toBe('embedded');
  });

  it('may be given a key file and an issuer of its own', () => {
    expect(resolveSettings({ HUICAI_KEK_FILE: kek, HUICAI_OIDC_ISSUER: 'http://localhost:8080/r' })).toMatchObject({
      mode: 'embedded',
      kekFile: kek,
      oidcIssuer: 'http://localhost:8080/r',
    });
  });
});

describe('external', () => {
  it('takes everything from the environment', () => {
    const env = { ...production(), HUICAI_HOST: '0.0.0.0', PORT: '8080' };
    expect(resolveConnections(env)).toMatchObject({
      mode: 'external',
      databaseUrl,
      eventStoreUrl,
      host: '0.0.0.0',
      port: 8080,
      kekFile: kek,
      oidcIssuer: issuer,
    });
  });

  it.each([
    [{ DATABASE_URL: databaseUrl }, 'EVENTSTORE_URL is required because DATABASE_URL is set.'],
    [{ EVENTSTORE_URL: eventStoreUrl }, 'DATABASE_URL is required because EVENTSTORE_URL is set.'],
    [{ HUICAI_HOST: '0.0.0.0' }, 'DATABASE_URL is required because HUICAI_HOST (0.0.0.0) is reachable from other machines.'],
    [{ HUICAI_HOST: '::' }, 'DATABASE_URL is required'],
    [{ HUICAI_HOST: '10.1.2.3' }, 'DATABASE_URL is required'],
    [{ HUICAI_HOST: 'localhost.example.cn' }, 'DATABASE_URL is required'],
    [{ HUICAI_HOST: '127.0.0.1.example.cn' }, 'DATABASE_URL is required'],
  ])('%j asks for what production needs', (env, message) => {
    expect(() => resolveSettings(env)).toThrow(new ConfigurationError(message).message);
  });

  it.each(['DATABASE_URL', 'EVENTSTORE_URL', 'HUICAI_OIDC_ISSUER', 'HUICAI_KEK_FILE'])(
    'without %s is refused, also on loopback',
    (name) => {
      expect(() => resolveSettings({ ...production(), [name]: '' })).toThrow(`${name} is required`);
      expect(() => resolveSettings({ ...production(), [name]: undefined })).toThrow(ConfigurationError);
    },
  );

  it.each([
    ['DATABASE_URL', 'mysql://app:secret@db/huicai'],
    ['DATABASE_URL', 'secret'],
    ['EVENTSTORE_URL', 'http://admin:secret@n1'],
    ['EVENTSTORE_URL', 'esdb://'],
    ['HUICAI_OIDC_ISSUER', 'http://id.example.cn'],
    ['HUICAI_OIDC_ISSUER', 'id.example.cn'],
    ['HUICAI_KEK_FILE', '/nonexistent/kek'],
    ['HUICAI_KEK_FILE', __filename],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80a'],
  ])('names %s when it is %s, and shows no secret', (name, value) => {
    const attempt = () => resolveSettings({ ...production(), [name]: value });
    expect(attempt).toThrow(ConfigurationError);
    expect(attempt).toThrow(name);
    expect(attempt).not.toThrow(/secret/);
  });
});

it('loopback is an address, not a name that begins like one', () => {
  expect(['127.0.0.1', '127.255.255.254', '::1', 'localhost'].every(isLoopback)).toBe(true);
  expect(['128.0.0.1', '0.0.0.0', '::', 'fe80::1', '', '127.1', 'ip6-localhost.example'].some(isLoopback)).toBe(false);
});
