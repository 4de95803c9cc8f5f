import type { Sealed } from '@huicai/kernel';
import type { Queryable } from '@huicai/projections';
import type { SpecialistKind } from '../../specialists/contract.js';
import type { SpecialistFacts } from '../../specialists/facts.js';

/** Whose work a caller may see at all; part of the query, never applied afterwards. */
export type WorkloadScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'department'; readonly departmentId: string }
  | { readonly kind: 'specialist'; readonly specialistId: string; readonly departmentId: string };

/** What lies in hand; `dueToday` whether the due has passed or not, `red` is overdue and counts no case as yellow. */
export interface WorkCounts {
  readonly open: number;
  readonly dueToday: number;
  readonly yellow: number;
  readonly red: number;
  readonly paused: number;
}

export interface WorkloadRow extends WorkCounts {
  readonly specialist_id: string;
  readonly department_id: string;
  readonly kind: SpecialistKind;
  readonly name: Sealed;
  readonly facts: SpecialistFacts;
}

/** The instant the lights are told for, and the day it lies in. */
export interface Today {
  readonly now: Date;
  readonly from: Date;
  /** The instant the day is over. */
  readonly to: Date;
}

const COUNTS = `count(*)::int as open,
  (count(*) filter (where due_at >= $2 and due_at < $3))::int as "dueToday",
  (count(*) filter (where yellow_at <= $1 and not coalesce(red_at < $1, false)))::int as yellow,
  (count(*) filter (where red_at < $1))::int as red,
  (count(*) filter (where paused))::int as paused`;

/** Specialists in scope with what each has in hand, and what nobody has; every number exact as of the read models. */
export async function readWorkload(
  db: Queryable,
  scope: WorkloadScope,
  departmentId: string | null,
  { now, from, to }: Today,
): Promise<{ readonly rows: readonly WorkloadRow[]; readonly unassigned: WorkCounts }> {
  const params = [now, from, to, departmentId, ...scopeValues(scope)];
  const [specialists, queue] = scopeSql(scope);
  const [{ rows }, free] = await Promise.all([
    db.query<WorkloadRow>(
      `select s.specialist_id, s.department_id, s.kind, s.name, s.facts, coalesce(q.open, 0) as open, coalesce(q."dueToday", 0) as "dueToday",
         coalesce(q.yellow, 0) as yellow, coalesce(q.red, 0) as red, coalesce(q.paused, 0) as paused
       from read.specialists s
       left join (select specialist_id, ${COUNTS} from read.service_queue where open and specialist_id is not null group by specialist_id) q
         on q.specialist_id = s.specialist_id
       where ($4::text is null or s.department_id = $4) and ${specialists}
       order by s.department_id, s.specialist_id`,
      params,
    ),
    db.query<WorkCounts>(
      `select ${COUNTS} from read.service_queue
       where open and specialist_id is null and department_id is not null and ($4::text is null or department_id = $4) and ${queue}`,
      params,
    ),
  ]);
  return { rows, unassigned: free.rows[0]! };
}

/** Leaves of everybody who has any, by specialist: who stands in for whom is asked across what a caller sees. */
export async function readLeaves(db: Queryable): Promise<ReadonlyMap<string, SpecialistFacts['leaves']>> {
  const { rows } = await db.query<{ id: string; leaves: SpecialistFacts['leaves'] }>(
    "select specialist_id as id, facts -> 'leaves' as leaves from read.specialists where jsonb_array_length(facts -> 'leaves') > 0",
  );
  return new Map(rows.map(({ id, leaves }) => [id, leaves]));
}

const scopeValues = (scope: WorkloadScope): string[] =>
  scope.kind === 'all' ? [] : scope.kind === 'department' ? [scope.departmentId] : [scope.specialistId, scope.departmentId];

/** A specialist sees their own work and what nobody of the department has taken. */
function scopeSql(scope: WorkloadScope): readonly [specialists: string, queue: string] {
  if (scope.kind === 'all') return ['true', 'true'];
  if (scope.kind === 'department') return ['s.department_id = $5', 'department_id = $5'];
  return ['s.specialist_id = $5::uuid and $6::text is not null', '$5::uuid is not null and department_id = $6'];
}
