import { randomUUID } from 'node:crypto';
import { createDataSource, migrate } from '@huicai/database';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { type AccessEntry, AccessLog, AccessRead, InvalidAccessEntryError } from './index.js';

let database: TestDatabase;
let dataSource: DataSource;
let log: AccessLog;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = await createDataSource(database.url, { max: 2 }).initialize();
  log = new AccessLog(dataSource);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const entry = (changes: Partial<AccessEntry> = {}): AccessEntry => ({
  at: new Date('2026-10-12T01:02:03.456Z'),
  actor: 'urn:huicai:local|u-1',
  role: 'specialist',
  subjectId: randomUUID(),
  purpose: 'case-handling',
  resource: 'cases/LS-2026-000123',
  correlationId: randomUUID(),
  ...changes,
});

describe('access log', () => {
  it('keeps every entry in order, with one statement', async () => {
    const entries = Array.from({ length: 200 }, (_, i) => entry({ resource: `cases/${i}` }));
    const query = jest.spyOn(dataSource, 'query');
    try {
      await log.record(entries);
      expect(query).toHaveBeenCalledTimes(1);
    } finally {
      query.mockRestore();
    }
    const kept = await dataSource.getRepository(AccessRead).find({ order: { id: 'ASC' } });
    expect(kept.map(({ id, ...read }) => read)).toEqual(entries);
    expect(kept.every(({ id }) => /^[1-9]\d*$/.test(id))).toBe(true);
    await log.record([]);
  });

  it("takes the database's clock when no time is told", async () => {
    const subjectId = randomUUID();
    await log.record([entry({ at: undefined, subjectId })]);
    const [row] = await dataSource.query(
      `select at between now() - interval '1 minute' and now() as now from access_log.reads where subject_id = $1`,
      [subjectId],
    );
    expect(row).toEqual({ now: true });
  });

  it.each(["update access_log.reads set purpose = 'x'", 'delete from access_log.reads', 'truncate access_log.reads'])(
    'refuses: %s',
    async (statement) => {
      await log.record([entry()]);
      const count = () => dataSource.query('select count(*)::int as n, min(purpose) as purpose from access_log.reads');
      const before = await count();
      await expect(dataSource.query(statement)).rejects.toThrow('takes insertions only');
      expect(await count()).toEqual(before);
    },
  );

  it('refuses a batch with one malformed entry wholly, without repeating what was in it', async () => {
    const subjectId = randomUUID();
    const malformed: Partial<AccessEntry>[] = [
      { purpose: '张三的住址' },
      { purpose: '' },
      { purpose: 'Two Words' },
      { subjectId: '张三' },
      { resource: '' },
      { resource: 'x'.repeat(301) },
    ];
    for (const changes of malformed) {
      const error: unknown = await log.record([entry({ subjectId }), entry(changes)]).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(InvalidAccessEntryError);
      expect((error as Error).message).not.toContain('张三');
    }
    expect(await dataSource.getRepository(AccessRead).countBy({ subjectId })).toBe(0);
  });
});
