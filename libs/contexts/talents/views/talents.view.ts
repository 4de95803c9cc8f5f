import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { TalentEvent } from '../contract.js';
import { foldTalent, type TalentFacts } from '../facts.js';

export interface TalentRow extends Row {
  talent_id: string;
  category: string;
  employer_id: string | null;
  revision: string;
  registered_at: Date;
  facts: TalentFacts;
}

/** Talents as corrected so far; personal fields stay sealed. */
export const talents = projection<TalentRow>({
  name: 'talents',
  version: 2,
  table: {
    columns: {
      talent_id: 'uuid',
      category: 'text',
      employer_id: 'text null',
      revision: 'int8',
      registered_at: 'timestamptz',
      facts: 'jsonb',
    },
    key: ['talent_id'],
    partition: 'talent_id',
    indexes: ['(employer_id, registered_at, talent_id) where employer_id is not null'],
  },
  partition: (event) => event.stream.slice('talent-'.length),
  fold: (rows, event) => {
    const row = rows.one();
    const facts = foldTalent(row?.facts ?? null, event as RecordedEvent as TalentEvent);
    if (!facts) return;
    rows.put({
      talent_id: facts.talentId,
      category: facts.category,
      employer_id: facts.employerId ?? null,
      revision: event.revision.toString(),
      registered_at: row?.registered_at ?? new Date(event.metadata.occurredAt),
      facts,
    });
  },
});

export async function findTalents(db: Queryable, ids: readonly string[]): Promise<TalentRow[]> {
  return (
    await db.query<TalentRow>('select * from read.talents where talent_id = any($1::uuid[]) order by registered_at, talent_id', [
      ids,
    ])
  ).rows;
}

/** Talents whose employer of record this is, in the order they were registered. @param after the last one seen */
export async function talentsOfEmployer(
  db: Queryable,
  employerId: string,
  limit: number,
  after?: { registeredAt: string; talentId: string },
): Promise<TalentRow[]> {
  const { rows } = await db.query<TalentRow>(
    `select * from read.talents where employer_id = $1 and ($2::timestamptz is null or (registered_at, talent_id) > ($2::timestamptz, $3::uuid))
     order by registered_at, talent_id limit $4`,
    [employerId, after?.registeredAt ?? null, after?.talentId ?? null, limit],
  );
  return rows;
}
