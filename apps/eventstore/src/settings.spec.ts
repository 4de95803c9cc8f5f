import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HELP, readSettings } from './settings.js';

const DIR = ['--dir', 'data'];

test('a directory is all that is needed', async () => {
  expect(await readSettings(DIR, {})).toEqual({ dir: 'data', port: 2113 });
  expect(await readSettings([], { EVENTSTORE_DIR: 'data' })).toEqual({ dir: 'data', port: 2113 });
  await expect(readSettings([], {})).rejects.toThrow(/no directory given/);
});

test('every setting can be given on the command line and in the environment, the command line wins', async () => {
  const expected = {
    dir: 'd',
    host: '10.0.0.1',
    port: 1,
    advertiseHost: 'a.example',
    tls: { certFile: 'c', keyFile: 'k', caFile: 'a' },
    login: 'l',
    password: 'p',
  };
  const env = {
    EVENTSTORE_DIR: 'd',
    EVENTSTORE_HOST: '10.0.0.1',
    EVENTSTORE_PORT: '1',
    EVENTSTORE_ADVERTISE_HOST: 'a.example',
    EVENTSTORE_CERT_FILE: 'c',
    EVENTSTORE_KEY_FILE: 'k',
    EVENTSTORE_CA_FILE: 'a',
    EVENTSTORE_LOGIN: 'l',
    EVENTSTORE_PASSWORD: 'p',
  };
  const args = [...'--dir d --host 10.0.0.1 --port 1 --advertise-host a.example --cert-file c --key-file k'.split(' ')];
  args.push('--ca-file', 'a', '--login', 'l');
  expect(await readSettings([], env)).toEqual(expected);
  expect(await readSettings(args, { EVENTSTORE_PASSWORD: 'p' })).toEqual(expected);
  const others = Object.fromEntries(Object.keys(env).map((name) => [name, 'other']));
  expect(await readSettings(args, others)).toEqual({ ...expected, password: 'other' });
});

test('an empty variable is none', async () => {
  const names = [
    'HOST',
    'PORT',
    'ADVERTISE_HOST',
    'TLS',
    'CERT_FILE',
    'KEY_FILE',
    'CA_FILE',
    'LOGIN',
    'PASSWORD',
    'PASSWORD_FILE',
  ];
  const env = Object.fromEntries(names.map((name) => [`EVENTSTORE_${name}`, '']));
  expect(await readSettings(DIR, env)).toEqual({ dir: 'data', port: 2113 });
});

test('TLS is turned on by its flag, its variable or a certificate', async () => {
  expect(await readSettings([...DIR, '--tls'], {})).toMatchObject({ tls: true });
  expect(await readSettings([...DIR, '--tls'], { EVENTSTORE_TLS: 'false' })).toMatchObject({ tls: true });
  expect(await readSettings(DIR, { EVENTSTORE_TLS: 'true' })).toMatchObject({ tls: true });
  expect(await readSettings(DIR, { EVENTSTORE_TLS: 'false' })).toMatchObject({ tls: false });
  const files = ['--cert-file', 'c', '--key-file', 'k'];
  expect(await readSettings([...DIR, ...files], {})).toMatchObject({ tls: { certFile: 'c', keyFile: 'k' } });
  await expect(readSettings([...DIR, ...files], { EVENTSTORE_TLS: 'false' })).rejects.toThrow(/EVENTSTORE_TLS is false/);
  await expect(readSettings(DIR, { EVENTSTORE_TLS: 'yes' })).rejects.toThrow('EVENTSTORE_TLS must be true or false, not yes');
});

test.each([
  [['--cert-file', 'c']],
  [['--key-file', 'k']],
  [['--ca-file', 'a', '--tls']],
  [['--cert-file', 'c', '--ca-file', 'a']],
])('%j lacks a file', async (args) => {
  await expect(readSettings([...DIR, ...args], {})).rejects.toThrow('--cert-file and --key-file are needed together');
});

test.each(['dir', 'host', 'advertise-host', 'cert-file', 'key-file', 'ca-file', 'login', 'password-file'])(
  'an empty --%s is refused',
  async (name) => {
    await expect(readSettings([...DIR, `--${name}=`], {})).rejects.toThrow(`--${name} is empty`);
  },
);

describe('the password', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'settings-'));
    await writeFile(join(dir, 'password'), 'from file\n');
  });
  afterEach(() => rm(dir, { recursive: true }));

  test('comes from a file or a variable', async () => {
    const file = join(dir, 'password');
    expect(await readSettings([...DIR, '--password-file', file], {})).toMatchObject({ password: 'from file' });
    expect(await readSettings(DIR, { EVENTSTORE_PASSWORD_FILE: file })).toMatchObject({ password: 'from file' });
    expect(await readSettings(DIR, { EVENTSTORE_PASSWORD: 'x' })).toMatchObject({ password: 'x' });
  });

  test('is not guessed when both are given', async () => {
    const env = { EVENTSTORE_PASSWORD: 'x', EVENTSTORE_PASSWORD_FILE: join(dir, 'password') };
    await expect(readSettings(DIR, env)).rejects.toThrow(/which password is meant/);
  });

  test('is no option, and is not repeated when it is given as one', async () => {
    for (const args of [['--password', 'hunter2'], ['--password=hunter2'], ['--login', 'a', '--password=hunter2']]) {
      const refused = readSettings([...DIR, ...args], {});
      await expect(refused).rejects.toThrow(/Unknown option '--password'/);
      await expect(refused).rejects.not.toThrow(/hunter2/);
    }
  });

  test('whose file is missing is named', async () => {
    await expect(readSettings([...DIR, '--password-file', join(dir, 'none')], {})).rejects.toThrow(/none can not be read/);
  });
});

test('help is asked for before anything is checked, and names every option and variable', async () => {
  expect(await readSettings(['--help'], {})).toBeUndefined();
  expect(await readSettings(['-h'], { EVENTSTORE_PORT: 'x' })).toBeUndefined();
  for (const name of [
    'dir',
    'host',
    'port',
    'advertise-host',
    'tls',
    'cert-file',
    'key-file',
    'ca-file',
    'login',
    'password-file',
  ]) {
    expect(HELP).toContain(`--${name} `);
    expect(HELP).toContain(`EVENTSTORE_${name.toUpperCase().replaceAll('-', '_')}`);
  }
});
