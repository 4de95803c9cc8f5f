import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { createDataSource, migrate } from '@huicai/database';
import type { Sealed } from '@huicai/kernel';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import {
  EnvelopeTamperedError,
  ERASED_TEXT,
  envelopeContext,
  InvalidSubjectIdError,
  maskName,
  SubjectKeyDestroyedError,
  SubjectKeyMissingError,
  ValueNotSealableError,
  Vault,
} from './index.js';

const NAME = '欧阳娜娜';
const kek = createSecretKey(randomBytes(32));
const context = (path: string, stream = 'talent-1') => envelopeContext(stream, '0190a0a0-0000-5000-8000-000000000000', path);

let database: TestDatabase;
let dataSource: DataSource;
let vault: Vault;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = await createDataSource(database.url, { max: 4 }).initialize();
  vault = await Vault.open(dataSource, kek);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

describe('sealing and opening', () => {
  it('gives back any JSON value', async () => {
    const sealer = await vault.sealer(randomUUID());
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), fc.string(), async (value, path) => {
        const throughJson = JSON.parse(JSON.stringify(sealer.seal(context(path), value))) as Sealed<unknown>;
        const opened = await vault.open(throughJson);
        expect(opened).toEqual({ erased: false, value: JSON.parse(JSON.stringify(value)) });
      }),
    );
  });

  it('seals the same value differently every time, and shows nothing of it', async () => {
    const sealer = await vault.sealer(randomUUID());
    const envelopes = Array.from({ length: 50 }, () => sealer.seal(context('name'), NAME));
    expect(new Set(envelopes.map((e) => e.iv)).size).toBe(50);
    expect(new Set(envelopes.map((e) => e.ct)).size).toBe(50);
    expect(JSON.stringify(envelopes)).not.toContain(NAME);
    expect(Object.keys(envelopes[0]!)).toEqual(['$enc', 's', 'k', 'a', 'iv', 'ct', 'tag', 'ctx']);
  });

  it('refuses values without JSON form and subject ids that are no UUID', async () => {
    const sealer = await vault.sealer(randomUUID());
    expect(() => sealer.seal(context('name'), undefined)).toThrow(ValueNotSealableError);
    await expect(vault.seal(NAME, context('name'), NAME)).rejects.toThrow(InvalidSubjectIdError);
    await expect(vault.seal(randomUUID().toUpperCase(), context('name'), NAME)).rejects.toThrow(InvalidSubjectIdError);
  });
});

describe('tampering', () => {
  const flip = (text: string) => {
    const bytes = Buffer.from(text, 'base64url');
    bytes[0]! ^= 1;
    return bytes.toString('base64url');
  };
  const changes: [string, (e: Sealed, other: Sealed) => object][] = [
    ['ciphertext', (e) => ({ ct: flip(e.ct) })],
    ['tag', (e) => ({ tag: flip(e.tag) })],
    ['shortened tag', (e) => ({ tag: e.tag.slice(0, 16) })],
    ['iv', (e) => ({ iv: flip(e.iv) })],
    ['empty iv', () => ({ iv: '' })],
    ['context', () => ({ ctx: context('other') })],
    ['stream in the context', () => ({ ctx: context('name', 'talent-2') })],
    ['subject', (_, other) => ({ s: other.s })],
    ['whole cryptogram of another field', (_, other) => ({ ct: other.ct, iv: other.iv, tag: other.tag })],
    ['algorithm', () => ({ a: 'none' })],
    ['marker', () => ({ $enc: 2 })],
    ['subject that is no id', () => ({ s: NAME })],
    ['key version that is no number', () => ({ k: '1' })],
    ['missing tag', () => ({ tag: undefined })],
    ['a second spelling of the same bytes', (e) => ({ ct: `${e.ct}=` })],
  ];

  it.each(changes)('does not open after a change of: %s', async (_, change) => {
    const sealed = await vault.seal(randomUUID(), context('name'), NAME);
    const other = await vault.seal(randomUUID(), context('name'), NAME);
    const changed = { ...sealed, ...change(sealed, other) } as Sealed;
    await expect(vault.open(changed)).rejects.toThrow(EnvelopeTamperedError);
    await expect(vault.openDeep({ row: [changed] })).rejects.toThrow(EnvelopeTamperedError);
    expect(await vault.open(sealed)).toEqual({ erased: false, value: NAME });
  });

  it('does not open at a place it was not made for, when the reader says which', async () => {
    const sealed = await vault.seal(randomUUID(), context('name'), NAME);
    const opened = { erased: false, value: NAME };
    expect(await vault.open(sealed, { expected: context('name') })).toEqual(opened);
    expect(await vault.open(sealed, { expected: 'talent-1/' })).toEqual(opened);
    await expect(vault.open(sealed, { expected: context('phone') })).rejects.toThrow('it is moved');
    await expect(vault.open(sealed, { expected: 'talent-12/' })).rejects.toThrow('it is moved');
    await expect(vault.open(sealed, { expected: 'talent-1' })).rejects.toThrow('it is moved');
    await expect(vault.openDeep(sealed, { expected: 'talent-12/' })).rejects.toThrow(EnvelopeTamperedError);
  });

  it('tells a key that was never there from an erased one', async () => {
    const sealed = await vault.seal(randomUUID(), context('name'), NAME);
    await expect(vault.open({ ...sealed, s: randomUUID() })).rejects.toThrow(SubjectKeyMissingError);
    await expect(vault.open({ ...sealed, k: 2 })).rejects.toThrow(SubjectKeyMissingError);
  });
});

