import {
  badInput,
  calendarDay,
  cursorOf,
  flagParameter,
  isCursorInstant,
  isUuid,
  label,
  list,
  numberParameter,
  object,
  oneOf,
  pattern,
  readCursor,
  textParameter,
  uuid,
  type ValuesOf,
  wholeNumber,
} from '@huicai/http';
import { forbidden, notFound } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { OFFICE_ZONE, officeDay, startOfOfficeDay } from '../calendar/facts.js';
import { CASE_STATUSES, type CaseStatus } from '../cases/facts.js';
import type { Found, Reads } from '../edge.js';
import type { TalentCategory } from '../talents/contract.js';
import { QUEUE_NAMES, type QueueName } from './views/queues.js';
import {
  type QueueCursor,
  type QueueFilter,
  type QueueLight,
  type QueueOrder,
  type QueuePage,
  type QueueRow,
  type QueueScope,
  readQueue,
} from './views/service-queue.queries.js';
import { readSearch } from './views/vocabulary.js';

const LIGHTS = ['GREEN', 'YELLOW', 'RED', 'SEVERE'] as const satisfies readonly QueueLight[];
const CATEGORIES = ['P1', 'P2', 'P3', 'P4', 'P5', 'M'] as const satisfies readonly TalentCategory[];
export const ORDERS = ['due', 'registered', 'accepted'] as const satisfies readonly QueueOrder[];
const ID = pattern(/^[a-z][a-z0-9-]{0,31}$/, 'code-invalid');

/** `today`, or so many days before or after it. */
const RELATIVE_DAY = /^today(?:([+-])(\d{1,3}))?$/;

const day = (description: string) =>
  textParameter(
    (value, owner) => (typeof value === 'string' && RELATIVE_DAY.test(value) ? undefined : calendarDay(value, owner)),
    `${description}: YYYY-MM-DD, or \`today\`, \`today-7\`, \`today+30\``,
  );

/** What cases can be filtered by. */
export const FILTER = {
  departmentId: textParameter(ID, 'Lead department'),
  specialistId: textParameter(uuid, 'Specialist who took it', { format: 'uuid' }),
  itemCode: textParameter(pattern(/^\d{2}$/, 'code-invalid'), 'Item of the service list'),
  channelId: textParameter(ID, 'Channel it came in by'),
  light: textParameter<QueueLight>(oneOf(LIGHTS), 'Light now', { enum: LIGHTS }),
  status: textParameter<CaseStatus>(oneOf(CASE_STATUSES), 'Status', { enum: CASE_STATUSES }),
  open: flagParameter('Open cases or ended ones; open ones when neither this nor a status is given'),
  paused: flagParameter('Only paused ones, or only others'),
  category: textParameter<TalentCategory>(oneOf(CATEGORIES), 'Category of the talent, at acceptance', { enum: CATEGORIES }),
  tags: textParameter(
    pattern(/^[a-z][a-z0-9-]{0,31}(,[a-z][a-z0-9-]{0,31}){0,9}$/, 'code-invalid'),
    'Codes of tags, all of which are on it, with commas between',
  ),
  acceptedFrom: day('First day of acceptance'),
  acceptedTo: day('Last day of acceptance'),
  registeredFrom: day('First day of registration'),
  registeredTo: day('Last day of registration'),
  dueFrom: day('First day it is due'),
  dueTo: day('Last day it is due'),
  q: textParameter(
    label(100),
    'Beginning of a case number, or words that the item or a tag is called by. Free text is sealed and can not be searched',
  ),
  number: textParameter(pattern(/^[A-Z0-9-]{1,20}$/, 'code-invalid'), 'Beginning of the case number'),
};

/** A page of them. */
export const QUEUE = {
  ...FILTER,
  limit: numberParameter(wholeNumber(1, 200), 'Cases on a page, 50 unless told'),
  order: textParameter<QueueOrder>(oneOf(ORDERS), 'By the soonest due, or by the latest registration or acceptance', {
    enum: ORDERS,
  }),
  cursor: textParameter(() => undefined, '`next` or `previous` of another page'),
};

export const QUEUE_SHAPE = object({
  items: list(
    object({
      id: 'uuid',
      number: 'text',
      itemCode: 'text',
      channelId: 'text',
      urgency: 'text',
      status: 'text',
      open: 'flag',
      talentId: 'uuid',
      departmentId: 'text?',
      coDepartmentIds: list('text'),
      specialistId: 'uuid?',
      category: 'text?',
      tags: list('text'),
      cycle: 'integer',
      paused: 'flag',
      repliedAt: 'instant?',
      registeredAt: 'instant',
      acceptedAt: 'instant?',
      submittedAt: 'instant?',
      due: 'instant?',
      priority: 'text',
      fastTrack: 'flag',
      dueClock: 'text?',
      totalDue: 'instant?',
      handlingDue: 'instant?',
      light: 'text?',
    }),
  ),
  total: 'integer?',
  atLeast: 'integer?',
  next: 'text?',
  previous: 'text?',
});

/** Who works on cases, and who looks at that. */
export const READERS = ['window', 'department', 'specialist', 'supervisor', 'auditor'] as const;

