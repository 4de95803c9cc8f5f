import {
  type Answer,
  ApiParameters,
  Asked,
  badInput,
  calendarDay,
  cursorOf,
  flagParameter,
  isCursorInstant,
  isUuid,
  list,
  numberParameter,
  object,
  oneOf,
  pattern,
  type RequestState,
  Roles,
  readCursor,
  readParameters,
  Shows,
  textParameter,
  uuid,
  type ValuesOf,
  wholeNumber,
} from '@huicai/http';
import { forbidden, notFound } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE, startOfOfficeDay } from '../calendar/facts.js';
import { CASE_STATUSES, type CaseStatus } from '../cases/facts.js';
import { Ask, type Found, type Reads } from '../edge.js';
import { QUEUE_NAMES, QUEUES, type QueueName } from './views/queues.js';
import {
  countQueues,
  type QueueCursor,
  type QueueLight,
  type QueueOrder,
  type QueueRow,
  type QueueScope,
  readQueue,
} from './views/service-queue.queries.js';

const LIGHTS = ['GREEN', 'YELLOW', 'RED', 'SEVERE'] as const satisfies readonly QueueLight[];
const ORDERS = ['due', 'registered'] as const satisfies readonly QueueOrder[];
const ID = pattern(/^[a-z][a-z0-9-]{0,31}$/, 'code-invalid');

const QUEUE = {
  departmentId: textParameter(ID, 'Lead department'),
  specialistId: textParameter(uuid, 'Specialist who took it', { format: 'uuid' }),
  itemCode: textParameter(pattern(/^\d{2}$/, 'code-invalid'), 'Item of the service list'),
  channelId: textParameter(ID, 'Channel it came in by'),
  light: textParameter<QueueLight>(oneOf(LIGHTS), 'Light now', { enum: LIGHTS }),
  status: textParameter<CaseStatus>(oneOf(CASE_STATUSES), 'Status', { enum: CASE_STATUSES }),
  open: flagParameter('Open cases or ended ones; open ones when neither this nor a status is given'),
  paused: flagParameter('Only paused ones, or only others'),
  acceptedFrom: textParameter(calendarDay, 'First day of acceptance', { format: 'date' }),
  acceptedTo: textParameter(calendarDay, 'Last day of acceptance', { format: 'date' }),
  number: textParameter(pattern(/^[A-Z0-9-]{1,20}$/, 'code-invalid'), 'Beginning of the case number'),
  limit: numberParameter(wholeNumber(1, 200), 'Cases on a page, 50 unless told'),
  order: textParameter<QueueOrder>(oneOf(ORDERS), 'By the soonest due, or by the latest registration', { enum: ORDERS }),
  cursor: textParameter(() => undefined, '`next` or `previous` of another page'),
};

const QUEUE_SHAPE = object({
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

const QUEUES_SHAPE = object({ items: list(object({ name: 'text', title: 'text', total: 'integer' })) });

/** Who works on cases, and who looks at that. */
const READERS = ['window', 'department', 'specialist', 'supervisor', 'auditor'] as const;

@ApiTags('reporting')
@Controller()
export class QueuesController {
  constructor(private readonly queries: QueryBus) {}

  @Get('queue')
  @Roles(...READERS)
  @ApiParameters(QUEUE)
  @Shows('A page of the queue; `total` is exact, and null where more than `atLeast` were found by a filter', QUEUE_SHAPE)
  @ApiOperation({ summary: 'The service queue, soonest due first, with lights (红黄灯)' })
  queue(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const asked = readParameters(QUEUE, query);
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => queuePage(reads, asked)));
  }

  @Get('queues')
  @Roles(...READERS)
  @Shows('The queues and how many cases stand in each', QUEUES_SHAPE)
  @ApiOperation({ summary: 'The named queues of the desk, with exact counts of what the caller sees' })
  queues(@Asked() request: RequestState): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => queuesPage(reads)));
  }

  @Get('queues/:name')
  @Roles(...READERS)
  @ApiParameters(QUEUE)
  @Shows('A page of the queue; `total` is exact, and null where more than `atLeast` were found by a filter', QUEUE_SHAPE)
  @ApiOperation({ summary: 'One named queue' })
  namedQueue(
    @Asked() request: RequestState,
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer> {
    const asked = readParameters(QUEUE, query);
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => queuePage(reads, asked, name)));
  }
}

const startOfDay = (day: string): Date => new Date(startOfOfficeDay(day));

async function scopeOf(reads: Reads): Promise<QueueScope> {
  const { caller } = reads;
  if (caller.role === 'department') return { kind: 'department', departmentId: await reads.department() };
  if (caller.role !== 'specialist') return { kind: 'all' };
  if (caller.specialistId === undefined) throw forbidden('specialist-unknown');
  return { kind: 'specialist', specialistId: caller.specialistId, departmentId: await reads.department() };
}

/** The queues a caller has, their own first. */
function queuesOf({ caller }: Reads): QueueName[] {
  const isSpecialist = caller.role === 'specialist' && caller.specialistId !== undefined;
  const own: Readonly<Partial<Record<QueueName, boolean>>> = {
    mine: isSpecialist,
    'my-department': isSpecialist || caller.role === 'department',
  };
  return QUEUE_NAMES.filter((name) => own[name] ?? true);
}

async function queuesPage(reads: Reads): Promise<Found> {
  const queues = queuesOf(reads);
  const totals = await countQueues(reads.db, await scopeOf(reads), queues, new Date(reads.now));
  const items = queues.map((name, i) => ({ name, title: QUEUES[name][reads.language], total: totals[i] }));
  return { movesOn: true, body: { items } };
}

/** @throws Refusal `queue-not-found`; BadInput `cursor-invalid` */
async function queuePage(reads: Reads, asked: ValuesOf<typeof QUEUE>, name?: string): Promise<Found> {
  const { limit = 50, cursor, order, acceptedFrom, acceptedTo, ...own } = asked;
  const queue = name === undefined ? undefined : queuesOf(reads).find((one) => one === name);
  if (name !== undefined && !queue) throw notFound('queue-not-found', { field: 'name' });
  const filter = { ...own, ...(queue === undefined ? {} : { queue }) };
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const page = await readQueue(
    reads.db,
    await scopeOf(reads),
    {
      ...filter,
      ...(acceptedFrom === undefined ? {} : { acceptedFrom: startOfDay(acceptedFrom) }),
      ...(acceptedTo === undefined ? {} : { acceptedBefore: startOfDay(dayAfter(acceptedTo)) }),
    },
    { limit, ...(order === undefined ? {} : { order }), ...after },
    new Date(reads.now),
  );
  const cursorAt = (place: QueueCursor | null, way: 'next' | 'previous') => (place ? cursorOf({ ...place, way }) : null);
  return {
    body: {
      items: page.rows.map(rowOf),
      total: page.isMore ? null : page.total,
      atLeast: page.isMore ? page.total : null,
      next: cursorAt(page.next, 'next'),
      previous: cursorAt(page.previous, 'previous'),
    },
  };
}

const dayAfter = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

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

const rowOf = (row: QueueRow) => ({
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
