import { hourOf } from '@huicai/projections';
import { type Instants, type ListName, QUEUES, type QueueName, type QueuePart } from './queues.js';

/** Rows a caller may see at all; part of every query, never applied afterwards. */
export type QueueScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'department'; readonly departmentId: string }
  | { readonly kind: 'specialist'; readonly specialistId: string; readonly departmentId: string };

/** Values of a statement; gives the name each is to be asked by. */
export type Parameters = (value: unknown) => string;

/** What a queue is read from, under the eyes of one caller. */
export interface QueuePlace {
  readonly part: QueuePart;
  /** Scopes that have no row in common. */
  readonly scopes: readonly string[];
}

/** The scopes in which a caller sees what they see, without a row in common. */
export function scopesOf(scope: QueueScope): string[] {
  if (scope.kind === 'all') return ['all'];
  if (scope.kind === 'department') return [`department:${scope.departmentId}`];
  return [`specialist:${scope.specialistId}`, `untaken:${scope.departmentId}`];
}

/** Where a queue stands for a caller; the queue of one's own is empty for somebody who can have none. */
export function placeOf(queue: QueueName, scope: QueueScope): QueuePlace {
  const part: QueuePart & { readonly own?: true } = QUEUES[queue];
  if (!part.own) return { part, scopes: scopesOf(scope) };
  if (scope.kind === 'all' || (scope.kind === 'department' && queue === 'mine')) return { part, scopes: ['nobody'] };
  if (scope.kind === 'department') return { part, scopes: [`lead:${scope.departmentId}`] };
  const { specialistId, departmentId } = scope;
  if (queue === 'mine') return { part, scopes: [`specialist:${specialistId}`] };
  return { part, scopes: [`specialist:${specialistId}@${departmentId}`, `untaken:${departmentId}`] };
}

/** The condition on the places of a list `l`, of one scope. */
export function standsSql({ list, from, to, turned }: QueuePart, scope: string, at: Instants, add: Parameters): string {
  const bound = (instant: Date): string => `${add(instant)}::timestamptz`;
  return [
    `l.list = '${list}' and l.scope = ${add(scope)}`,
    ...(from ? [`l.place >= ${bound(at[from])}`] : []),
    ...(to ? [`l.place < ${bound(at[to])}`] : []),
    ...(turned ? [`l.since < ${bound(at.next)}`] : []),
  ].join(' and ');
}

/** How many stand in a queue, exact to the instant: kept counts, and for a part of a list the places inside the hours at its ends. */
export function countSql({ part, scopes }: QueuePlace, at: Instants, add: Parameters): string {
  const { list, from, to, turned } = part;
  const seen = `${add(scopes)}::text[]`;
  const between = (of: ListName, after: Date | undefined, before: Date | undefined): string => {
    const hours = [
      ...(after ? [`c.hour >= ${add(hourOf(after))}::int4`] : []),
      ...(before ? [`c.hour < ${add(hourOf(before))}::int4`] : []),
    ];
    const whole = `coalesce((select sum(c.n) from read.service_queue_counts c where ${[`c.list = '${of}' and c.scope = any (${seen})`, ...hours].join(' and ')}), 0)`;
    return whole + (before ? ` + ${edge(of, before)}` : '') + (after ? ` - ${edge(of, after)}` : '');
  };
  const edge = (of: ListName, end: Date): string => {
    const begin = new Date(hourOf(end) * 3_600_000);
    if (begin.getTime() === end.getTime()) return '0';
    const span = `l.place >= ${add(begin)}::timestamptz and l.place < ${add(end)}::timestamptz`;
    return `(select count(*) from read.service_queue_listed l where l.list = '${of}' and l.scope = any (${seen}) and ${span})`;
  };
  if (turned) return `(${between(turned, undefined, at.next)} - (${between(list, undefined, at[from!])}))::int`;
  return `(${between(list, from && at[from], to && at[to])})::int`;
}
