import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Account, ensurePasswordFile, readPasswordFile } from './account.js';
import { SecurityError } from './errors.js';
import { basic } from './raw-client.fixture.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'account-'));
});
afterEach(() => rm(dir, { recursive: true }));

const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => /^\P{Cc}+$/u.test(value));
const login = text.filter((value) => !value.includes(':'));

test('admits its own credentials, whatever they are', () => {
  fc.assert(
    fc.property(login, text, (username, password) =>
      new Account({ username, password }).admits(basic(`${username}:${password}`)),
    ),
  );
});

test('admits no others', () => {
  fc.assert(
    fc.property(login, text, fc.string({ unit: 'grapheme' }), (username, password, other) => {
      const account = new Account({ username, password });
      return other === `${username}:${password}` || !account.admits(basic(other));
    }),
  );
});

test('no header whatsoever makes it throw', () => {
  const account = new Account({ username: 'admin', password: 'secret' });
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => !account.admits(header)));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (rest) => !account.admits(`Basic ${rest}`)));
});

test('the scheme may be written in any case', () => {
  const account = new Account({ username: 'admin', password: 'secret' });
  const encoded = Buffer.from('admin:secret').toString('base64');
  for (const header of [`Basic ${encoded}`, `basic ${encoded}`, `BASIC  ${encoded}`]) expect(account.admits(header)).toBe(true);
  expect(account.admits(encoded)).toBe(false);
});

test('keeps no password in readable form', () => {
  const account = new Account({ username: 'admin', password: 'very-secret' });
  const kept = Object.values(account).map((value: unknown) =>
    Buffer.isBuffer(value) ? value.toString('latin1') : String(value),
  );
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.join()).not.toContain('very-secret');
});

test.each([
  ['', 'x'],
  ['a:b', 'x'],
  ['a\n', 'x'],
  ['admin', ''],
  ['admin', 'a\nb'],
])('the login %j with the password %j is refused, without repeating it', (username, password) => {
  expect(() => new Account({ username, password })).toThrow(SecurityError);
});

describe('a password file', () => {
  test('is made once, for its owner alone', async () => {
    const file = join(dir, 'password');
    const password = await ensurePasswordFile(file);
    expect(password).toMatch(/^[\w-]{32}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await ensurePasswordFile(file)).toBe(password);
    expect(await ensurePasswordFile(join(dir, 'other'))).not.toBe(password);
  });

  test.each([
    ['secret', 'secret'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    [' with spaces ', ' with spaces '],
  ])('that holds %j means %j', async (content, password) => {
    const file = join(dir, 'password');
    await writeFile(file, content);
    expect(await readPasswordFile(file)).toBe(password);
  });

  test.each(['', '\n', 'two\nlines\n', 'secret\n\n'])(
    'that holds %j is refused by name, and not written over',
    async (content) => {
      const file = join(dir, 'password');
      await writeFile(file, content);
      await expect(readPasswordFile(file)).rejects.toThrow(`${file} must hold one line`);
      await expect(ensurePasswordFile(file)).rejects.toThrow(`${file} must hold one line`);
      expect(await readFile(file, 'utf8')).toBe(content);
    },
  );

  test('that can not be read is refused by name', async () => {
    await expect(readPasswordFile(join(dir, 'none'))).rejects.toThrow(/none can not be read: ENOENT/);
    await expect(ensurePasswordFile(dir)).rejects.toThrow(/can not be read: EISDIR/);
  });
});
