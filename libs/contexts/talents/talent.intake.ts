import { type CommandResult, canonicalJson, createdIdOf, invalid, notFound, type Sealed, streamName } from '@huicai/kernel';
import { ClaimTakenError, envelopeContext, type IndexEntry, normaliseIdNumber } from '@huicai/vault';
import type { Caller, CommandMeta, Gateway } from '../gateway.js';
import type { EngagementMode, IdentityDocument, TalentCategory, TalentChanges, TalentEvent } from './contract.js';
import { foldTalent, type TalentFacts } from './facts.js';

/** A talent as typed in, in clear; it leaves this file sealed. */
export interface TalentInput {
  readonly name: string;
  readonly documentType: IdentityDocument;
  readonly documentNumber: string;
  readonly phone: string;
  readonly category: TalentCategory;
  readonly engagement: EngagementMode;
  readonly employer: string;
  readonly employerId?: string | null;
}

const PERSONAL = ['name', 'documentNumber', 'phone', 'employer'] as const;

/**
 * Registers a talent: key, claim on the identity document and look-up rows first, then the event.
 *
 * @throws Refusal `identity-taken` (documentNumber) and those of the command path
 */
export async function registerTalent(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  input: TalentInput,
  talentId = createdIdOf(meta.commandId, 'talent'),
): Promise<CommandResult> {
  const stream = streamName('talent', talentId);
  const sealer = await gateway.vault.sealer(talentId);
  const seal = (field: string, value: string) => sealer.seal(envelopeContext(stream, meta.commandId, field), value);
  const { documentType, category, engagement, employerId } = input;
  const data = {
    talentId,
    documentType,
    category,
    engagement,
    name: seal('name', input.name),
    documentNumber: seal('documentNumber', input.documentNumber),
    phone: seal('phone', input.phone),
    employer: seal('employer', input.employer),
    ...(employerId === undefined ? {} : { employerId }),
  };
  const commandHash = await gateway.vault.commandHash(canonicalJson(input), talentId);
  return gateway.send({
    aggregate: 'talent',
    id: talentId,
    command: { type: 'RegisterTalent', data },
    caller,
    context: { ...meta, commandHash },
    prepare: () => makeFindable(gateway, talentId, input),
  });
}

/** Corrects what is wrong about a talent; fields left out stay. @throws Refusal as {@link registerTalent}, `talent-not-found` */
export async function correctTalent(
  gateway: Gateway,
  caller: Caller,
  meta: CommandMeta,
  talentId: string,
  input: { readonly changes: Partial<TalentInput>; readonly reason: string },
): Promise<CommandResult> {
  const stream = streamName('talent', talentId);
  // No key is made for a talent that does not exist.
  if (!(await gateway.exists(stream))) throw notFound('talent-not-found');
  const sealer = await gateway.vault.sealer(talentId);
  const seal = (field: string, value: string): Sealed => sealer.seal(envelopeContext(stream, meta.commandId, field), value);
  const sealed: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(input.changes))
    if (value !== undefined)
      sealed[field] = value !== null && PERSONAL.includes(field as never) ? seal(`changes.${field}`, value) : value;
  const commandHash = await gateway.vault.commandHash(canonicalJson(input), talentId);
  return gateway.send({
    aggregate: 'talent',
    id: talentId,
    command: { type: 'CorrectTalent', data: { changes: sealed as TalentChanges, reason: seal('reason', input.reason) } },
    caller,
    context: { ...meta, commandHash },
    prepare: () => makeFindable(gateway, talentId, input.changes),
  });
}

/** Look-up rows stand before the event; one whose event never came finds nothing, because hits are confirmed. */
async function makeFindable(gateway: Gateway, talentId: string, input: Partial<TalentInput>): Promise<void> {
  const { vault } = gateway;
  const { documentNumber } = input;
  if (documentNumber !== undefined) {
    try {
      await vault.claim('talent.idNumber', documentNumber, streamName('talent', talentId), (stream) =>
        bearsNumber(gateway, stream, documentNumber),
      );
    } catch (error) {
      if (error instanceof ClaimTakenError) throw invalid('identity-taken', 'documentNumber');
      throw error;
    }
  }
  const entries: IndexEntry[] = [];
  if (input.name !== undefined) entries.push({ field: 'talent.name', value: input.name });
  if (input.phone !== undefined) entries.push({ field: 'talent.phone', value: input.phone });
  if (documentNumber !== undefined) entries.push({ field: 'talent.idNumber', value: documentNumber });
  if (entries.length > 0) await vault.addIndexes(talentId, entries);
}

/**
 * Whether a talent bears a document number today. A number that was corrected away, or claimed for a correction that was never
 * recorded, is free for the person it belongs to; of an erased talent nobody can tell, so theirs stays claimed.
 */
async function bearsNumber(gateway: Gateway, stream: string, number: string): Promise<boolean> {
  let facts: TalentFacts | null = null;
  for await (const event of gateway.events(stream)) facts = foldTalent(facts, event as unknown as TalentEvent);
  if (!facts) return false;
  const present = await gateway.vault.open<string>(facts.documentNumber as Sealed<string>, { expected: `${stream}/` });
  return present.erased || normaliseIdNumber(present.value) === normaliseIdNumber(number);
}
