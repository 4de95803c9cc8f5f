import type { CardType } from '../contexts/cards/contract.js';
import { Draw } from './draw.js';
import { FIGURES, scaled } from './figures.js';
import type { World } from './world.js';

export type CardStory = 'direct' | 'reviewed' | 'applied' | 'approved' | 'rejected';

export interface TalentStory {
  readonly cards: readonly (readonly [CardType, CardStory])[];
}

/** The demo account's talent comes first; the others in an order of their own. */
export function talentStories({ seed, scale }: World): TalentStory[] {
  const { cards } = FIGURES;
  const of = (count: number, ...held: (readonly [CardType, CardStory])[]): TalentStory[] =>
    Array.from({ length: scaled(count, scale) }, () => ({ cards: held }));
  const both = scaled(cards.shandongBesides, scale);
  const direct = of(cards.yimengDirect, ['YIMENG_HUICAI', 'direct']);
  const all = [
    ...direct.slice(both),
    ...of(cards.shandongBesides, ['YIMENG_HUICAI', 'direct'], ['SHANDONG_HUICAI', 'direct']),
    ...of(cards.yimengReviewed, ['YIMENG_HUICAI', 'reviewed']),
    ...of(cards.shandongOnly, ['SHANDONG_HUICAI', 'reviewed']),
    ...of(cards.applied, ['YIMENG_HUICAI', 'applied']),
    ...of(cards.approved, ['YIMENG_HUICAI', 'approved']),
    ...of(cards.rejected, ['YIMENG_HUICAI', 'rejected']),
  ];
  const [demo, ...rest] = all;
  return [demo!, ...new Draw(seed, 'talent-order').shuffled(rest)];
}

/** Ten digits of a card's number, none twice. */
export class CardBodies {
  private readonly given = new Set<string>();

  draw(draw: Draw): string {
    for (;;) {
      const body = draw.digits(10);
      if (this.given.has(body)) continue;
      this.given.add(body);
      return body;
    }
  }
}
