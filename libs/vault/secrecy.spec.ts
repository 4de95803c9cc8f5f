import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { createDataSource, migrate } from '@huicai/database';
import type { Sealed } from '@huicai/kernel';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { type IndexField, Vault } from './index.js';

const CLEAR = '张伟明13812341234';
const FORMS = [CLEAR, '张伟明', '13812341234', Buffer.from(CLEAR).toString('base64url'), Buffer.from(CLEAR).toString('hex')];
const subject = randomUUID();
let database: TestDatabase;
let dataSource: DataSource;
let vault: Vault;
let sealed: Sealed;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = await createDataSource(database.url, { max: 2 }).initialize();
  vault = await Vault.open(dataSource, createSecretKey(randomBytes(32)));
  sealed = await vault.seal(subject, 'talent-1/c/name', CLEAR);
});

afterAll(() => database.drop());

/** Every way to hand a clear value to the vault. */
const uses: [string, () => Promise<unknown>][] = [
  ['sealing', () => vault.seal(randomUUID(), 'talent-1/c/name', CLEAR)],
  ['sealing for a subject that is no id', () => vault.seal(CLEAR, 'talent-1/c/name', CLEAR)],
  ['opening a damaged envelope', () => vault.open({ ...sealed, tag: sealed.iv })],
  ['opening a moved envelope', () => vault.open(sealed, { expected: 'talent-2/' })],
  ['opening an envelope of a subject that is no id', () => vault.open({ ...sealed, s: CLEAR })],
  ['opening an envelope of an unknown algorithm', () => vault.open({ ...sealed, a: CLEAR } as unknown as Sealed)],
  ['indexing', () => vault.addIndex('text', CLEAR, randomUUID())],
  ['indexing for a subject that is no id', () => vault.addIndex('text', CLEAR, CLEAR)],
  ['searching', () => vault.find('text', CLEAR)],
  ['searching an unknown field', () => vault.find('nothing' as IndexField, CLEAR)],
  ['claiming', () => vault.claim('text', CLEAR, 'talent-1', async () => true)],
  ['claiming what is taken', () => vault.claim('text', CLEAR, 'talent-2', async () => true)],
  ['hashing a command', () => vault.commandHash(CLEAR, randomUUID())],
  ['hashing a command for a subject that is no id', () => vault.commandHash(CLEAR, CLEAR)],
  ['comparing with a malformed hash', () => vault.verifyCommandHash({ k: CLEAR, v: CLEAR }, CLEAR)],
  ['erasing a subject that is no id', () => vault.destroySubjectKey(CLEAR)],
];

/** What an error shows when logged with everything it has: message, stack, causes, statement and parameters. */
async function told(use: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await use();
    return undefined;
  } catch (error) {
    return inspect(error, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null, getters: true });
  }
}

function expectSecret(text: string): void {
  for (const form of FORMS) expect(text).not.toContain(form);
}

it('keeps no clear value in its tables', async () => {
  for (const [, use] of uses) await told(use);
  for (const table of ['subject_keys', 'installation_keys', 'blind_index', 'claims']) {
    const rows: { line: string }[] = await dataSource.query(`select t::text as line from vault.${table} as t`);
    expect(rows.length).toBeGreaterThan(0);
    for (const { line } of rows) expectSecret(line);
  }
});

it('tells no clear value in the errors of its own', async () => {
  const errors: string[] = [];
  for (const [, use] of uses) {
    const text = await told(use);
    if (text) errors.push(text);
  }
  expect(errors).toHaveLength(11);
  errors.forEach(expectSecret);
});

it('tells no clear value in the errors of a database that fails', async () => {
  await dataSource.query('alter schema vault rename to gone');
  const errors: string[] = [];
  for (const [, use] of uses) {
    const text = await told(use);
    if (text) errors.push(text);
  }
  await dataSource.destroy();
  for (const [, use] of uses) {
    const text = await told(use);
    if (text) errors.push(text);
  }
  expect(errors.filter((text) => text.includes('vault.')).length).toBeGreaterThan(4);
  errors.forEach(expectSecret);
});
