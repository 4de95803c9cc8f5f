import type { Queryable } from '@huicai/projections';
import { officeDay, startOfOfficeDay } from '../../calendar/facts.js';
import { QUEUES, type QueueName } from './queues.js';
import { type ServiceQueueRow, serviceQueue } from './service-queue.view.js';

export type QueueLight = 'GREEN' | 'YELLOW' | 'RED' | 'SEVERE';

/** Rows a caller may see at all; part of every query, never applied afterwards. */
export type QueueScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'department'; readonly departmentId: string }
  | { readonly kind: 'specialist'; readonly specialistId: string; readonly departmentId: string };

export interface QueueFilter {
  /** A named queue; it says itself whether ended cases are among it. */
  readonly queue?: QueueName;
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

/** By the soonest due, cases without a running clock last; or by when they were registered, the latest first. */
export type QueueOrder = 'due' | 'registered';

/** A place between two rows. */
export interface QueueCursor {
  /** ISO instant of what the row is ordered by, `infinity` where it had no due. */
  readonly due: string;
  readonly caseId: string;
}

export interface QueueAsked {
  readonly limit: number;
  readonly order?: QueueOrder;
  /** The rows behind that place, or with `back` those before it. */
  readonly after?: QueueCursor;
  readonly back?: boolean;
}

/** The columns that have a name. */
type Named<R> = { [K in keyof R as string extends K ? never : K]: R[K] };
/** A row as a page shows it, without the case's facts: they are long, and a plan that sorts would fetch those of every row it sorts. */
export type QueueRow = Omit<Named<ServiceQueueRow>, 'facts'> & { readonly light: QueueLight | null };

export interface QueuePage {
  readonly rows: QueueRow[];
  /** Exact, over all pages. */
  readonly total: number;
  readonly next: QueueCursor | null;
  readonly previous: QueueCursor | null;
}

const LIGHT_SQL = `case when severe_at <= $1 then 'SEVERE' when red_at < $1 then 'RED' when yellow_at <= $1 then 'YELLOW' when red_at is not null then 'GREEN' end`;

const COLUMNS = Object.keys(serviceQueue.table.columns)
  .filter((name) => name !== 'facts')
  .join(', ');

const KEYS = { due: { sql: "coalesce(due_at, 'infinity')", up: true }, registered: { sql: 'registered_at', up: false } } as const;

type FoundRow = QueueRow & { sort_key: string };

/** One page of the queue. @param now decides the lights */
export async function readQueue(
  db: Queryable,
  scope: QueueScope,
  filter: QueueFilter,
  { limit, order = 'due', after, back = false }: QueueAsked,
  now: Date,
): Promise<QueuePage> {
  const params: unknown[] = [now];
  const parts = scopeParts(scope, params).map((part) => `${part} and `);
  const where = conditions(filter, params, now);
  const counted = db.query<{ total: number }>(`select (${counts(parts, where)})::int as total`, [...params]);
  const { sql: key, up } = KEYS[order];
  const ascending = up !== back;
  let paging = '';
  if (after) {
    params.push(after.due, after.caseId);
    paging = `and (${key}, case_id) ${ascending ? '>' : '<'} ($${params.length - 1}::timestamptz, $${params.length}::uuid)`;
  }
  params.push(limit + 1);
  const direction = ascending ? 'asc' : 'desc';
  const told = `to_char(${key} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as sort_key`;
  const rest = (by: string) => `order by ${by} ${direction}, case_id ${direction} limit $${params.length}`;
  const found = parts.map(
    (part) =>
      `select ${COLUMNS}, ${LIGHT_SQL} as light, ${told} from read.service_queue where ${part}${where} ${paging} ${rest(key)}`,
  );
  const together = found.map((one) => `(${one})`).join(' union all ');
  const page = db.query<FoundRow>(found.length === 1 ? found[0]! : `select * from (${together}) found ${rest(key)}`, params);
  const [{ rows: totals }, { rows }] = await Promise.all([counted, page]);
  const more = rows.length > limit;
  const shown = rows.slice(0, limit);
  if (back) shown.reverse();
  const place = (row: FoundRow | undefined): QueueCursor | null =>
    row ? { due: order === 'due' && row.due_at === null ? 'infinity' : row.sort_key, caseId: row.case_id } : null;
  return {
    rows: shown,
    total: totals[0]!.total,
    next: (back ? after !== undefined : more) ? place(shown.at(-1)) : null,
    previous: (back ? more : after !== undefined) ? place(shown[0]) : null,
  };
}

/** How many cases stand in each of these queues; exact. @param now decides the lights and what is due today */
export async function countQueues(
  db: Queryable,
  scope: QueueScope,
  queues: readonly QueueFilter[],
  now: Date,
): Promise<number[]> {
  const params: unknown[] = [now];
  const parts = scopeParts(scope, params).map((part) => `${part} and `);
  const each = queues.map((filter) => `(${counts(parts, conditions(filter, params, now))})::int`);
  const { rows } = await db.query<{ totals: number[] }>(
    `select array[${each.join(', ')}] as totals where $1::timestamptz is not null`,
    params,
  );
  return rows[0]!.totals;
}

const counts = (parts: readonly string[], where: string): string =>
  parts
    .map((part) => `(select count(*) from read.service_queue where $1::timestamptz is not null and ${part}${where})`)
    .join(' + ');

/** What a scope shows, in parts that have no row in common, so that each is read by an index of its own. */
function scopeParts(scope: QueueScope, params: unknown[]): string[] {
  if (scope.kind === 'all') return ['true'];
  if (scope.kind === 'department') {
    const n = `$${params.push(scope.departmentId)}`;
    return [
      `department_id = ${n}`,
      `co_department_ids <> '[]'::jsonb and co_department_ids ? ${n} and department_id is distinct from ${n}`,
    ];
  }
  const [own, department] = [params.push(scope.specialistId), params.push(scope.departmentId)];
  return [`specialist_id = $${own}::uuid`, `specialist_id is null and department_id = $${department}`];
}

function conditions(filter: QueueFilter, params: unknown[], now: Date): string {
  const all: string[] = [];
  const add = (sql: (n: string) => string, value: unknown) => {
    params.push(value);
    all.push(sql(`$${params.length}`));
  };
  if (filter.queue !== undefined) {
    const { where } = QUEUES[filter.queue];
    const day = officeDay(now.getTime());
    const bound = (at: number) => `$${params.push(new Date(at))}::timestamptz`;
    // A parameter nobody names has no type PostgreSQL could guess.
    const [today, tomorrow] =
      filter.queue === 'due-today' ? [bound(startOfOfficeDay(day)), bound(startOfOfficeDay(day) + DAY_MS)] : ['', ''];
    all.push(where({ now: '$1', today, tomorrow }));
  }
  if (filter.departmentId !== undefined) add((n) => `department_id = ${n}`, filter.departmentId);
  if (filter.specialistId !== undefined) add((n) => `specialist_id = ${n}::uuid`, filter.specialistId);
  if (filter.itemCode !== undefined) add((n) => `item_code = ${n}`, filter.itemCode);
  if (filter.channelId !== undefined) add((n) => `channel_id = ${n}`, filter.channelId);
  if (filter.status !== undefined) add((n) => `status = ${n}`, filter.status);
  if (filter.paused !== undefined) add((n) => `paused = ${n}`, filter.paused);
  const open = filter.open ?? (filter.status === undefined && filter.queue === undefined ? true : undefined);
  if (open !== undefined) add((n) => `open = ${n}`, open);
  if (filter.acceptedFrom) add((n) => `accepted_at >= ${n}`, filter.acceptedFrom);
  if (filter.acceptedBefore) add((n) => `accepted_at < ${n}`, filter.acceptedBefore);
  if (filter.number !== undefined) add((n) => `starts_with(number, ${n})`, filter.number);
  if (filter.light !== undefined) add((n) => `${LIGHT_SQL} = ${n}`, filter.light);
  return all.length === 0 ? 'true' : all.join(' and ');
}

/** The office's zone has no daylight saving time. */
const DAY_MS = 86_400_000;

/** Whether a talent has an open case among those a scope shows. */
export async function hasCaseInScope(db: Queryable, scope: QueueScope, talentId: string): Promise<boolean> {
  const params: unknown[] = [talentId];
  const scoped = scopeParts(scope, params)
    .map((part) => `(${part})`)
    .join(' or ');
  const { rows } = await db.query(
    `select 1 from read.service_queue where talent_id = $1::uuid and open and (${scoped}) limit 1`,
    params,
  );
  return rows.length > 0;
}
