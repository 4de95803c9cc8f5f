import type { Queryable } from '@huicai/projections';
import type { ServiceQueueRow } from './service-queue.view.js';

export type QueueLight = 'GREEN' | 'YELLOW' | 'RED' | 'SEVERE';

/** Rows a caller may see at all; part of every query, never applied afterwards. */
export type QueueScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'department'; readonly departmentId: string }
  | { readonly kind: 'specialist'; readonly specialistId: string; readonly departmentId: string };

export interface QueueFilter {
  readonly departmentId?: string;
  readonly specialistId?: string;
  readonly itemCode?: string;
  readonly channelId?: string;
  readonly light?: QueueLight;
  readonly status?: string;
  /** Only open cases when left out and no status is asked for. */
  readonly open?: boolean;
  readonly paused?: boolean;
  /** Accepted from this instant on, and before that one. */
  readonly acceptedFrom?: Date;
  readonly acceptedBefore?: Date;
  /** Beginning of a case number. */
  readonly number?: string;
}

export interface QueueCursor {
  /** ISO instant of the last row's due, `infinity` where it had none. */
  readonly due: string;
  readonly caseId: string;
}

export interface QueuePage {
  readonly rows: (ServiceQueueRow & { light: QueueLight | null })[];
  /** Exact, over all pages. */
  readonly total: number;
  readonly next: QueueCursor | null;
}

const LIGHT_SQL = `case when severe_at <= $1 then 'SEVERE' when red_at < $1 then 'RED' when yellow_at <= $1 then 'YELLOW' when red_at is not null then 'GREEN' end`;

/** One page of the queue, soonest due first; cases without a running clock last. @param now decides the lights */
export async function readQueue(
  db: Queryable,
  scope: QueueScope,
  filter: QueueFilter,
  page: { readonly limit: number; readonly after?: QueueCursor },
  now: Date,
): Promise<QueuePage> {
  const params: unknown[] = [now];
  const where = conditions(scope, filter, params);
  const counted = db.query<{ total: number }>(
    `select count(*)::int as total from read.service_queue where $1::timestamptz is not null and ${where}`,
    [...params],
  );
  let paging = '';
  if (page.after) {
    params.push(page.after.due, page.after.caseId);
    paging = `and (coalesce(due_at, 'infinity'), case_id) > ($${params.length - 1}::timestamptz, $${params.length}::uuid)`;
  }
  params.push(page.limit + 1);
  const found = db.query<ServiceQueueRow & { light: QueueLight | null; sort_due: string }>(
    `select *, ${LIGHT_SQL} as light, to_char(coalesce(due_at, 'infinity') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as sort_due
     from read.service_queue where ${where} ${paging} order by coalesce(due_at, 'infinity'), case_id limit $${params.length}`,
    params,
  );
  const [{ rows: counts }, { rows }] = await Promise.all([counted, found]);
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    rows: shown,
    total: counts[0]!.total,
    next:
      rows.length > page.limit && last ? { due: last.due_at === null ? 'infinity' : last.sort_due, caseId: last.case_id } : null,
  };
}

function conditions(scope: QueueScope, filter: QueueFilter, params: unknown[]): string {
  const all: string[] = [];
  const add = (sql: (n: string) => string, value: unknown) => {
    params.push(value);
    all.push(sql(`$${params.length}`));
  };
  if (scope.kind === 'department') add((n) => `(department_id = ${n} or co_department_ids ? ${n})`, scope.departmentId);
  if (scope.kind === 'specialist') {
    params.push(scope.specialistId, scope.departmentId);
    all.push(`(specialist_id = $${params.length - 1}::uuid or (specialist_id is null and department_id = $${params.length}))`);
  }
  if (filter.departmentId !== undefined) add((n) => `department_id = ${n}`, filter.departmentId);
  if (filter.specialistId !== undefined) add((n) => `specialist_id = ${n}::uuid`, filter.specialistId);
  if (filter.itemCode !== undefined) add((n) => `item_code = ${n}`, filter.itemCode);
  if (filter.channelId !== undefined) add((n) => `channel_id = ${n}`, filter.channelId);
  if (filter.status !== undefined) add((n) => `status = ${n}`, filter.status);
  if (filter.paused !== undefined) add((n) => `paused = ${n}`, filter.paused);
  const open = filter.open ?? (filter.status === undefined ? true : undefined);
  if (open !== undefined) add((n) => `open = ${n}`, open);
  if (filter.acceptedFrom) add((n) => `accepted_at >= ${n}`, filter.acceptedFrom);
  if (filter.acceptedBefore) add((n) => `accepted_at < ${n}`, filter.acceptedBefore);
  if (filter.number !== undefined) add((n) => `starts_with(number, ${n})`, filter.number);
  if (filter.light !== undefined) add((n) => `${LIGHT_SQL} = ${n}`, filter.light);
  return all.length === 0 ? 'true' : all.join(' and ');
}

/** Whether a talent has an open case among those a scope shows. */
export async function hasCaseInScope(db: Queryable, scope: QueueScope, talentId: string): Promise<boolean> {
  const params: unknown[] = [talentId];
  const where = conditions(scope, {}, params);
  const { rows } = await db.query(`select 1 from read.service_queue where talent_id = $1::uuid and ${where} limit 1`, params);
  return rows.length > 0;
}
