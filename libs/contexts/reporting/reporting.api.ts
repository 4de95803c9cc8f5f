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
  month,
  numberParameter,
  object,
  oneOf,
  pattern,
  type RequestState,
  Roles,
  readCursor,
  readParameters,
  required,
  Shows,
  textParameter,
  uuid,
  type ValuesOf,
  wholeNumber,
} from '@huicai/http';
import { forbidden } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE, startOfOfficeDay } from '../calendar/facts.js';
import type { CaseStatus } from '../cases/facts.js';
import { Ask, type Found, type Reads } from '../edge.js';
import { type QueueLight, type QueueScope, readQueue } from './views/service-queue.queries.js';
import type { ServiceQueueRow } from './views/service-queue.view.js';
import { type ReportGrouping, readSlaReport } from './views/sla-report.queries.js';

const LIGHTS = ['GREEN', 'YELLOW', 'RED', 'SEVERE'] as const satisfies readonly QueueLight[];
const GROUPINGS = ['item', 'department', 'month'] as const satisfies readonly ReportGrouping[];
const STATUSES = [
  'REGISTERED',
  'ACCEPTED',
  'DECLINED',
  'DISPATCHED',
  'SIGNED_FOR',
  'SUBMITTED',
  'RESULT_ACCEPTED',
  'CLOSED',
  'WITHDRAWN',
] as const satisfies readonly CaseStatus[];

const ID = pattern(/^[a-z][a-z0-9-]{0,31}$/, 'code-invalid');

const QUEUE = {
  departmentId: textParameter(ID, 'Lead department'),
  specialistId: textParameter(uuid, 'Specialist who took it', { format: 'uuid' }),
  itemCode: textParameter(pattern(/^\d{2}$/, 'code-invalid'), 'Item of the service list'),
  channelId: textParameter(ID, 'Channel it came in by'),
  light: textParameter<QueueLight>(oneOf(LIGHTS), 'Light now', { enum: LIGHTS }),
  status: textParameter<CaseStatus>(oneOf(STATUSES), 'Status', { enum: STATUSES }),
  open: flagParameter('Open cases or ended ones; open ones when neither this nor a status is given'),
  paused: flagParameter('Only paused ones, or only others'),
  acceptedFrom: textParameter(calendarDay, 'First day of acceptance', { format: 'date' }),
  acceptedTo: textParameter(calendarDay, 'Last day of acceptance', { format: 'date' }),
  number: textParameter(pattern(/^[A-Z0-9-]{1,20}$/, 'code-invalid'), 'Beginning of the case number'),
  limit: numberParameter(wholeNumber(1, 200), 'Cases on a page, 50 unless told'),
  cursor: textParameter(() => undefined, '`next` of the page before'),
};

const REPORT = {
  by: required(textParameter<ReportGrouping>(oneOf(GROUPINGS), 'Grouping', { enum: GROUPINGS })),
  from: required(textParameter(month, 'First month, YYYY-MM')),
  to: required(textParameter(month, 'Last month, YYYY-MM')),
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
      registeredAt: 'instant',
      acceptedAt: 'instant?',
      submittedAt: 'instant?',
      due: 'instant?',
      dueClock: 'text?',
      totalDue: 'instant?',
      handlingDue: 'instant?',
      light: 'text?',
    }),
  ),
  total: 'integer',
  next: 'text?',
});

const COUNTS = { type: 'object', additionalProperties: { type: 'integer' } };
const RATE = object({ numerator: 'integer', denominator: 'integer', value: 'number?', excluded: COUNTS });

const REPORT_SHAPE = object({
  by: 'text',
  from: 'text',
  to: 'text',
  rows: list(
    object({
      group: 'text',
      opened: 'integer',
      closed: 'integer',
      onTime: 'integer',
      overdue: 'integer',
      responseRate: RATE,
      resolutionRate: RATE,
      satisfactionRate: RATE,
    }),
  ),
});

@ApiTags('reporting')
@Controller()
export class ReportingController {
  constructor(private readonly queries: QueryBus) {}

