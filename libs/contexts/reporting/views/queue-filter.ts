import type { Parameters, QueueScope } from './queue-parts.js';
import type { QueueName } from './queues.js';

export type QueueLight = 'GREEN' | 'YELLOW' | 'RED' | 'SEVERE';

/** What a word that is searched for stands for. */
export interface Word {
  readonly itemCodes: readonly string[];
  readonly tags: readonly string[];
}

export interface QueueFilter {
  /** A named queue; it says itself whether ended cases are among it. */
  readonly queue?: QueueName;
  readonly departmentId?: string;
  readonly specialistId?: string;
  readonly itemCode?: string;
  readonly channelId?: string;
  readonly light?: QueueLight;
  readonly status?: string;
  /** Only open cases when left out and neither a status nor a queue is asked for, and nothing is searched. */
  readonly open?: boolean;
  readonly paused?: boolean;
  /** Accepted from this instant on, and before that one. */
  readonly acceptedFrom?: Date;
  readonly acceptedBefore?: Date;
  readonly registeredFrom?: Date;
  readonly registeredBefore?: Date;
  /** Due from this instant on, and before that one; what has no due is not among them. */
  readonly dueFrom?: Date;
  readonly dueBefore?: Date;
  readonly category?: string;
  /** Codes of controlled words, all of which are on it. */
  readonly tags?: readonly string[];
  /** Of each of these, the item or one of the tags. */
  readonly words?: readonly Word[];
  readonly talentIds?: readonly string[];
  /** Beginning of a case number. */
  readonly number?: string;
}

/** The light of a row `r`. @param now name of a parameter */
export const lightSql = (now: string): string =>
  `case when r.severe_at <= ${now} then 'SEVERE' when r.red_at < ${now} then 'RED' when r.yellow_at <= ${now} then 'YELLOW' when r.red_at is not null then 'GREEN' end`;

/** Whether only open cases are asked for, only ended ones, or both, as of somebody who looks for certain ones. */
export function openAsked({ open, status, queue, number, words, talentIds }: QueueFilter): boolean | undefined {
  const certain = [status, queue, number, words, talentIds].some((asked) => asked !== undefined);
  return open ?? (certain ? undefined : true);
}

/** As the index has it. */
const TAGGED = "r.tags <> '[]'::jsonb";

/** What is asked of a row `r` besides its queue. @param now name of a parameter */
export function conditionsOf(filter: QueueFilter, now: string, add: Parameters): string[] {
  const open = openAsked(filter);
  const asked: (string | false)[] = [
    filter.departmentId !== undefined && `r.department_id = ${add(filter.departmentId)}`,
    filter.specialistId !== undefined && `r.specialist_id = ${add(filter.specialistId)}::uuid`,
    filter.itemCode !== undefined && `r.item_code = ${add(filter.itemCode)}`,
    filter.channelId !== undefined && `r.channel_id = ${add(filter.channelId)}`,
    filter.status !== undefined && `r.status = ${add(filter.status)}`,
    filter.paused !== undefined && `r.paused = ${add(filter.paused)}`,
    open !== undefined && `r.open = ${add(open)}`,
    filter.acceptedFrom !== undefined && `r.accepted_at >= ${add(filter.acceptedFrom)}`,
    filter.acceptedBefore !== undefined && `r.accepted_at < ${add(filter.acceptedBefore)}`,
    filter.registeredFrom !== undefined && `r.registered_at >= ${add(filter.registeredFrom)}`,
    filter.registeredBefore !== undefined && `r.registered_at < ${add(filter.registeredBefore)}`,
    filter.dueFrom !== undefined && `r.due_at >= ${add(filter.dueFrom)}`,
    filter.dueBefore !== undefined && `r.due_at < ${add(filter.dueBefore)}`,
    filter.category !== undefined && `r.category = ${add(filter.category)}`,
    ...(filter.tags ?? []).map((tag) => `${TAGGED} and r.tags ? ${add(tag)}`),
    ...(filter.words ?? []).map(
      ({ itemCodes, tags }) =>
        `(r.item_code = any (${add(itemCodes)}::text[]) or (${TAGGED} and r.tags ?| ${add(tags)}::text[]))`,
    ),
    filter.talentIds !== undefined && `r.talent_id = any (${add(filter.talentIds)}::uuid[])`,
    filter.number !== undefined && `starts_with(r.number, ${add(filter.number)})`,
    filter.light !== undefined && `${lightSql(now)} = ${add(filter.light)}`,
  ];
  return asked.filter((one) => one !== false);
}

/** What a scope shows of the rows `r`, in parts that have no row in common, so that each is read by an index of its own. */
export function scopeParts(scope: QueueScope, add: Parameters): string[] {
  if (scope.kind === 'all') return ['true'];
  if (scope.kind === 'department') {
    const n = add(scope.departmentId);
    return [
      `r.department_id = ${n}`,
      `r.co_department_ids <> '[]'::jsonb and r.co_department_ids ? ${n} and r.department_id is distinct from ${n}`,
    ];
  }
  return [
    `r.specialist_id = ${add(scope.specialistId)}::uuid`,
    `r.specialist_id is null and r.department_id = ${add(scope.departmentId)}`,
  ];
}
