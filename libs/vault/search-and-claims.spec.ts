import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { createDataSource, migrate } from '@huicai/database';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import {
  ClaimTakenError,
  type IndexField,
  IndexValueEmptyError,
  InvalidSubjectIdError,
  UnknownIndexFieldError,
  Vault,
} from './index.js';

const ID_NUMBER = '11010519491231002X';
let database: TestDatabase;
let dataSource: DataSource;
let vault: Vault;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = await createDataSource(database.url, { max: 8 }).initialize();
  vault = await Vault.open(dataSource, createSecretKey(randomBytes(32)));
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

describe('blind index', () => {
  it('finds a value however it is written, and nothing else', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await vault.addIndexes(first, [
      { field: 'name', value: '阿不都·热合曼' },
      { field: 'phone', value: '+86 138-1234-1234' },
      { field: 'talent.idNumber', value: ID_NUMBER },
    ]);
    await vault.addIndex('name', '阿不都热合曼', second);
    expect(await vault.find('name', ' 阿不都・热合曼 ')).toEqual([first]);
    expect(await vault.find('phone', '１３８ １２３４ １２３４')).toEqual([first]);
    expect(await vault.find('talent.idNumber', ID_NUMBER.toLowerCase())).toEqual([first]);
    expect(await vault.find('phone', '13812341235')).toEqual([]);
    expect(await vault.find('idNumber', ID_NUMBER)).toEqual([]);
  });

  it('tells all subjects of a value, oldest first, and forgets none by repetition', async () => {
    const subjects = [randomUUID(), randomUUID(), randomUUID()];
    for (const subject of subjects) await vault.addIndex('name', '王伟', subject);
    await vault.addIndex('name', '王 伟', subjects[2]!);
    expect(await vault.find('name', '王伟')).toEqual(subjects);
  });

  it('stores digests that differ from field to field and hold no value', async () => {
    const subject = randomUUID();
    await vault.addIndexes(subject, [
      { field: 'a.text', value: ID_NUMBER },
      { field: 'b.text', value: ID_NUMBER },
    ]);
    await vault.claim('a.text', ID_NUMBER, 'talent-x', async () => true);
    const rows: { digest: Buffer }[] = await dataSource.query(
      'select digest from vault.blind_index where subject_id = $1 union all select digest from vault.claims where owner = $2',
      [subject, 'talent-x'],
    );
    expect(new Set(rows.map((row) => row.digest.toString('hex'))).size).toBe(3);
    for (const row of rows) expect(row.digest).toHaveLength(32);
  });

  it('refuses empty values, unknown fields and malformed subjects', async () => {
    await expect(vault.addIndex('phone', ' 无 ', randomUUID())).rejects.toThrow(IndexValueEmptyError);
    await expect(vault.find('name', '\u3000')).rejects.toThrow(IndexValueEmptyError);
    await expect(vault.find('talent.nmae' as IndexField, 'x')).rejects.toThrow(UnknownIndexFieldError);
    await expect(vault.find('constructor' as IndexField, 'x')).rejects.toThrow(UnknownIndexFieldError);
    await expect(vault.addIndex('name', 'x', '王伟')).rejects.toThrow(InvalidSubjectIdError);
    await vault.addIndexes(randomUUID(), []);
  });
});

