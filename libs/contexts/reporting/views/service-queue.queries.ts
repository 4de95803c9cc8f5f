import type { Queryable } from '@huicai/projections';
import { conditionsOf, lightSql, openAsked, type QueueFilter, type QueueLight, scopeParts } from './queue-filter.js';
import { countSql, type Parameters, placeOf, type QueuePlace, type QueueScope, scopesOf, standsSql } from './queue-parts.js';
import { type Instants, instantsOf, type QueueName } from './queues.js';
import { type ServiceQueueRow, serviceQueue } from './service-queue.view.js';

export type { QueueFilter, QueueLight } from './queue-filter.js';
export type { QueueScope } from './queue-parts.js';

/** By the soonest due, cases without a running clock last; or by when they were registered or accepted (before that, registered), the latest first. */
export type QueueOrder = 'due' | 'registered' | 'accepted';

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

/** So many cases over all pages, or more than that. */
export interface QueueCount {
  readonly total: number;
  readonly isMore: boolean;
}

export interface QueuePage extends QueueCount {
  readonly rows: QueueRow[];
  readonly next: QueueCursor | null;
  readonly previous: QueueCursor | null;
}

/** What somebody filters is counted up to here. */
export const COUNTED = 10_000;

const COLUMNS = Object.keys(serviceQueue.table.columns)
  .filter((name) => name !== 'facts')
  .map((name) => `r.${name}`)
  .join(', ');

/** What pages are ordered by: of a row, and of a place on a list. */
const KEYS = {
  due: { row: "coalesce(r.due_at, 'infinity')", place: 'l.place', up: true },
  registered: { row: 'r.registered_at', place: 'r.registered_at', up: false },
  accepted: {
    row: 'coalesce(r.accepted_at, r.registered_at)',
    place: 'coalesce(r.accepted_at, r.registered_at)',
    up: false,
  },
} as const;

const ROWS = 'read.service_queue r';
const LISTED = `read.service_queue_listed l join ${ROWS} on r.case_id = l.case_id`;

/** Cases of one page: those that stand under each of these conditions, which no case does under two. */
interface Source {
  readonly from: string;
  readonly key: string;
  readonly where: readonly string[];
}

type FoundRow = QueueRow & { readonly sort_key: string | null };

/** One page of the queue, as of one instant of the read model. @param now decides the lights */
export async function readQueue(
  db: Queryable,
  scope: QueueScope,
  filter: QueueFilter,
  { limit, order = 'due', after, back = false }: QueueAsked,
  now: Date,
): Promise<QueuePage> {
  const params: unknown[] = [];
  const add: Parameters = (value) => `$${params.push(value)}`;
  const at = instantsOf(now);
  const present = `${add(now)}::timestamptz`;
  const ascending = KEYS[order].up !== back;
  const direction = ascending ? 'asc' : 'desc';
  const conditions = conditionsOf(filter, present, add);
  const place = filter.queue === undefined ? undefined : placeOf(filter.queue, scope);
  const kept = place !== undefined && conditions.length === 0;
  const { from, key, where } = sourceOf(scope, filter, order, place, conditions, at, add);
  const counted = kept ? countSql(place, at, add) : limitedCount(from, where, add);
  const paging = after
    ? ` and (${key}, r.case_id) ${ascending ? '>' : '<'} (${add(after.due)}::timestamptz, ${add(after.caseId)}::uuid)`
    : '';
  const most = add(limit + 1);
  // Of a kept list the ids come first, by the list alone.
  const listOnly = kept && order === 'due';
  const rest = `order by k ${direction}, id ${direction} limit ${most}`;
  const found = where.map((one) =>
    listOnly
      ? `(select l.place as k, l.case_id as id from read.service_queue_listed l where ${one}${paging.replace('r.case_id', 'l.case_id')} ${rest})`
      : `(select ${key} as k, r.case_id as id from ${from} where ${one}${paging} ${rest})`,
  );
  const sql =
    `select t.total, p.* from (select ${counted} as total) t left join (` +
    `select ${COLUMNS}, ${lightSql(present)} as light, f.k, to_char(f.k at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as sort_key ` +
    `from (select * from (${found.join(' union all ')}) u ${rest}) f join ${ROWS} on r.case_id = f.id` +
    `) p on true order by p.k ${direction}, p.case_id ${direction}`;
  const { rows: answer } = await db.query<FoundRow & { total: number }>(sql, params);
  return pageOf(answer, { limit, back, isFirst: after === undefined }, kept ? Number.POSITIVE_INFINITY : COUNTED);
}

function pageOf(
  answer: readonly (FoundRow & { readonly total: number; readonly k?: unknown })[],
  { limit, back, isFirst }: { readonly limit: number; readonly back: boolean; readonly isFirst: boolean },
  counted: number,
): QueuePage {
  const { total } = answer[0]!;
  const found = answer.filter((row) => row.case_id !== null);
  const more = found.length > limit;
  const shown = found.slice(0, limit);
  if (back) shown.reverse();
  const place = (row: FoundRow | undefined): QueueCursor | null =>
    row ? { due: row.sort_key ?? 'infinity', caseId: row.case_id } : null;
  const [first, last] = [place(shown[0]), place(shown.at(-1))];
  return {
    rows: shown.map(({ total: _, k: __, sort_key: ___, ...row }) => row as QueueRow),
    total: Math.min(total, counted),
    isMore: total > counted,
    next: (back ? !isFirst : more) ? last : null,
    previous: (back ? more : !isFirst) ? first : null,
  };
}

