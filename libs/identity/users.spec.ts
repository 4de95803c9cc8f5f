import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { createDataSource, migrate } from '@huicai/database';
import { Vault } from '@huicai/vault';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { type DemoUser, LoginFailedError, TOKEN_ROLES, TooManyAttemptsError, User, Users } from './index.js';

const PASSWORD = 'Huìcái-2026';
const demo: DemoUser[] = TOKEN_ROLES.map((role) => ({ login: `demo-${role}`, role, displayName: `演示${role}` }));
let database: TestDatabase;
let dataSource: DataSource;
let vault: Vault;
let users: Users;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = await createDataSource(database.url, { max: 4 }).initialize();
  vault = await Vault.open(dataSource, createSecretKey(randomBytes(32)));
  users = new Users(dataSource, vault, { maxFailures: 3 });
  await users.ensureDemoUsers(demo, PASSWORD);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const rows = () => dataSource.query('select * from identity.users order by login');

describe('demonstration users', () => {
  it('can log in, one for each role', async () => {
    for (const role of TOKEN_ROLES) {
      const user = await users.authenticate(`demo-${role}`, PASSWORD);
      expect(user).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), role, displayName: `演示${role}` });
    }
  });

  it('are left alone when they are already so, also by several processes', async () => {
    const before = await rows();
    await Promise.all([users.ensureDemoUsers(demo, PASSWORD), new Users(dataSource, vault).ensureDemoUsers(demo, PASSWORD)]);
    expect(await rows()).toEqual(before);
  });

  it('follow their list and the password', async () => {
    const other: DemoUser = { login: 'Demo-Changing', role: 'department', departmentId: 'HRSS', displayName: '甲' };
    await users.ensureDemoUsers([other], 'first');
    const first = await users.authenticate('demo-changing', 'first');
    expect(first).toMatchObject({ role: 'department', departmentId: 'HRSS', displayName: '甲' });
    await users.ensureDemoUsers([{ login: 'demo-changing', role: 'specialist', specialistId: 's-1', talentId: 't-1' }], 'second');
    await expect(users.authenticate('demo-changing', 'first')).rejects.toThrow(LoginFailedError);
    expect(await users.authenticate('demo-changing', 'second')).toEqual({
      id: first.id,
      role: 'specialist',
      specialistId: 's-1',
      talentId: 't-1',
    });
  });

  it('are stored without password or name in clear', async () => {
    const stored: { line: string; password_hash: string }[] = await dataSource.query(
      'select u::text as line, password_hash from identity.users u',
    );
    for (const { line, password_hash } of stored) {
      expect(line).not.toContain(PASSWORD);
      expect(line).not.toContain('演示');
      expect(password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    }
    expect(new Set(stored.map((row) => row.password_hash)).size).toBe(stored.length);
    const [entity] = await dataSource.getRepository(User).find();
    expect(entity).not.toHaveProperty('passwordHash');
  });

  it('keep working when the name was erased', async () => {
    const list: DemoUser[] = [{ login: 'erased', role: 'venue', displayName: '乙' }];
    await users.ensureDemoUsers(list, PASSWORD);
    const { id } = await users.authenticate('erased', PASSWORD);
    await vault.destroySubjectKey(id);
    await users.ensureDemoUsers(list, PASSWORD);
    expect(await users.authenticate('erased', PASSWORD)).toEqual({ id, role: 'venue' });
  });
});

describe('login', () => {
  it('takes the login in any case and width, and the password as composed or decomposed characters', async () => {
    const user = await users.authenticate(' ＤＥＭＯ-Admin ', PASSWORD.normalize('NFD'));
    expect(user.role).toBe('admin');
  });

  it('fails alike for a wrong password, an unknown login and a user switched off', async () => {
    await users.ensureDemoUsers([{ login: 'off', role: 'venue' }], PASSWORD);
    await dataSource.query(`update identity.users set active = false where login = 'off'`);
    const attempts: [string, string][] = [
      ['demo-window', 'Wrong-Pass'],
      ['demo-window', ''],
      ['nobody', PASSWORD],
      ['', PASSWORD],
      ['off', PASSWORD],
      ["' or true --", PASSWORD],
      ['x'.repeat(5_000), PASSWORD],
      ['demo-window', 'x'.repeat(5_000)],
    ];
    for (const [login, password] of attempts) {
      const error: unknown = await users.authenticate(login, password).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(LoginFailedError);
      expect((error as Error).message).toBe('Login or password is wrong');
      if (password) expect(inspect(error, { depth: 10 })).not.toContain(password);
    }
    expect((await users.authenticate('demo-window', PASSWORD)).role).toBe('window');
  });

  it('is refused after too many failures, whether the login exists or not, and in any spelling', async () => {
    const fresh = new Users(dataSource, vault, { maxFailures: 2 });
    for (const login of ['demo-auditor', 'who-is-this']) {
      await expect(fresh.authenticate(login, 'wrong')).rejects.toThrow(LoginFailedError);
      await expect(fresh.authenticate(login.toUpperCase(), 'wrong')).rejects.toThrow(LoginFailedError);
      await expect(fresh.authenticate(login, PASSWORD)).rejects.toThrow(TooManyAttemptsError);
    }
    expect((await fresh.authenticate('demo-admin', PASSWORD)).role).toBe('admin');
  });
});
