import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createDataSource, migrate } from '@huicai/database';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { KekMismatchError, MAX_CACHE_AGE_MS, SubjectKeyDestroyedError, Vault } from './index.js';
import { KeyCache } from './key-cache.js';

const kek = createSecretKey(randomBytes(32));
const sources: DataSource[] = [];
let database: TestDatabase;

/** A vault with a pool and a cache of its own, as in another process. */
async function process(now?: () => number): Promise<{ vault: Vault; dataSource: DataSource }> {
  const dataSource = await createDataSource(database.url, { max: 3 }).initialize();
  sources.push(dataSource);
  return { vault: await Vault.open(dataSource, kek, now), dataSource };
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not become true');
    await delay(10);
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
});

afterAll(async () => {
  await Promise.all(sources.map((source) => source.destroy()));
  await database.drop();
});

describe('several processes at once', () => {
  it('create the same installation keys', async () => {
    const vaults = (await Promise.all(Array.from({ length: 6 }, () => process()))).map(({ vault }) => vault);
    const hashes = await Promise.all(vaults.map((vault) => vault.commandHash('{}', null)));
    expect(new Set(hashes.map((hash) => hash.v)).size).toBe(1);
    const subject = randomUUID();
    await vaults[0]!.addIndex('phone', '13812341234', subject);
    for (const vault of vaults) expect(await vault.find('phone', '13812341234')).toEqual([subject]);
    const secrets = await Promise.all(vaults.map((vault) => vault.installationSecret('other', () => randomBytes(48))));
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1);
  });

  it('create the same key for a subject', async () => {
    const vaults = (await Promise.all(Array.from({ length: 6 }, () => process()))).map(({ vault }) => vault);
    for (let round = 0; round < 10; round += 1) {
      const subject = randomUUID();
      const sealed = await Promise.all(vaults.map((vault, i) => vault.seal(subject, `talent-1/c/${i}`, i)));
      for (const vault of vaults) {
        expect(await vault.openMany(sealed)).toEqual(sealed.map((_, i) => ({ erased: false, value: i })));
      }
    }
  });

  it('never leave a live key when one erases while others seal', async () => {
    const [eraser, ...sealers] = (await Promise.all(Array.from({ length: 4 }, () => process()))).map(({ vault }) => vault);
    for (let round = 0; round < 10; round += 1) {
      const subject = randomUUID();
      const [, ...outcomes] = await Promise.allSettled([
        eraser!.destroySubjectKey(subject),
        ...sealers.map((vault) => vault.ensureSubjectKey(subject)),
      ]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(SubjectKeyDestroyedError);
      }
      await expect((await process()).vault.ensureSubjectKey(subject)).rejects.toThrow(SubjectKeyDestroyedError);
    }
  });
});

describe('the key cache', () => {
  it('obeys an erasure it did not hear of after 60 s', async () => {
    let now = 0;
    const { vault: deaf } = await process(() => now);
    const { vault: other } = await process();
    const sealed = await deaf.seal(randomUUID(), 'talent-1/c/name', 'x');
    await other.destroySubjectKey(sealed.s);
    now = MAX_CACHE_AGE_MS - 1;
    expect(await deaf.open(sealed)).toEqual({ erased: false, value: 'x' });
    now = MAX_CACHE_AGE_MS;
    expect(await deaf.open(sealed)).toEqual({ erased: true });
  });

  it('keeps a bounded number of subjects', () => {
    const cache = new KeyCache(() => 0, 3);
    for (const id of ['a', 'b', 'c', 'd']) cache.put(id, [], cache.mark());
    expect(cache.size).toBe(3);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.get('d')).toEqual([]);
  });

  it('does not keep rows that were read before a destruction was told', () => {
    const cache = new KeyCache(() => 0);
    const mark = cache.mark();
    cache.drop('a');
    cache.put('a', [], mark);
    expect(cache.get('a')).toBeUndefined();
    cache.put('a', [], cache.mark());
    expect(cache.get('a')).toEqual([]);
  });
});

describe('listening', () => {
  it('drops a key that another process destroyed, also after the connection was lost', async () => {
    const { vault: listener } = await process(() => 0);
    const { vault: other, dataSource } = await process();
    const listening = await listener.listen();
    try {
      const toldOfErasure = async () => {
        const sealed = await listener.seal(randomUUID(), 'talent-1/c/name', 'x');
        expect(await listener.open(sealed)).toEqual({ erased: false, value: 'x' });
        await other.destroySubjectKey(sealed.s);
        await eventually(async () => (await listener.open(sealed)).erased);
      };
      await toldOfErasure();

      const missed = await listener.seal(randomUUID(), 'talent-1/c/name', 'x');
      // As if the notice had been sent while the connection was away.
      await dataSource.query('update vault.subject_keys set wrapped = null, destroyed_at = now() where subject_id = $1', [
        missed.s,
      ]);
      expect(await listener.open(missed)).toEqual({ erased: false, value: 'x' });
      const cut = await dataSource.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %'`,
      );
      expect(cut).toHaveLength(1);
      await eventually(async () => (await listener.open(missed)).erased);

      await toldOfErasure();
    } finally {
      await listening.close();
      await listening.close();
    }
  });

  it('gives its connection back when closed', async () => {
    const { vault, dataSource } = await process();
    const listenings = [await vault.listen(), await vault.listen()];
    for (const listening of listenings) await listening.close();
    const runners = Array.from({ length: 3 }, () => dataSource.createQueryRunner());
    for (const runner of runners) expect(await runner.query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(await runners[0]!.query('select pg_listening_channels()')).toEqual([]);
    for (const runner of runners) await runner.release();
  });
});

describe('another key file', () => {
  it('is told at once', async () => {
    const { dataSource } = await process();
    await expect(Vault.open(dataSource, createSecretKey(randomBytes(32)))).rejects.toThrow(KekMismatchError);
  });

  it('and so is a row copied over another one', async () => {
    const { vault, dataSource } = await process();
    const [first, second] = [randomUUID(), randomUUID()];
    await vault.ensureSubjectKey(first);
    await vault.ensureSubjectKey(second);
    await dataSource.query(
      'update vault.subject_keys set wrapped = (select wrapped from vault.subject_keys where subject_id = $1) where subject_id = $2',
      [first, second],
    );
    await expect((await process()).vault.ensureSubjectKey(second)).rejects.toThrow(KekMismatchError);

    await vault.installationSecret('here', () => randomBytes(32));
    await dataSource.query(
      `insert into vault.installation_keys (name, wrapped) select 'there', wrapped from vault.installation_keys where name = 'here'`,
    );
    await expect(vault.installationSecret('there', () => randomBytes(32))).rejects.toThrow(KekMismatchError);
  });
});
