import { canonicalJson, newIdempotencyKey } from '@huicai/kernel';
import { freshnessOf, waitForPosition } from '@huicai/projections';
import { startTestSystem, type TestSystem } from '../support/system.js';

describe('one aggregate through to one view', () => {
  let t: TestSystem;
  beforeAll(async () => {
    t = await startTestSystem();
  }, 60_000);
  afterAll(() => t?.stop());

  it('takes a command through the store into a row', async () => {
    t.startWorker();
    const { system } = t;
    const commandId = newIdempotencyKey();
    const talentId = newIdempotencyKey();
    const sealer = await system.vault.sealer(talentId);
    const seal = (field: string, value: string) => sealer.seal(`talent-${talentId}/${commandId}/${field}`, value);
    const data = {
      talentId,
      name: seal('name', '张测试'),
      documentType: 'RESIDENT_ID' as const,
      documentNumber: seal('documentNumber', '990000199001010017'),
      phone: seal('phone', '13900000000'),
      category: 'M' as const,
      engagement: 'FLEXIBLE' as const,
      employer: seal('employer', '某公司'),
    };
    const commandHash = await system.vault.commandHash(canonicalJson({ talentId }), talentId);
    const result = await system.send({
      aggregate: 'talent',
      id: talentId,
      command: { type: 'RegisterTalent', data },
      caller: { id: 'window-1', role: 'window' },
      context: { commandId, commandHash, correlationId: commandId },
    });
    expect(result.revision).toBe(0n);
    (await expect.poll) ?? null;
    for (;;) {
      const ready = await system.pool.query("select to_regclass('read.talents') is not null as there");
      if (ready.rows[0].there) break;
    }
    expect(await waitForPosition(system.pool, 'talents', result.position!, 10_000)).toBe(true);
    const { rows } = await system.pool.query('select * from read.talents');
    expect(rows).toHaveLength(1);
    const opened = await system.vault.openDeep<{ name: string }>(rows[0].facts);
    expect(opened.value.name).toBe('张测试');
    expect((await freshnessOf(system.pool, 'talents')).failed).toBeNull();
  }, 30_000);
});
