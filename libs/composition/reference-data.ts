import type { EventStore } from '@huicai/event-store';
import { type CommandHash, canonicalJson, splitStreamName, systemCommandId } from '@huicai/kernel';
import { cnLanshanHistory } from '@huicai/working-time';
import { DEFAULT_POLICY, LATER_LIMITS } from '../contexts/calendar/default-policy.js';
import { calendarDataOf, officeDay } from '../contexts/calendar/facts.js';
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
  // The last step is recorded only after all others.
  if (!(await isRecorded(system, all.at(-1)!)))
    for (const step of all) if (!(await isRecorded(system, step))) await record(system, step);
  await addLaterLimits(system);
}

/**
 * The version 1 of offices that began earlier promises nothing about opinion, callback and rectification. Where it is still the only
 * one, a second version does: from the day it is loaded on, or from the first day on where nobody has worked yet. An office that has
 * published its own limits keeps them.
 */
async function addLaterLimits(system: HuicaiSystem): Promise<void> {
  const { versions } = (await system.facts.time()).policy;
  const [first] = versions;
  if (versions.length !== 1 || !first || first.opinion || first.callback || first.rectification) return;
  const isNew = (await firstStreamOfWork(system.store)) === undefined;
  const effectiveFrom = isNew ? first.effectiveFrom : officeDay(system.clock.now());
  const policy = { ...first, ...LATER_LIMITS, version: 2, effectiveFrom };
  const step: Step = ['policy', 'default', 'v2', { type: 'PublishPolicyVersion', data: { policy } }];
  // Of several processes that begin at once, one is first; what another would say of the day does not matter then.
  await record(system, step, { k: 'none', v: '' });
}

/** Streams a store may have before anybody has worked with it. */
const REFERENCE: ReadonlySet<string> = new Set(['calendar', 'policy', 'channels', 'catalogue', 'counter', 'store', 'seed']);

/** The first stream in which somebody has worked; undefined where there is none. */
export async function firstStreamOfWork(store: EventStore): Promise<string | undefined> {
  for await (const { stream, type } of store.readAll()) {
    if (type.startsWith('$') || stream.startsWith('$')) continue;
    if (!REFERENCE.has(splitStreamName(stream).aggregate)) return stream;
  }
  return undefined;
}

const isRecorded = (system: HuicaiSystem, step: Step): Promise<boolean> =>
  system.hasRecorded(step[0], step[1], commandIdOf(step));

async function record(system: HuicaiSystem, step: Step, hash?: CommandHash): Promise<void> {
  const [aggregate, id, , command] = step;
  const commandId = commandIdOf(step);
  const commandHash = hash ?? (await system.vault.commandHash(canonicalJson(command.data), null));
  const context = { commandId, commandHash, correlationId: commandId };
  await system.send({ aggregate, id, command, caller: { id: 'reference-data', role: 'system' }, context } as never);
}

const commandIdOf = ([aggregate, id, key]: Step): string => systemCommandId('reference', aggregate, id, key);
