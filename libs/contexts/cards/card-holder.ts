import { type BaseFacts, type Decider, forbidden, illegal, member, mod11_10, notFound, type Role } from '@huicai/kernel';
import type { CardCommand, CardEvent, CardType } from './contract.js';
import { type CardFacts, type CardHolderFacts, type CardStatus, foldCards, isLive, noCards } from './facts.js';

export interface CardRuleFacts extends BaseFacts {
  readonly talentKnown: boolean;
  /** The caller's own talent id, when the caller is a talent. */
  readonly actorTalentId: string | null;
  readonly holderId: string;
  /** Day of the decision, YYYY-MM-DD, office time. */
  readonly today: string;
}

/** Term of a card when no programme or contract sets one, in years (domain.md section 1.4). */
export const CARD_TERM_YEARS = 5;

const DISTRICT_PREFIX = '3713';

/** The printed number: district, ten random digits, ISO 7064 check digit. */
export const cardNumber = (body: string): string => `${DISTRICT_PREFIX}${body}${mod11_10(DISTRICT_PREFIX + body)}`;

/** Whether a number as typed has the right form and check digit. */
export const isCardNumber = (number: string): boolean =>
  /^3713\d{11}$/.test(number) && mod11_10(number.slice(0, -1)) === number.slice(-1);

/**
 * The cards of one talent. They share one stream because the rule that binds them, at most one live card of a type, is then kept
 * by the append itself.
 */
export const cardHolder: Decider<CardCommand, CardEvent, CardHolderFacts, CardRuleFacts> = {
  aggregate: 'cardHolder',
  initialState: () => noCards,
  evolve: foldCards,
  decide: (command, state, facts) => {
    checkCaller(command, facts);
    switch (command.type) {
      case 'ApplyForCard':
        if (!facts.talentKnown) throw notFound('talent-not-found');
        refuseKnown(state, command.data.cardId);
        refuseSecond(state, command.data.cardType, facts.today);
        return [{ type: 'CardApplied', data: command.data }];
      case 'ReviewCard':
        cardIn(state, command.data.cardId, ['SUBMITTED']);
        return [{ type: 'CardReviewed', data: command.data }];
      case 'IssueCard':
        return issue(command.data, state, facts);
      case 'ActivateCard':
        cardIn(state, command.data.cardId, ['ISSUED']);
        return [{ type: 'CardActivated', data: command.data }];
      case 'ReportCardLost':
        cardIn(state, command.data.cardId, ['ISSUED', 'ACTIVE']);
        return [{ type: 'CardLossReported', data: command.data }];
      case 'RevokeCard':
        cardIn(state, command.data.cardId, ['ISSUED', 'ACTIVE', 'SUSPENDED']);
        return [{ type: 'CardRevoked', data: command.data }];
    }
  },
};

function issue(
  data: Extract<CardCommand, { type: 'IssueCard' }>['data'],
  state: CardHolderFacts,
  facts: CardRuleFacts,
): CardEvent[] {
  if (!facts.talentKnown) throw notFound('talent-not-found');
  const { body, talentId, cardId, track } = data;
  // After a review the type is the one applied for.
  const cardType = track === 'REVIEW' ? cardIn(state, cardId, ['APPROVED']).cardType : data.cardType;
  if (track === 'DIRECT') {
    refuseKnown(state, cardId);
    refuseSecond(state, cardType, facts.today);
  }
  const validUntil = `${Number(facts.today.slice(0, 4)) + CARD_TERM_YEARS}${facts.today.slice(4).replace('-02-29', '-02-28')}`;
  return [{ type: 'CardIssued', data: { talentId, cardId, cardType, track, number: cardNumber(body), validUntil } }];
}

/** Who may do what with a card. Nobody decides on, or makes, their own. */
const ROLES: Readonly<Record<CardCommand['type'], readonly Role[]>> = {
  ApplyForCard: ['talent', 'window', 'specialist'],
  ReviewCard: ['supervisor'],
  IssueCard: ['window'],
  ActivateCard: ['window', 'talent'],
  ReportCardLost: ['window', 'talent'],
  RevokeCard: ['supervisor'],
};

function checkCaller(command: CardCommand, { actor, actorTalentId, holderId }: CardRuleFacts): void {
  if (!ROLES[command.type].includes(actor.role)) throw forbidden('role-not-allowed', { params: { role: actor.role } });
  if (actor.role === 'talent' && actorTalentId !== holderId) throw forbidden('not-yours');
  if ('talentId' in command.data && command.data.talentId !== holderId) throw forbidden('not-yours');
}

function refuseKnown(state: CardHolderFacts, cardId: string): void {
  if (member(state.cards, cardId)) throw illegal('card-exists', { field: 'cardId', params: { cardId } });
}

function refuseSecond(state: CardHolderFacts, cardType: CardType, today: string): void {
  const live = Object.values(state.cards).find((card) => card.cardType === cardType && isLive(card, today));
  if (live) throw illegal('live-card-exists', { params: { cardType, cardId: live.cardId, status: live.status } });
}

function cardIn(state: CardHolderFacts, cardId: string, statuses: readonly CardStatus[]): CardFacts {
  const card = member(state.cards, cardId);
  if (!card) throw notFound('card-not-found');
  if (!statuses.includes(card.status))
    throw illegal('illegal-step', {
      params: { status: card.status },
      extra: { status: card.status, possible: stepsOf(card.status) },
    });
  return card;
}

/** Commands a card in this state can take; with a role, those that role may give. */
export function stepsOf(status: CardStatus, role?: Role): CardCommand['type'][] {
  const steps: Record<CardStatus, CardCommand['type'][]> = {
    SUBMITTED: ['ReviewCard'],
    APPROVED: ['IssueCard'],
    REJECTED: [],
    ISSUED: ['ActivateCard', 'ReportCardLost', 'RevokeCard'],
    ACTIVE: ['ReportCardLost', 'RevokeCard'],
    SUSPENDED: ['RevokeCard'],
    REVOKED: [],
  };
  return steps[status].filter((command) => role === undefined || ROLES[command].includes(role));
}