/** What a caller sees. @throws Refusal when the account lacks what its role needs */
export async function scopeOf(reads: Reads): Promise<QueueScope> {
  const { caller } = reads;
  if (caller.role === 'department') return { kind: 'department', departmentId: await reads.department() };
  if (caller.role !== 'specialist') return { kind: 'all' };
  if (caller.specialistId === undefined) throw forbidden('specialist-unknown');
  return { kind: 'specialist', specialistId: caller.specialistId, departmentId: await reads.department() };
}

/** The queues a caller has, their own first. */
export function queuesOf({ caller }: Reads): QueueName[] {
  const isSpecialist = caller.role === 'specialist' && caller.specialistId !== undefined;
  const own: Readonly<Partial<Record<QueueName, boolean>>> = {
    mine: isSpecialist,
    'my-department': isSpecialist || caller.role === 'department',
  };
  return QUEUE_NAMES.filter((name) => own[name] ?? true);
}

const startOfDay = (day: string): Date => new Date(startOfOfficeDay(day));

/** The calendar day of the office that was meant. */
function dayMeant(day: string, now: number): string {
  const relative = RELATIVE_DAY.exec(day);
  if (!relative) return day;
  const [, sign, days = '0'] = relative;
  return daysAfter(officeDay(now), sign === '-' ? -Number(days) : Number(days));
}

/** From the start of the first day to the end of the last one. */
function span<N extends string>(name: N, from: string | undefined, to: string | undefined, now: number) {
  return {
    ...(from === undefined ? {} : { [`${name}From`]: startOfDay(dayMeant(from, now)) }),
    ...(to === undefined ? {} : { [`${name}Before`]: startOfDay(daysAfter(dayMeant(to, now), 1)) }),
  };
}

/** What was asked for as a filter of rows. @throws Refusal `queue-not-found` */
export async function filterOf(
  reads: Reads,
  { acceptedFrom, acceptedTo, registeredFrom, registeredTo, dueFrom, dueTo, tags, q, ...own }: ValuesOf<typeof FILTER>,
  name: string | undefined,
): Promise<QueueFilter> {
  const queue = name === undefined ? undefined : queuesOf(reads).find((one) => one === name);
  if (name !== undefined && !queue) throw notFound('queue-not-found', { field: 'name' });
  return {
    ...own,
    ...(q === undefined ? {} : await searched(reads, q)),
    ...(queue === undefined ? {} : { queue }),
    ...(tags === undefined ? {} : { tags: tags.split(',') }),
    ...span('accepted', acceptedFrom, acceptedTo, reads.now),
    ...span('registered', registeredFrom, registeredTo, reads.now),
    ...span('due', dueFrom, dueTo, reads.now),
  };
}

async function searched({ directory }: Reads, q: string) {
  const [items, tags] = await Promise.all([directory.everyItemName(), directory.tagNames()]);
  return readSearch(
    q,
    items,
    [...tags].map(([code, name]) => ({ code, name })),
  );
}

/** A page of what was asked for. @throws Refusal `queue-not-found`; BadInput `cursor-invalid` */
export async function queuePage(
  reads: Reads,
  { limit = 50, cursor, order, ...asked }: ValuesOf<typeof QUEUE>,
  name?: string,
  more: Pick<QueueFilter, 'talentIds'> = {},
): Promise<Found> {
  const filter = { ...(await filterOf(reads, asked, name)), ...more };
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const which = { limit, ...(order === undefined ? {} : { order }), ...after };
  return { body: pageOf(await readQueue(reads.db, await scopeOf(reads), filter, which, new Date(reads.now))) };
}

function pageOf(page: QueuePage) {
  const cursorAt = (place: QueueCursor | null, way: 'next' | 'previous') => (place ? cursorOf({ ...place, way }) : null);
  return {
    items: page.rows.map(rowOf),
    total: page.isMore ? null : page.total,
    atLeast: page.isMore ? page.total : null,
    next: cursorAt(page.next, 'next'),
    previous: cursorAt(page.previous, 'previous'),
  };
}

const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

function placeOf(cursor: string): { after: QueueCursor; back: boolean } {
  const { way, ...place } = readCursor(cursor, {
    way: /^(next|previous)$/,
    due: /^(infinity|\d{4}-.*Z)$/,
    caseId: /^[0-9a-f-]{36}$/,
  });
  const real = place.due === 'infinity' || isCursorInstant(place.due);
  if (!real || !isUuid(place.caseId)) throw badInput('cursor-invalid', 'cursor');
  return { after: place, back: way === 'previous' };
}

const at = (instant: Date | null): string | null => (instant === null ? null : formatInstant(instant.getTime(), OFFICE_ZONE));

export const rowOf = (row: QueueRow) => ({
  id: row.case_id,
  number: row.number,
  itemCode: row.item_code,
  channelId: row.channel_id,
  urgency: row.urgency,
  status: row.status,
  open: row.open,
  talentId: row.talent_id,
  departmentId: row.department_id,
  coDepartmentIds: row.co_department_ids,
  specialistId: row.specialist_id,
  category: row.category,
  tags: row.tags,
  cycle: row.cycle,
  paused: row.paused,
  repliedAt: at(row.replied_at),
  registeredAt: at(row.registered_at),
  acceptedAt: at(row.accepted_at),
  submittedAt: at(row.submitted_at),
  due: at(row.due_at),
  priority: row.priority,
  fastTrack: row.fast_track,
  dueClock: row.due_clock,
  totalDue: at(row.total_due),
  handlingDue: at(row.handling_due),
  light: row.light,
});
