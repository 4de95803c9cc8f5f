import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { createDataSource, migrate } from '@huicai/database';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { CommandHashMalformedError, SubjectKeyMissingError, sameCommand, Vault } from './index.js';

const BODY = '{"name":"张三"}';
const OTHER = '{"name":"李四"}';
let database: TestDatabase;
let dataSource: DataSource;
let vault: Vault;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = await createDataSource(database.url, { max: 2 }).initialize();
  vault = await Vault.open(dataSource, createSecretKey(randomBytes(32)));
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

describe('command hash', () => {
  it.each([
    ['an impersonal body', false],
    ['a body with personal fields', true],
  ])('of %s tells a repeat from another command', async (_, personal) => {
    const subject = personal ? randomUUID() : null;
    const hash = await vault.commandHash(BODY, subject);
    expect(hash).toEqual({ k: subject ? `s:${subject}:1` : 'i:command:1', v: expect.stringMatching(/^[\w-]{43}$/) });
    expect(await vault.commandHash(BODY, subject)).toEqual(hash);
    expect(await vault.verifyCommandHash(hash, BODY)).toBe('match');
    expect(await vault.verifyCommandHash(hash, OTHER)).toBe('mismatch');
    expect(sameCommand(hash, await vault.commandHash(BODY, subject))).toBe(true);
    expect(sameCommand(hash, await vault.commandHash(OTHER, subject))).toBe(false);
    expect(await vault.verifyCommandHash({ ...hash, v: '' }, BODY)).toBe('mismatch');
  });

  it('differs from subject to subject, so that equal bodies can not be linked', async () => {
    const [first, second] = [await vault.commandHash(BODY, randomUUID()), await vault.commandHash(BODY, randomUUID())];
    expect(first.v).not.toBe(second.v);
    expect(sameCommand(first, second)).toBe(false);
    expect(sameCommand(first, await vault.commandHash(BODY, null))).toBe(false);
  });

  it('says nothing any more once the subject is erased', async () => {
    const subject = randomUUID();
    const hash = await vault.commandHash(BODY, subject);
    await vault.destroySubjectKey(subject);
    expect(await vault.verifyCommandHash(hash, BODY)).toBe('key-gone');
    const now = await vault.commandHash(BODY, subject);
    expect(now).toEqual({ k: `s:${subject}:erased`, v: '' });
    expect(sameCommand(hash, now)).toBe('key-gone');
    expect(sameCommand(now, now)).toBe('key-gone');
    expect(await vault.verifyCommandHash(now, BODY)).toBe('key-gone');
  });

  it('does not guess about keys it does not know', async () => {
    await expect(vault.verifyCommandHash({ k: 's:张三:1', v: '' }, BODY)).rejects.toThrow(CommandHashMalformedError);
    await expect(vault.verifyCommandHash({ k: 'i:other:1', v: '' }, BODY)).rejects.toThrow(CommandHashMalformedError);
    await expect(vault.verifyCommandHash({ k: `s:${randomUUID()}:1`, v: '' }, BODY)).rejects.toThrow(SubjectKeyMissingError);
  });
});