describe('erasure', () => {
  it('makes every field of the subject, and only of the subject, unreadable for ever', async () => {
    const [gone, kept] = [randomUUID(), randomUUID()];
    const [first, second] = [await vault.seal(gone, context('name'), NAME), await vault.seal(kept, context('name'), NAME)];
    await vault.addIndex('name', NAME, gone);
    expect(await vault.find('name', NAME)).toEqual([gone]);

    expect(await vault.destroySubjectKey(gone)).toBe(true);
    expect(await vault.destroySubjectKey(gone)).toBe(false);

    expect(await vault.openMany([first, second])).toEqual([{ erased: true }, { erased: false, value: NAME }]);
    expect(await vault.find('name', NAME)).toEqual([]);
    await expect(vault.ensureSubjectKey(gone)).rejects.toThrow(SubjectKeyDestroyedError);
    await expect(vault.seal(gone, context('name'), NAME)).rejects.toThrow(SubjectKeyDestroyedError);
    const rows = await dataSource.query('select wrapped from vault.subject_keys where subject_id = $1', [gone]);
    expect(rows).toEqual([{ wrapped: null }]);
  });

  it('leaves a tombstone for a subject that never had a key', async () => {
    const subject = randomUUID();
    expect(await vault.destroySubjectKey(subject)).toBe(false);
    await expect(vault.seal(subject, context('name'), NAME)).rejects.toThrow(SubjectKeyDestroyedError);
  });
});

describe('openDeep', () => {
  it('opens every envelope of a document and tells whose data was read', async () => {
    const [talent, child, erased] = [randomUUID(), randomUUID(), randomUUID()];
    const document = {
      id: 'LS-2026-000123',
      talent: {
        name: await vault.seal(talent, context('name'), NAME),
        phone: await vault.seal(talent, context('phone'), '13812341234'),
      },
      'a/b~c': [null, await vault.seal(child, context('child'), { name: '欧阳小小', age: 7 })],
      note: await vault.seal(erased, context('note'), '住址变更'),
      at: new Date(0),
      count: 3,
    };
    await vault.destroySubjectKey(erased);
    const before = JSON.stringify(document);

    expect(await vault.openDeep(document)).toEqual({
      value: {
        id: 'LS-2026-000123',
        talent: { name: NAME, phone: '13812341234' },
        'a/b~c': [null, { name: '欧阳小小', age: 7 }],
        note: ERASED_TEXT,
        at: new Date(0),
        count: 3,
      },
      subjects: [talent, child],
      erased: ['/note'],
    });
    expect(JSON.stringify(document)).toBe(before);
  });

  it('lets the caller mask what is shown', async () => {
    const subject = randomUUID();
    const rows = [
      { name: await vault.seal(subject, context('name'), NAME), note: await vault.seal(subject, context('note'), 'x') },
    ];
    const present = (clear: unknown, path: string) => (path.endsWith('/name') ? maskName(String(clear)) : clear);
    expect((await vault.openDeep(rows, { present })).value).toEqual([{ name: '欧阳**', note: 'x' }]);
  });

  it('leaves values without envelopes as they are', async () => {
    for (const value of [null, undefined, 1, 'text', [], {}, [{ a: [] }]]) {
      expect(await vault.openDeep(value)).toEqual({ value, subjects: [], erased: [] });
    }
  });

  it('asks for the keys of a whole page at once', async () => {
    const page = [];
    for (let i = 0; i < 40; i += 1) page.push({ name: await vault.seal(randomUUID(), context('name'), `${NAME}${i}`) });
    const fresh = await Vault.open(dataSource, kek);
    const query = jest.spyOn(dataSource, 'query');
    try {
      const { value } = await fresh.openDeep<{ name: string }[]>(page);
      expect(value.map((row) => row.name)).toEqual(page.map((_, i) => `${NAME}${i}`));
      expect(query).toHaveBeenCalledTimes(1);
    } finally {
      query.mockRestore();
    }
  });
});
