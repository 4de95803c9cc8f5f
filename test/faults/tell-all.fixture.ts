import type { HuicaiSystem } from '@huicai/composition';
import {
  applyCalendarChange,
  applyPolicyChange,
  undoCalendarChange,
  undoPolicyChange,
} from '../../libs/contexts/calendar/changes/changes.intake.js';
import { DEFAULT_POLICY } from '../../libs/contexts/calendar/default-policy.js';
import { officeDay, rulesOf } from '../../libs/contexts/calendar/facts.js';
import type { PublishPolicyVersionBody } from '../../libs/contexts/calendar/policy.bodies.js';
import { publishPolicyVersion } from '../../libs/contexts/calendar/policy.intake.js';
import type { Caller } from '../../libs/contexts/gateway.js';
import { enrolSpecialist } from '../../libs/contexts/specialists/specialist.intake.js';
import { COURSES, meta, type Office, openOffice, takeThrough } from './office.fixture.js';
import { tellPeople } from './office-people.fixture.js';
import type { SetClock } from './rig.fixture.js';

const supervisor: Caller = { id: 'supervisor-1', role: 'supervisor' };

/** Everything once: talents, cards, specialists, channels, changes of calendar and policy, a case of every course, and a hand-over. */
export async function tellAll(system: HuicaiSystem, clock: SetClock): Promise<Office> {
  const office = await openOffice(system, clock);
  await changeCalendar(system);
  await changePolicy(system, clock);
  const start = clock.time;
  for (const [i, course] of COURSES.entries()) {
    clock.time = start + i * 60_000;
    await takeThrough(office, course, { talentId: office.talentIds[i % 3]! });
  }
  const enrolled = await enrolSpecialist(system, supervisor, meta(), { name: '同事', kind: 'ITEM', departmentId: 'ybj' });
  await tellPeople(office, enrolled.stream.slice('specialist-'.length));
  return office;
}

/** A change that moves nothing, for all clocks go by that version, and its undoing. */
async function changeCalendar(system: HuicaiSystem): Promise<void> {
  const side = () => ({ gateway: system, caller: supervisor, meta: meta(), firstEvent: async () => undefined });
  const to = (await system.facts.time()).calendar.versions.length;
  const reason = { reason: '说明' };
  const applied = await applyCalendarChange(side(), 'cn-lanshan', { mode: 'retroactive', to, ...reason });
  const { changeId } = applied.events[0]!.data as { changeId: string };
  await undoCalendarChange(side(), 'cn-lanshan', changeId, reason);
}

/** The same limits once more, put on clocks that run, and taken back. */
async function changePolicy(system: HuicaiSystem, clock: SetClock): Promise<void> {
  const side = () => ({ gateway: system, caller: supervisor, meta: meta(), firstEvent: async () => undefined });
  const { policyId, version: _, calendarId: __, handling: ___, ...numbers } = DEFAULT_POLICY;
  const none = { kind: 'none' } as const;
  const same = { ...numbers, opinion: none, callback: none, rectification: none, rules: [...rulesOf(DEFAULT_POLICY)] };
  const policy = { ...same, effectiveFrom: officeDay(clock.time) } as unknown as PublishPolicyVersionBody['policy'];
  const reason = { reason: '说明' };
  await publishPolicyVersion(side(), policyId, { policy, ...reason });
  const applied = await applyPolicyChange(side(), policyId, { mode: 'retroactive', to: 2, ...reason });
  const { changeId } = applied.events[0]!.data as { changeId: string };
  await undoPolicyChange(side(), policyId, changeId, reason);
}
