import type { HuicaiSystem } from '@huicai/composition';
import { canonicalJson, streamName } from '@huicai/kernel';
import { envelopeContext } from '@huicai/vault';
import type { ChannelsCommand } from '../../libs/contexts/channels/contract.js';
import type { Caller } from '../../libs/contexts/gateway.js';
import type { SpecialistCommand } from '../../libs/contexts/specialists/contract.js';
import { handOver } from '../../libs/contexts/specialists/hand-over.js';
import { handEverythingOver } from '../../libs/contexts/specialists/reactions/hand-everything-over-when-hand-over-starts.js';
import { stepSpecialist } from '../../libs/contexts/specialists/specialist.intake.js';
import { accept, dispatch, factsOf, meta, type Office, sign, take, takeThrough } from './office.fixture.js';

const supervisor: Caller = { id: 'supervisor-1', role: 'supervisor' };
const system = { id: 'reaction', role: 'system' } as const;
const WEEKLY = [{ weekday: 1, intervals: [{ from: '08:00', to: '17:30' }] }];

/** What specialists, channels and hand-overs add to the story of an office; afterwards nothing goes back to a queue by itself. */
export async function tellPeople(office: Office, colleagueId: string): Promise<void> {
  const { clock, specialistId } = office;
  const day = (after: number) => new Date(clock.time + (8 + after * 24) * 3_600_000).toISOString().slice(0, 10);
  const say = (command: SpecialistCommand) => stepSpecialist(office.system, supervisor, meta(), specialistId, command);
  await say({ type: 'SetSkills', data: { itemCodes: ['03'], areas: ['liuqing'] } });
  await say({ type: 'SetCapacity', data: { openMatters: 900 } });
  await say({ type: 'SetWorkingHours', data: { weekly: WEEKLY } });
  const leaveId = meta().commandId;
  await say({ type: 'PlanLeave', data: { leaveId, from: day(1), to: day(2), deputyId: colleagueId } });
  await say({ type: 'CancelLeave', data: { leaveId } });
  const after = (workingMinutes: number | null): ChannelsCommand => ({
    type: 'SetReturnAfter',
    data: { departmentId: 'ybj', workingMinutes, effectiveFrom: day(0) },
  });
  const rule = { itemCode: '03', area: 'liuqing', departmentId: 'ybj', priority: 'HIGH', fastTrack: true } as const;
  for (const command of [
    { type: 'SetChannelHours', data: { channelId: 'window', weekly: WEEKLY, effectiveFrom: day(0) } },
    { type: 'PublishRoutingRules', data: { channelId: 'window', effectiveFrom: day(0), rules: [rule], reason: '试点' } },
    after(30),
  ] as const satisfies readonly ChannelsCommand[])
    await decree(office.system, command);

  const assign = ['window', { type: 'AssignCase', mode: 'MANUAL', specialistId }] as const;
  const idle = await takeThrough(office, [accept, dispatch(), sign, assign], { area: 'liuqing' });
  const passed = await takeThrough(office, [accept, dispatch(), sign, take]);
  await handAllOver(office, colleagueId, [passed.caseId]);
  await giveBack(office, idle.caseId);
  await decree(office.system, after(null));
}

async function decree(system_: HuicaiSystem, command: ChannelsCommand): Promise<void> {
  const commandHash = await system_.vault.commandHash(canonicalJson(command.data), null);
  await system_.send({ aggregate: 'channels', id: 'lanshan', command, caller: supervisor, context: { ...meta(), commandHash } });
}

/** Decided by the rulebook from rows that are told, because no read model is there to tell them; carried out as the reaction would. */
async function handAllOver(
  { system: it, specialistId, talentIds }: Office,
  toSpecialistId: string,
  caseIds: string[],
): Promise<void> {
  const { commandId, correlationId } = meta();
  const handOverId = meta().commandId;
  const stream = streamName('handOver', handOverId);
  const note = await it.vault.seal(specialistId, envelopeContext(stream, commandId, 'note'), '轮岗');
  const [from, to] = await Promise.all([it.facts.specialist(specialistId), it.facts.specialist(toSpecialistId)]);
  const { events } = await it.runner.run(
    handOver,
    stream,
    { type: 'StartHandOver', data: { handOverId, fromSpecialistId: specialistId, toSpecialistId, note } },
    { commandId, correlationId, actor: supervisor, commandHash: await it.vault.commandHash(canonicalJson({ handOverId }), null) },
    (_, base) => ({ ...base, from, to, caseIds, talentIds: [talentIds[0]!] }),
  );
  const started = { ...events[0]!, stream } as never as Parameters<typeof handEverythingOver.react>[0];
  for (const { aggregate, id, command } of handEverythingOver.react(started, undefined)) {
    const commandHash = await it.vault.commandHash(canonicalJson(command.data), null);
    await it.send({
      aggregate: aggregate as 'case',
      id,
      command: command as never,
      caller: system,
      context: { ...meta(), commandHash },
    });
  }
}

async function giveBack({ system: it, specialistId, clock }: Office, caseId: string): Promise<void> {
  const { takeBack } = await factsOf(it, caseId);
  clock.time = takeBack!.due;
  const data = { specialistId, due: new Date(takeBack!.due).toISOString() };
  const commandHash = await it.vault.commandHash(canonicalJson(data), null);
  const command = { type: 'ReturnToQueue', data } as const;
  await it.send({
    aggregate: 'case',
    id: caseId,
    command,
    caller: { id: 'timer', role: 'system' },
    context: { ...meta(), commandHash },
  });
}
