import { member } from '@huicai/kernel';
import type { CardEvent, CardType } from './contract.js';

/** SUSPENDED: reported lost. APPROVED: reviewed, not yet made. */
export type CardStatus = 'SUBMITTED' | 'APPROVED' | 'REJECTED' | 'ISSUED' | 'ACTIVE' | 'SUSPENDED' | 'REVOKED';

export interface CardFacts {
  readonly cardId: string;
  readonly cardType: CardType;
  readonly status: CardStatus;
  readonly number: string | null;
  readonly validUntil: string | null;
}

/** All cards one talent ever had, by card id. */
export interface CardHolderFacts {
  readonly cards: Readonly<Record<string, CardFacts>>;
}

export const noCards: CardHolderFacts = { cards: {} };

export function foldCards(facts: CardHolderFacts, event: CardEvent): CardHolderFacts {
  const { cardId } = event.data;
  const known = member(facts.cards, cardId);
  const next = evolveCard(known, event);
  return next ? { cards: { ...facts.cards, [cardId]: next } } : facts;
}

/** One card's part of the fold. */
export function evolveCard(card: CardFacts | undefined, event: CardEvent): CardFacts | undefined {
  switch (event.type) {
    case 'CardApplied':
      return { cardId: event.data.cardId, cardType: event.data.cardType, status: 'SUBMITTED', number: null, validUntil: null };
    case 'CardIssued': {
      const { cardId, cardType, number, validUntil } = event.data;
      return { cardId, cardType, status: 'ISSUED', number, validUntil };
    }
    case 'CardReviewed':
      return card && { ...card, status: event.data.decision };
    case 'CardActivated':
      return card && { ...card, status: 'ACTIVE' };
    case 'CardLossReported':
      return card && { ...card, status: 'SUSPENDED' };
    case 'CardRevoked':
      return card && { ...card, status: 'REVOKED' };
  }
}

/** A card, or an application for one, that stands in the way of another of its type; good to the end of its last day. @param today YYYY-MM-DD */
export const isLive = ({ status, validUntil }: CardFacts, today: string): boolean =>
  status !== 'REVOKED' && status !== 'REJECTED' && (validUntil === null || validUntil >= today);
