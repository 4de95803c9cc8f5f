import { systemCommandId } from '@huicai/kernel';
import { startTestSystem, type TestSystem } from '../../test/support/system.js';
import { DEFAULT_POLICY, LATER_LIMITS } from '../contexts/calendar/default-policy.js';
import { officeDay } from '../contexts/calendar/facts.js';
import { registerTalent } from '../contexts/talents/talent.intake.js';
import { loadReferenceData } from './reference-data.js';
import type { HuicaiSystem } from './system.js';

const { opinion: _o, callback: _c, rectification: _r, ratingWindow: _w, ...EARLIER } = DEFAULT_POLICY;
const window = { id: 'window', role: 'window' as const };

const opened: TestSystem[] = [];
afterAll(async () => {
  for (const t of opened) await t.stop();
});

async function systemWith(load?: (system: HuicaiSystem) => Promise<unknown>): Promise<TestSystem> {
  const t = await startTestSystem(undefined, load);
  opened.push(t);
  return t;
}

/** Its version 1 as offices that began earlier have it. */
async function earlier(system: HuicaiSystem): Promise<void> {
  const commandId = systemCommandId('reference', 'policy', 'default', 'v1');
  await system.send({
    aggregate: 'policy',
    id: 'default',
    command: { type: 'PublishPolicyVersion', data: { policy: EARLIER } },
    caller: { id: 'reference-data', role: 'system' },
    context: { commandId, commandHash: { k: 'earlier', v: '' }, correlationId: commandId },
  });
}

async function work({ system }: { system: HuicaiSystem }): Promise<void> {
  const commandId = systemCommandId('test', 'talent');
  const input = { name: '钱示例', documentType: 'PASSPORT', documentNumber: 'E20269911', phone: '+8619000009911' } as const;
  const rest = { category: 'M', engagement: 'FLEXIBLE', employer: '示例企业' } as const;
  await registerTalent(system, window, { commandId, correlationId: commandId }, { ...input, ...rest });
}

const policies = async ({ system }: TestSystem) => (await system.facts.time()).policy.versions;

describe('the policy an office starts with', () => {
  it('limits every clock, by the defaults of the field (domain.md section 2.3)', async () => {
    const t = await systemWith();
    expect(await policies(t)).toEqual([DEFAULT_POLICY]);
    expect(DEFAULT_POLICY).toMatchObject({
      signFor: { kind: 'workingTime', minutes: 120 },
      firstContact: { kind: 'workingTime', minutes: 120 },
      opinion: { kind: 'workingDays', days: 1 },
      callback: { kind: 'workingDays', days: 2 },
      rectification: { kind: 'workingDays', days: 5 },
      extension: { times: 1, maxWorkingDays: 10, totalMaxWorkingDays: 30 },
      returnWindow: { workingDays: 1, hardStopWorkingDays: 2 },
      ratingWindow: { workingDays: 5 },
      attentionLine: 0.7,
    });
    expect(DEFAULT_POLICY.handling.map(({ urgency, limit: { days } }) => [urgency, days])).toEqual([
      ['ENQUIRY', 1],
      ['NORMAL', 5],
      ['COMPLEX', 15],
    ]);
    await work(t);
    await loadReferenceData(t.system);
    expect(await policies(t)).toEqual([DEFAULT_POLICY]);
  });

  it('keeps the version 1 it has where it began earlier, and gets the missing limits as version 2, once', async () => {
    const t = await systemWith(async (system) => {
      await earlier(system);
      await work({ system });
      await loadReferenceData(system);
    });
    await loadReferenceData(t.system);
    const today = officeDay(Date.now());
    expect(await policies(t)).toEqual([EARLIER, { ...EARLIER, ...LATER_LIMITS, version: 2, effectiveFrom: today }]);
  });

  it('has them from the first day on where nobody has worked yet', async () => {
    const t = await systemWith(async (system) => {
      await earlier(system);
      await loadReferenceData(system);
    });
    expect(await policies(t)).toEqual([EARLIER, { ...EARLIER, ...LATER_LIMITS, version: 2 }]);
  });

  it('leaves an office alone that has published its own limits', async () => {
    const own = { ...EARLIER, version: 2, effectiveFrom: '2026-01-01' };
    const t = await systemWith(async (system) => {
      await earlier(system);
      const commandId = systemCommandId('test', 'own');
      const context = { commandId, commandHash: { k: 'none', v: '' }, correlationId: commandId };
      const command = { type: 'PublishPolicyVersion', data: { policy: own } } as const;
      await system.send({ aggregate: 'policy', id: 'default', command, caller: { id: 'own', role: 'system' }, context });
      await loadReferenceData(system);
    });
    expect(await policies(t)).toEqual([EARLIER, own]);
  });
});
