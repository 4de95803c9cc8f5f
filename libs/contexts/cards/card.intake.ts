import { randomInt } from 'node:crypto';
import { type CommandResult, canonicalJson, createdIdOf, notFound, Refusal, streamName } from '@huicai/kernel';
import { ClaimTakenError, envelopeContext } from '@huicai/vault';
import type { Caller, CommandMeta, Gateway } from '../gateway.js';
import { cardNumber } from './card-holder.js';
import type { CardCommand, CardType } from './contract.js';

const BODY_DIGITS = 10;

/** Ten random digits. */
export const randomCardBody = (): string => Array.from({ length: BODY_DIGITS }, () => randomInt(10)).join('');

interface CardCall {
  readonly gateway: Gateway;
  readonly caller: Caller;
  readonly meta: CommandMeta;
  readonly talentId: string;
}

/** Applies for a card; the application's id becomes the card's. @throws Refusal `live-card-exists`, `talent-not-found` */
export function applyForCard(call: CardCall, cardType: CardType): Promise<CommandResult> {
  const { talentId, meta } = call;
  const cardId = createdIdOf(meta.commandId, 'card');
  return sendPlain(call, { type: 'ApplyForCard', data: { talentId, cardId, cardType } }, { cardType });
}

/**
 * Issues a card: DIRECT from an official list, or REVIEW for an approved application.
 *
 * @param body the ten digits of the number; drawn at random unless given
 * @throws Refusal `live-card-exists`, `card-not-found`, `illegal-step`, `talent-not-found`
 */
export async function issueCard(
  call: CardCall,
  input: { readonly cardType: CardType } | { readonly applicationId: string; readonly cardType: CardType },
  body = randomCardBody(),
): Promise<CommandResult> {
  const { gateway, caller, meta, talentId } = call;
  const stream = streamName('cardHolder', talentId);
  const reviewed = 'applicationId' in input;
  const cardId = reviewed ? input.applicationId : createdIdOf(meta.commandId, 'card');
  const data = { talentId, cardId, cardType: input.cardType, track: reviewed ? ('REVIEW' as const) : ('DIRECT' as const), body };
  return gateway.send({
    aggregate: 'cardHolder',
    id: talentId,
    command: { type: 'IssueCard', data },
    caller,
    context: { ...meta, commandHash: await gateway.vault.commandHash(canonicalJson(input), null) },
    // Two cards with one number would be a disaster nobody notices, so even a random one is claimed.
    prepare: () => claimNumber(gateway, cardNumber(body), stream),
  });
}

async function claimNumber(gateway: Gateway, number: string, owner: string): Promise<void> {
  try {
    await gateway.vault.claim('card.cardNumber', number, owner, (stream) => gateway.exists(stream));
  } catch (error) {
    if (error instanceof ClaimTakenError) throw new Refusal('conflict', 'card-number-taken');
    throw error;
  }
}

/** Decides an application; a rejection needs a reason. */
export async function reviewCard(
  call: CardCall,
  cardId: string,
  input: { readonly decision: 'APPROVED' | 'REJECTED'; readonly reason: string | null },
): Promise<CommandResult> {
  const { decision, reason } = input;
  if (reason === null) return sendPlain(call, { type: 'ReviewCard', data: { cardId, decision, reason } }, { cardId, ...input });
  const sealed = await sealFor(call, 'reason', reason);
  return sendPersonal(call, { type: 'ReviewCard', data: { cardId, decision, reason: sealed } }, { cardId, ...input });
}

export function activateCard(call: CardCall, cardId: string): Promise<CommandResult> {
  return sendPlain(call, { type: 'ActivateCard', data: { cardId } }, { cardId });
}

/** A lost card loses all functions at once. */
export function reportCardLost(call: CardCall, cardId: string): Promise<CommandResult> {
  return sendPlain(call, { type: 'ReportCardLost', data: { cardId } }, { cardId });
}

/** Withdraws a card for good, with reason and legal basis. */
export async function revokeCard(
  call: CardCall,
  cardId: string,
  input: { readonly reason: string; readonly legalBasis: string },
): Promise<CommandResult> {
  const reason = await sealFor(call, 'reason', input.reason);
  const legalBasis = await sealFor(call, 'legalBasis', input.legalBasis);
  return sendPersonal(call, { type: 'RevokeCard', data: { cardId, reason, legalBasis } }, { cardId, ...input });
}

async function sealFor({ gateway, meta, talentId }: CardCall, field: string, value: string) {
  // No key is made for a talent that does not exist.
  if (!(await gateway.exists(streamName('cardHolder', talentId)))) throw notFound('card-not-found');
  return gateway.vault.seal(talentId, envelopeContext(streamName('cardHolder', talentId), meta.commandId, field), value);
}

async function sendPlain(
  { gateway, caller, meta, talentId }: CardCall,
  command: CardCommand,
  body: object,
): Promise<CommandResult> {
  const commandHash = await gateway.vault.commandHash(canonicalJson(body), null);
  return gateway.send({ aggregate: 'cardHolder', id: talentId, command, caller, context: { ...meta, commandHash } });
}

async function sendPersonal(
  { gateway, caller, meta, talentId }: CardCall,
  command: CardCommand,
  body: object,
): Promise<CommandResult> {
  const commandHash = await gateway.vault.commandHash(canonicalJson(body), talentId);
  return gateway.send({ aggregate: 'cardHolder', id: talentId, command, caller, context: { ...meta, commandHash } });
}
