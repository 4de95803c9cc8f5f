import { type CommandResult, canonicalJson, createdIdOf, notFound, streamName } from '@huicai/kernel';
import { envelopeContext } from '@huicai/vault';
import type { Caller, CommandMeta, Gateway } from '../gateway.js';

export interface HandOverInput {
  readonly toSpecialistId: string;
  readonly note: string;
}

/**
 * Hands everything one specialist has over to another; the rows follow by themselves.
 *
 * @throws Refusal of the rulebook, `specialist-not-found`, `nothing-to-hand-over`
 */
export async function startHandOver(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  fromSpecialistId: string,
  { toSpecialistId, note }: HandOverInput,
): Promise<CommandResult> {
  // No key is made for a specialist that does not exist.
  if (!(await gateway.exists(streamName('specialist', fromSpecialistId)))) throw notFound('specialist-not-found');
  const handOverId = createdIdOf(meta.commandId, 'handOver');
  const ctx = envelopeContext(streamName('handOver', handOverId), meta.commandId, 'note');
  const sealed = await gateway.vault.seal(fromSpecialistId, ctx, note);
  const commandHash = await gateway.vault.commandHash(
    canonicalJson({ fromSpecialistId, toSpecialistId, note }),
    fromSpecialistId,
  );
  return gateway.inTurn(['service_queue', 'specialist_assignments'], () =>
    gateway.send({
      aggregate: 'handOver',
      id: handOverId,
      command: { type: 'StartHandOver', data: { handOverId, fromSpecialistId, toSpecialistId, note: sealed } },
      caller,
      context: { ...meta, commandHash },
    }),
  );
}
