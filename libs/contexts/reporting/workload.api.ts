import {
  type Answer,
  ApiParameters,
  Asked,
  list,
  nullable,
  object,
  pattern,
  type RequestState,
  Roles,
  readParameters,
  Shows,
  textParameter,
} from '@huicai/http';
import { forbidden, streamName } from '@huicai/kernel';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { officeDay, startOfOfficeDay } from '../calendar/facts.js';
import { Ask, type Found, type Reads } from '../edge.js';
import { leaveOn, standInFor } from '../specialists/facts.js';
import { masking } from '../visibility.js';
import {
  readLeaves,
  readWorkload,
  type WorkCounts,
  type WorkloadRow,
  type WorkloadScope,
} from './views/workload-board.queries.js';

const FILTER = {
  departmentId: textParameter(pattern(/^[a-z][a-z0-9-]{0,31}$/, 'code-invalid'), 'Only of this department'),
};

const COUNTS = { open: 'integer', dueToday: 'integer', yellow: 'integer', red: 'integer', paused: 'integer' } as const;

const SHAPE = object({
  on: 'day',
  items: list(
    object({
      specialistId: 'uuid',
      name: 'text',
      kind: 'text',
      departmentId: 'text',
      ...COUNTS,
      capacity: 'integer?',
      capacityUsed: 'number?',
      absent: nullable(object({ from: 'day', to: 'day', deputyId: 'uuid', standIn: 'uuid?' })),
    }),
  ),
  totals: object(COUNTS),
  unassigned: object(COUNTS),
});

@ApiTags('reporting')
@Controller()
export class WorkloadController {
  constructor(private readonly queries: QueryBus) {}

  @Get('workload')
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor')
  @ApiParameters(FILTER)
  @Shows('What each specialist the caller may see has in hand, and what nobody has', SHAPE)
  @ApiOperation({
    summary: 'The workload board (工作量看板): open, due today, lights, capacity, who is absent and who stands in',
  })
  read(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { departmentId = null } = readParameters(FILTER, query);
    return this.queries.execute(new Ask(request, ['specialists', 'service_queue'], (reads) => boardPage(reads, departmentId)));
  }
}

async function scopeOf(reads: Reads): Promise<WorkloadScope> {
  const { caller } = reads;
  if (caller.role === 'department') return { kind: 'department', departmentId: await reads.department() };
  if (caller.role !== 'specialist') return { kind: 'all' };
  if (caller.specialistId === undefined) throw forbidden('specialist-unknown');
  return { kind: 'specialist', specialistId: caller.specialistId, departmentId: await reads.department() };
}

async function boardPage(reads: Reads, departmentId: string | null): Promise<Found> {
  const on = officeDay(reads.now);
  const from = startOfOfficeDay(on);
  // No day of the office has another length.
  const today = { now: new Date(reads.now), from: new Date(from), to: new Date(from + 86_400_000) };
  const { rows, unassigned } = await readWorkload(reads.db, await scopeOf(reads), departmentId, today);
  const leaves = await readLeaves(reads.db);
  const find = (id: string) => ({ leaves: leaves.get(id) ?? [] });
  const items = await Promise.all(rows.map((row) => itemOf(reads, row, on, find)));
  return { movesOn: true, body: { on, items, totals: sumOf(rows), unassigned } };
}

type Find = Parameters<typeof standInFor>[2];

async function itemOf(reads: Reads, row: WorkloadRow, on: string, find: Find) {
  const { specialist_id: specialistId, facts } = row;
  const { name } = await reads.open<{ name: string }>(
    { name: row.name },
    {
      expected: `${streamName('specialist', specialistId)}/`,
      resource: `specialists/${specialistId}`,
      present: masking(reads.caller.role === 'auditor' ? ['name'] : []),
    },
  );
  const leave = leaveOn(facts, on);
  const { capacity } = facts;
  return {
    specialistId,
    name,
    kind: row.kind,
    departmentId: row.department_id,
    ...countsOf(row),
    capacity,
    capacityUsed: capacity === null || capacity === 0 ? null : row.open / capacity,
    absent: leave
      ? { from: leave.from, to: leave.to, deputyId: leave.deputyId, standIn: standInFor(specialistId, on, find) }
      : null,
  };
}

const countsOf = ({ open, dueToday, yellow, red, paused }: WorkCounts): WorkCounts => ({ open, dueToday, yellow, red, paused });

const sumOf = (rows: readonly WorkCounts[]): WorkCounts =>
  rows.reduce<WorkCounts>(
    (sum, row) => ({
      open: sum.open + row.open,
      dueToday: sum.dueToday + row.dueToday,
      yellow: sum.yellow + row.yellow,
      red: sum.red + row.red,
      paused: sum.paused + row.paused,
    }),
    { open: 0, dueToday: 0, yellow: 0, red: 0, paused: 0 },
  );
