import { canonicalJson, systemCommandId } from '@huicai/kernel';
import type { DueTimer } from '../contexts/cases/views/sla-timers.view.js';
import type { HuicaiSystem } from './system.js';

/**
 * Records a missed due. The command id is made of what is missed, so however often and by whomever it is fired it happens once;
 * the rulebook drops it when the clock has meanwhile stopped in time or moved on.
 */
export async function fireBreachTimer(system: HuicaiSystem, timer: DueTimer, backfill = false): Promise<void> {
  const due = new Date(timer.due).toISOString();
  const commandId = systemCommandId('timer', timer.caseId, timer.clockId, 'breach', due, timer.withdrawn);
  const data = { clockId: timer.clockId, due };
  await system.send({
    aggregate: 'case',
    id: timer.caseId,
    command: { type: 'RecordBreach', data },
    caller: { id: 'timer', role: 'system' },
    context: {
      commandId,
      commandHash: await system.vault.commandHash(canonicalJson(data), null),
      correlationId: timer.cause,
      causationId: timer.cause,
      occurredAt: timer.due,
      ...(backfill ? { backfill } : {}),
    },
  });
}
