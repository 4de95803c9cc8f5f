import { flow } from '@huicai/projections';
import type { CardEvent } from './contract.js';
import { cards } from './views/cards.view.js';

export const cardFlow = flow<CardEvent>('cards', {
  CardApplied: { views: [cards] },
  CardReviewed: { views: [cards] },
  CardIssued: { views: [cards] },
  CardActivated: { views: [cards] },
  CardLossReported: { views: [cards] },
  CardRevoked: { views: [cards] },
});
