import { canonicalJson, systemCommandId } from '@huicai/kernel';
import { cnLanshanHistory } from '@huicai/working-time';
import { DEFAULT_POLICY } from '../contexts/calendar/default-policy.js';
import { calendarDataOf } from '../contexts/calendar/facts.js';
import { DRAFT_2024, ITEMS_2024 } from '../contexts/catalogue/draft-2024.js';
import { TAGS_2026, TAGS_FROM } from '../contexts/catalogue/tags-2026.js';
import { CHANNELS, DEPARTMENTS } from '../contexts/channels/lanshan.js';
import type { Aggregate, CommandOf } from './commands.js';
import type { HuicaiSystem } from './system.js';

type Step = { [A in Aggregate]: readonly [aggregate: A, id: string, key: string, command: CommandOf<A>] }[Aggregate];

/** What an office needs before its first case: calendar, limits, departments, channels, service list, routing. */
function steps(): Step[] {
  return [
    ...cnLanshanHistory().map(
      (version): Step => [
        'calendar',
        'cn-lanshan',
        `v${version.version}`,
        { type: 'PublishCalendarVersion', data: { calendar: calendarDataOf(version) } },
      ],
    ),
    ['policy', 'default', 'v1', { type: 'PublishPolicyVersion', data: { policy: DEFAULT_POLICY } }],
    ...DEPARTMENTS.map(
      ([departmentId, name]): Step => [
        'channels',
        'lanshan',
        departmentId,
        { type: 'RegisterDepartment', data: { departmentId, name } },
      ],
    ),
    ...CHANNELS.map(
      ([channelId, kind, name]): Step => [
        'channels',
        'lanshan',
        `channel/${channelId}`,
        { type: 'OpenChannel', data: { channelId, kind, name } },
      ],
    ),
    [
      'catalogue',
      'lanshan',
      'draft',
      { type: 'DraftCatalogueVersion', data: { version: DRAFT_2024.version, items: ITEMS_2024 } },
    ],
    ['catalogue', 'lanshan', 'publish', { type: 'PublishCatalogueVersion', data: DRAFT_2024 }],
    ...ITEMS_2024.map(
      ({ code, leadDepartmentId }): Step => [
        'channels',
        'lanshan',
        `route/${code}`,
        { type: 'RouteItem', data: { itemCode: code, leadDepartmentId, effectiveFrom: DRAFT_2024.effectiveFrom } },
      ],
    ),
    ['catalogue', 'lanshan', 'tags', { type: 'PublishTags', data: { effectiveFrom: TAGS_FROM, tags: TAGS_2026 } }],
  ];
}

/**
 * Loads the reference data into any store, once: every step has a fixed command id, so repeating it, or being cut off in the
 * middle, changes nothing.
 */
export async function loadReferenceData(system: HuicaiSystem): Promise<void> {
  const all = steps();
  const last = all.at(-1)!;
  // The last step is recorded only after all others.
  if (await system.hasRecorded(last[0], last[1], commandIdOf(last))) return;
  for (const step of all) {
    const [aggregate, id, , command] = step;
    const commandId = commandIdOf(step);
    const commandHash = await system.vault.commandHash(canonicalJson(command.data), null);
    const context = { commandId, commandHash, correlationId: commandId };
    await system.send({ aggregate, id, command, caller: { id: 'reference-data', role: 'system' }, context } as never);
  }
}

const commandIdOf = ([aggregate, id, key]: Step): string => systemCommandId('reference', aggregate, id, key);