/** Named queues, and what stands on a list of its own, are read by the lists; so are open cases of those who do not see all. Anything else is by the rows' indexes. */
function sourceOf(
  scope: QueueScope,
  filter: QueueFilter,
  order: QueueOrder,
  place: QueuePlace | undefined,
  conditions: readonly string[],
  at: Instants,
  add: Parameters,
): Source {
  const listed = place ?? listOf(scope, filter);
  const { row, place: onList } = KEYS[order];
  const and = (first: string): string => [first, ...conditions].join(' and ');
  if (listed) return { from: LISTED, key: onList, where: listed.scopes.map((one) => and(standsSql(listed.part, one, at, add))) };
  return { from: ROWS, key: row, where: scopeParts(scope, add).map(and) };
}

/** A list on which all stand that are asked for, among others. */
function listOf(scope: QueueScope, filter: QueueFilter): QueuePlace | undefined {
  const list = filter.paused && openAsked(filter) ? 'waiting-for-talent' : undefined;
  if (list && scope.kind === 'all' && filter.departmentId !== undefined)
    return { part: { list }, scopes: [`department:${filter.departmentId}`] };
  if (list) return { part: { list }, scopes: scopesOf(scope) };
  return scope.kind !== 'all' && openAsked(filter) ? { part: { list: 'open' }, scopes: scopesOf(scope) } : undefined;
}

function limitedCount(from: string, where: readonly string[], add: Parameters): string {
  const most = add(COUNTED + 1);
  const each = where.map((one) => `(select 1 from ${from} where ${one} limit ${most})`);
  return `(select count(*)::int from (select 1 from (${each.join(' union all ')}) u limit ${most}) c)`;
}

/** How many cases stand in each of these queues; exact. @param now decides the lights and what is due today */
export async function countQueues(db: Queryable, scope: QueueScope, queues: readonly QueueName[], now: Date): Promise<number[]> {
  const params: unknown[] = [];
  const add: Parameters = (value) => `$${params.push(value)}`;
  const at = instantsOf(now);
  const each = queues.map((queue) => countSql(placeOf(queue, scope), at, add));
  const { rows } = await db.query<{ totals: number[] }>(`select array[${each.join(', ')}]::int[] as totals`, params);
  return rows[0]!.totals;
}

/** Whether a talent has an open case among those a scope shows. */
export async function hasCaseInScope(db: Queryable, scope: QueueScope, talentId: string): Promise<boolean> {
  const params: unknown[] = [];
  const add: Parameters = (value) => `$${params.push(value)}`;
  const asked = `r.talent_id = ${add(talentId)}::uuid and r.open`;
  const scoped = scopeParts(scope, add)
    .map((part) => `(${part})`)
    .join(' or ');
  const { rows } = await db.query(`select 1 from ${ROWS} where ${asked} and (${scoped}) limit 1`, params);
  return rows.length > 0;
}

/** Of these talents, those who have a case, open or not, among those a scope shows. */
export async function talentsInScope(db: Queryable, scope: QueueScope, talentIds: readonly string[]): Promise<string[]> {
  if (talentIds.length === 0) return [];
  const params: unknown[] = [];
  const add: Parameters = (value) => `$${params.push(value)}`;
  const asked = `r.talent_id = any (${add(talentIds)}::uuid[])`;
  const scoped = scopeParts(scope, add)
    .map((part) => `(${part})`)
    .join(' or ');
  const { rows } = await db.query<{ id: string }>(
    `select distinct r.talent_id as id from ${ROWS} where ${asked} and (${scoped})`,
    params,
  );
  return rows.map(({ id }) => id);
}

/** Rows in the order of their registration, without a count, the first of them behind that place. @param now decides the lights */
export async function readRows(
  db: Queryable,
  scope: QueueScope,
  filter: QueueFilter,
  { limit, after }: Pick<QueueAsked, 'limit' | 'after'>,
  now: Date,
): Promise<QueueRow[]> {
  const params: unknown[] = [];
  const add: Parameters = (value) => `$${params.push(value)}`;
  const present = `${add(now)}::timestamptz`;
  const place = filter.queue === undefined ? undefined : placeOf(filter.queue, scope);
  const { from, where } = sourceOf(scope, filter, 'registered', place, conditionsOf(filter, present, add), instantsOf(now), add);
  const behind = after ? ` and (r.registered_at, r.case_id) > (${add(after.due)}::timestamptz, ${add(after.caseId)}::uuid)` : '';
  const rest = `order by registered_at, case_id limit ${add(limit)}`;
  const found = where.map(
    (one) => `(select ${COLUMNS}, ${lightSql(present)} as light from ${from} where ${one}${behind} ${rest})`,
  );
  return (await db.query<QueueRow>(`select * from (${found.join(' union all ')}) u ${rest}`, params)).rows;
}
