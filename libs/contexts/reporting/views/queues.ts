import type { List, ListSpec } from '@huicai/projections';
import { officeDay, startOfOfficeDay } from '../../calendar/facts.js';

const DUE = "coalesce(due_at, 'infinity')";
const NEVER = "'infinity'::timestamptz";

const byDue = (where: string): List => ({ where, place: DUE });

/**
 * Lists kept beside the rows. Of the clocks that run, the soonest due is also the instant a case turns red, and none turns yellow
 * after that: the cases due in a span of time, and those yellow or red now, are ranges of `open`.
 */
const LISTS = {
  open: { where: 'open', place: DUE, since: `coalesce(yellow_at, ${NEVER})`, hourly: true },
  'to-dispatch': byDue("open and status = 'ACCEPTED'"),
  returned: byDue("open and status = 'ACCEPTED' and returned"),
  'to-sign-for': byDue("open and status = 'DISPATCHED'"),
  'to-approve': byDue('open and awaits_consent'),
  'turns-yellow': { where: 'open and yellow_at is not null', place: `coalesce(yellow_at, ${NEVER})`, hourly: true },
  'turns-severe': { where: 'open and severe_at is not null', place: `coalesce(severe_at, ${NEVER})`, hourly: true },
  'waiting-for-talent': byDue('open and paused'),
  'talent-wrote': byDue('talent_wrote_at is not null'),
  'to-call-back': byDue("open and status = 'RESULT_ACCEPTED' and not called_back"),
  dissatisfied: byDue('dissatisfied'),
  supervised: byDue('supervised'),
  'reopened-twice': byDue('cycle >= 3'),
} as const satisfies Readonly<Record<string, List>>;

export type ListName = keyof typeof LISTS;

/** Whose list it is: everybody's, or by one of the words of a case's audience. What a department leads, and what a specialist has of one, are lists of open cases alone. */
export const QUEUE_LISTS: ListSpec = {
  lists: LISTS,
  scopes: `
    select 'all'
    union all select 'department:' || d.id from (select department_id union select jsonb_array_elements_text(co_department_ids)) d (id) where d.id is not null
    union all select 'specialist:' || specialist_id where specialist_id is not null
    union all select 'untaken:' || department_id where specialist_id is null and department_id is not null
    union all select 'lead:' || department_id where l.list = 'open' and department_id is not null
    union all select 'specialist:' || specialist_id || '@' || department_id where l.list = 'open' and specialist_id is not null and department_id is not null`,
};

/** Bounds of queues that depend on the time. */
export interface Instants {
  readonly now: Date;
  /** The next instant there is: instants have milliseconds. */
  readonly next: Date;
  readonly today: Date;
  readonly tomorrow: Date;
}

/** A list, or the part of it from an instant on and before another. */
export interface QueuePart {
  readonly list: ListName;
  readonly from?: keyof Instants;
  readonly to?: keyof Instants;
  /**
   * Only those whose `since` has come. This list is ordered by it, so they are as many as stand on this one until now, less those of
   * the first list that stand before `from`.
   */
  readonly turned?: ListName;
}

interface Queue extends QueuePart {
  readonly zh: string;
  readonly en: string;
  /** Of the caller: who they are decides whether they have it and what stands on it. */
  readonly own?: true;
}

export function instantsOf(now: Date): Instants {
  const day = officeDay(now.getTime());
  const today = startOfOfficeDay(day);
  // The office's zone has no daylight saving time.
  return { now, next: new Date(now.getTime() + 1), today: new Date(today), tomorrow: new Date(today + 86_400_000) };
}

/** The named queues of the desk. */
export const QUEUES = {
  mine: { zh: '我的事项', en: 'My cases', list: 'open', own: true },
  'my-department': { zh: '本单位事项', en: 'My department', list: 'open', own: true },
  'to-dispatch': { zh: '待派单', en: 'To dispatch', list: 'to-dispatch' },
  returned: { zh: '退单待处理', en: 'Returned by a department', list: 'returned' },
  'to-sign-for': { zh: '待签收', en: 'To sign for', list: 'to-sign-for' },
  'to-approve': { zh: '待批准', en: 'To approve', list: 'to-approve' },
  'due-today': { zh: '今日到期', en: 'Due today', list: 'open', from: 'today', to: 'tomorrow' },
  yellow: { zh: '黄灯', en: 'Yellow', list: 'open', from: 'now', turned: 'turns-yellow' },
  red: { zh: '红灯', en: 'Red', list: 'open', to: 'now' },
  severe: { zh: '严重超期', en: 'Severely overdue', list: 'turns-severe', to: 'next' },
  'waiting-for-talent': { zh: '等待来访人', en: 'Waiting for the talent', list: 'waiting-for-talent' },
  'talent-wrote': { zh: '来访人留言待回复', en: 'The talent wrote', list: 'talent-wrote' },
  'to-call-back': { zh: '待回访', en: 'To call back', list: 'to-call-back' },
  dissatisfied: { zh: '不满意', en: 'Dissatisfied', list: 'dissatisfied' },
  supervised: { zh: '督办中', en: 'Under supervision', list: 'supervised' },
  'reopened-twice': { zh: '重办两次以上', en: 'Reopened twice or more', list: 'reopened-twice' },
} as const satisfies Readonly<Record<string, Queue>>;

export type QueueName = keyof typeof QUEUES;
export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];