describe('claims', () => {
  const exists = async () => true;
  const never = async () => false;
  const age = (owner: string, seconds: number) =>
    dataSource.query('update vault.claims set created_at = now() - make_interval(secs => $2) where owner = $1', [owner, seconds]);
  const fresh = () => `3713${randomBytes(8).toString('hex')}`;
  const owner = () => `talent-${randomUUID()}`;

  it('are held by one owner, who may repeat them', async () => {
    const [value, mine, other] = [fresh(), owner(), owner()];
    await vault.claim('idNumber', value, mine, exists);
    await vault.claim('idNumber', value.toUpperCase(), mine, exists);
    await expect(vault.claim('idNumber', value, other, exists)).rejects.toThrow(ClaimTakenError);
    await vault.claim('card.idNumber', value, other, exists);
  });

  it('of a stream that was never written are taken over after 60 s, not before', async () => {
    const [value, lost, next] = [fresh(), owner(), owner()];
    await vault.claim('idNumber', value, lost, exists);
    const asked: string[] = [];
    const look = async (stream: string) => {
      asked.push(stream);
      return false;
    };
    await age(lost, 55);
    await expect(vault.claim('idNumber', value, next, look)).rejects.toThrow(ClaimTakenError);
    expect(asked).toEqual([]);
    await age(lost, 61);
    await vault.claim('idNumber', value, next, look);
    expect(asked).toEqual([lost]);
    await expect(vault.claim('idNumber', value, lost, never)).rejects.toThrow(ClaimTakenError);
  });

  it('of an existing stream are never taken over', async () => {
    const [value, holder] = [fresh(), owner()];
    await vault.claim('idNumber', value, holder, exists);
    await age(holder, 86_400);
    await expect(vault.claim('idNumber', value, owner(), exists)).rejects.toThrow(ClaimTakenError);
    await vault.claim('idNumber', value, holder, exists);
  });

  it('start their 60 s anew when the owner repeats them', async () => {
    const [value, slow] = [fresh(), owner()];
    await vault.claim('idNumber', value, slow, exists);
    await age(slow, 300);
    await vault.claim('idNumber', value, slow, exists);
    await expect(vault.claim('idNumber', value, owner(), never)).rejects.toThrow(ClaimTakenError);
  });

  it('are not lost by an owner who repeats them while another looks for its stream', async () => {
    const [value, slow] = [fresh(), owner()];
    await vault.claim('idNumber', value, slow, exists);
    await age(slow, 300);
    const robbery = vault.claim('idNumber', value, owner(), async () => {
      await vault.claim('idNumber', value, slow, exists);
      return false;
    });
    await expect(robbery).rejects.toThrow(ClaimTakenError);
  });

  it('are not taken from an owner whose stream was not looked for', async () => {
    const [value, first, second] = [fresh(), owner(), owner()];
    await vault.claim('idNumber', value, first, exists);
    await age(first, 300);
    const robbery = vault.claim('idNumber', value, owner(), async () => {
      await vault.releaseClaims(first);
      await vault.claim('idNumber', value, second, exists);
      await age(second, 300);
      return false;
    });
    await expect(robbery).rejects.toThrow(ClaimTakenError);
  });

  it('go to exactly one of many who want them at once, when free and when orphaned', async () => {
    const value = fresh();
    const race = async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, async () => {
          const mine = owner();
          await vault.claim('idNumber', value, mine, never);
          return mine;
        }),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ClaimTakenError);
      return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    };
    const first = await race();
    expect(first).toHaveLength(1);
    await age(first[0]!, 61);
    expect(await race()).toHaveLength(1);
  });

  it('pass on a failure to look for the stream', async () => {
    const [value, holder] = [fresh(), owner()];
    await vault.claim('idNumber', value, holder, exists);
    await age(holder, 61);
    const broken = vault.claim('idNumber', value, owner(), async () => {
      throw new Error('store unavailable');
    });
    await expect(broken).rejects.toThrow('store unavailable');
    await expect(vault.claim('idNumber', value, owner(), exists)).rejects.toThrow(ClaimTakenError);
  });

  it('can be given back, by the owner only', async () => {
    const [value, another, holder, next] = [fresh(), fresh(), owner(), owner()];
    await vault.claim('idNumber', value, holder, exists);
    await vault.claim('idNumber', another, holder, exists);
    await vault.releaseClaim('idNumber', value, next);
    await expect(vault.claim('idNumber', value, next, exists)).rejects.toThrow(ClaimTakenError);
    await vault.releaseClaim('idNumber', value, holder);
    await vault.claim('idNumber', value, next, exists);
    await vault.releaseClaims(holder);
    await vault.claim('idNumber', another, next, exists);
  });
});
