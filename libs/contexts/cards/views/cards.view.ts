import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { CardEvent, CardType } from '../contract.js';
import { type CardStatus, evolveCard } from '../facts.js';

export interface CardRow extends Row {
  talent_id: string;
  card_id: string;
  card_type: CardType;
  status: CardStatus;
  number: string | null;
  valid_until: string | null;
  issued_at: Date | null;
  /** Revision of the holder's stream, decimal. */
  revision: string;
}

/** Every card with its present status; findable by number. */
export const cards = projection<CardRow>({
  name: 'cards',
  version: 1,
  table: {
    columns: {
      talent_id: 'uuid',
      card_id: 'uuid',
      card_type: 'text',
      status: 'text',
      number: 'text null',
      valid_until: 'date null',
      issued_at: 'timestamptz null',
      revision: 'int8',
    },
    key: ['card_id'],
    partition: 'talent_id',
    indexes: ['(number)', '(talent_id)'],
  },
  partition: (event) => event.stream.slice('cardHolder-'.length),
  fold: (rows, event) => {
    const cardEvent = event as RecordedEvent as CardEvent;
    const before = rows.all().find((row) => row.card_id === cardEvent.data.cardId);
    const known = before && {
      cardId: before.card_id,
      cardType: before.card_type,
      status: before.status,
      number: before.number,
      validUntil: before.valid_until,
    };
    const card = evolveCard(known, cardEvent);
    if (!card) return;
    rows.put({
      talent_id: event.stream.slice('cardHolder-'.length),
      card_id: card.cardId,
      card_type: card.cardType,
      status: card.status,
      number: card.number,
      valid_until: card.validUntil,
      issued_at: event.type === 'CardIssued' ? new Date(event.metadata.occurredAt) : (before?.issued_at ?? null),
      revision: event.revision.toString(),
    });
  },
});

export async function cardByNumber(db: Queryable, number: string): Promise<CardRow | undefined> {
  return (await db.query<CardRow>('select * from read.cards where number = $1', [number])).rows[0];
}

export async function cardsOfTalent(db: Queryable, talentId: string): Promise<CardRow[]> {
  return (
    await db.query<CardRow>('select * from read.cards where talent_id = $1 order by issued_at nulls last, card_id', [talentId])
  ).rows;
}