  @Get('queue')
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor')
  @ApiParameters(QUEUE)
  @Shows('A page of the queue; `total` is exact', QUEUE_SHAPE)
  @ApiOperation({ summary: 'The service queue, soonest due first, with lights (红黄灯)' })
  queue(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const asked = readParameters(QUEUE, query);
    return this.queries.execute(new Ask(request, ['service_queue'], (reads) => queuePage(reads, asked)));
  }

  @Get('reports/sla')
  @Roles('window', 'department', 'supervisor', 'auditor')
  @ApiParameters(REPORT)
  @Shows('One row per group', REPORT_SHAPE)
  @ApiOperation({ summary: 'Time limits kept, and the three rates (三率), over whole months of office time' })
  sla(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { by, from, to } = readParameters(REPORT, query) as { by: ReportGrouping; from: string; to: string };
    if (from > to) throw badInput('period-reversed', 'from');
    return this.queries.execute(
      new Ask(request, ['sla_cycles'], async (reads) => {
        const scope = reads.caller.role === 'department' ? { departmentId: await reads.department() } : {};
        // Of a period that still runs, the stock is what is overdue now; what may yet become overdue is not.
        const end = new Date(Math.min(monthEnd(to).getTime(), reads.now));
        const rows = await readSlaReport(reads.db, by, { from, to, end }, scope);
        return { body: { by, from, to, rows } };
      }),
    );
  }
}

/** The instant a month of the office ends. */
function monthEnd(last: string): Date {
  const [year, number] = last.split('-').map(Number) as [number, number];
  const next = number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
  return startOfDay(`${next}-01`);
}

const startOfDay = (day: string): Date => new Date(startOfOfficeDay(day));

async function scopeOf(reads: Reads): Promise<QueueScope> {
  const { caller } = reads;
  if (caller.role === 'department') return { kind: 'department', departmentId: await reads.department() };
  if (caller.role !== 'specialist') return { kind: 'all' };
  if (caller.specialistId === undefined) throw forbidden('specialist-unknown');
  return { kind: 'specialist', specialistId: caller.specialistId, departmentId: await reads.department() };
}

async function queuePage(reads: Reads, asked: ValuesOf<typeof QUEUE>): Promise<Found> {
  const { limit = 50, cursor, acceptedFrom, acceptedTo, ...filter } = asked;
  const after = cursor === undefined ? undefined : placeOf(cursor);
  const page = await readQueue(
    reads.db,
    await scopeOf(reads),
    {
      ...filter,
      ...(acceptedFrom === undefined ? {} : { acceptedFrom: startOfDay(acceptedFrom) }),
      ...(acceptedTo === undefined ? {} : { acceptedBefore: startOfDay(dayAfter(acceptedTo)) }),
    },
    { limit, ...(after ? { after } : {}) },
    new Date(reads.now),
  );
  return {
    body: { items: page.rows.map(rowOf), total: page.total, next: page.next ? cursorOf({ ...page.next }) : null },
  };
}

const dayAfter = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

function placeOf(cursor: string): { due: string; caseId: string } {
  const place = readCursor(cursor, {
    due: /^(infinity|\d{4}-.*Z)$/,
    caseId: /^[0-9a-f-]{36}$/,
  });
  const real = place.due === 'infinity' || isCursorInstant(place.due);
  if (!real || !isUuid(place.caseId)) throw badInput('cursor-invalid', 'cursor');
  return place;
}

const at = (instant: Date | null): string | null => (instant === null ? null : formatInstant(instant.getTime(), OFFICE_ZONE));

const rowOf = (row: ServiceQueueRow & { light: QueueLight | null }) => ({
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
  registeredAt: at(row.registered_at),
  acceptedAt: at(row.accepted_at),
  submittedAt: at(row.submitted_at),
  due: at(row.due_at),
  dueClock: row.due_clock,
  totalDue: at(row.total_due),
  handlingDue: at(row.handling_due),
  light: row.light,
});
