import type { Queryable } from '@huicai/projections';
import { LOAD_WEIGHTS } from '../../cases/facts.js';

/** What a specialist has in hand. */
export interface WorkInHand {
  readonly specialistId: string;
  readonly open: number;
  /** The open matters, each weighted by how little time is left for it. */
  readonly load: number;
  readonly lastAssignedAt: number | null;
}

const { overdue, yellow, other } = LOAD_WEIGHTS;

/** What these specialists have in hand, exactly as the read models know it; those who never had a matter have nothing. @param now decides the lights */
export async function workInHand(db: Queryable, specialistIds: readonly string[], now: Date): Promise<WorkInHand[]> {
  const { rows } = await db.query<{ id: string; open: number; load: number; last: Date | null }>(
    `select s.id, coalesce(q.open, 0) as open, coalesce(q.load, 0) as load, a.last
     from unnest($1::uuid[]) s (id)
     left join (
       select specialist_id, count(*)::int as open,
         sum(case when red_at < $2 then ${overdue} when yellow_at <= $2 then ${yellow} else ${other} end)::int as load
       from read.service_queue where open and specialist_id = any ($1::uuid[]) group by specialist_id
     ) q on q.specialist_id = s.id
     left join (
       select specialist_id, max(assigned_at) as last from read.case_assignments where specialist_id = any ($1::uuid[]) group by specialist_id
     ) a on a.specialist_id = s.id
     order by s.id`,
    [specialistIds, now],
  );
  return rows.map(({ id, open, load, last }) => ({ specialistId: id, open, load, lastAssignedAt: last?.getTime() ?? null }));
}

/** Open cases a specialist has. */
export async function openCasesOf(db: Queryable, specialistId: string): Promise<string[]> {
  const { rows } = await db.query<{ case_id: string }>(
    'select case_id from read.service_queue where open and specialist_id = $1 order by case_id',
    [specialistId],
  );
  return rows.map(({ case_id }) => case_id);
}
