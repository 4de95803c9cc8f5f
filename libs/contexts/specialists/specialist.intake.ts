import { type CommandResult, canonicalJson, createdIdOf, notFound, streamName } from '@huicai/kernel';
import { envelopeContext } from '@huicai/vault';
import type { Caller, CommandMeta, Gateway } from '../gateway.js';
import type { SpecialistCommand, SpecialistKind } from './contract.js';

export interface SpecialistInput {
  readonly name: string;
  readonly kind: SpecialistKind;
  readonly departmentId: string;
}

/** Enrols a specialist; the id is derived from the command unless one is given. @throws Refusal `department-not-found` */
export async function enrolSpecialist(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  { name, kind, departmentId }: SpecialistInput,
  specialistId = createdIdOf(meta.commandId, 'specialist'),
): Promise<CommandResult> {
  const sealed = await gateway.vault.seal(
    specialistId,
    envelopeContext(streamName('specialist', specialistId), meta.commandId, 'name'),
    name,
  );
  const commandHash = await gateway.vault.commandHash(canonicalJson({ name, kind, departmentId }), specialistId);
  return gateway.send({
    aggregate: 'specialist',
    id: specialistId,
    command: { type: 'EnrolSpecialist', data: { specialistId, name: sealed, kind, departmentId } },
    caller,
    context: { ...meta, commandHash },
  });
}

/** Gives a talent their primary specialist. @throws Refusal `talent-has-specialist`, `specialist-not-found`, `talent-not-found` */
export async function assignSpecialist(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  input: { readonly talentId: string; readonly specialistId: string },
): Promise<CommandResult> {
  const commandHash = await gateway.vault.commandHash(canonicalJson(input), null);
  return gateway.send({
    aggregate: 'specialistAssignment',
    id: input.talentId,
    command: { type: 'AssignPrimarySpecialist', data: input },
    caller,
    context: { ...meta, commandHash },
  });
}

/** Hands a talent over to another specialist, with a reason. @throws Refusal as {@link assignSpecialist}, `handover-to-self` */
export async function handOverTalent(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  { talentId, toSpecialistId, reason }: { readonly talentId: string; readonly toSpecialistId: string; readonly reason: string },
): Promise<CommandResult> {
  if (!(await gateway.exists(streamName('talent', talentId)))) throw notFound('talent-not-found');
  const ctx = envelopeContext(streamName('specialistAssignment', talentId), meta.commandId, 'reason');
  const sealed = await gateway.vault.seal(talentId, ctx, reason);
  const commandHash = await gateway.vault.commandHash(canonicalJson({ talentId, toSpecialistId, reason }), talentId);
  return gateway.send({
    aggregate: 'specialistAssignment',
    id: talentId,
    command: { type: 'HandOverTalent', data: { talentId, toSpecialistId, reason: sealed } },
    caller,
    context: { ...meta, commandHash },
  });
}

/** Changes what is known of a specialist; nothing in it is personal. @throws Refusal of the rulebook, `specialist-not-found` */
export async function stepSpecialist(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  specialistId: string,
  command: SpecialistCommand,
): Promise<CommandResult> {
  const commandHash = await gateway.vault.commandHash(canonicalJson(command), null);
  return gateway.send({ aggregate: 'specialist', id: specialistId, command, caller, context: { ...meta, commandHash } });
}
