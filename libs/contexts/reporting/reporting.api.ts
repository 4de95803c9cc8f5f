import {
  type Answer,
  ApiParameters,
  Asked,
  badInput,
  list,
  month,
  object,
  oneOf,
  type RequestState,
  Roles,
  readParameters,
  required,
  Shows,
  textParameter,
} from '@huicai/http';
import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { officeDay, policyInForce, startOfOfficeDay } from '../calendar/facts.js';
import { Ask } from '../edge.js';
import { type ReportGrouping, readSlaReport, type SlaReportRow } from './views/sla-report.queries.js';

const GROUPINGS = ['item', 'department', 'month'] as const satisfies readonly ReportGrouping[];
const REPORT = {
  by: required(textParameter<ReportGrouping>(oneOf(GROUPINGS), 'Grouping', { enum: GROUPINGS })),
  from: required(textParameter(month, 'First month, YYYY-MM')),
  to: required(textParameter(month, 'Last month, YYYY-MM')),
};

const COUNTS = { type: 'object', additionalProperties: { type: 'integer' } };
const RATE = object({ numerator: 'integer', denominator: 'integer', value: 'number?', excluded: COUNTS });

const REPORT_SHAPE = object({
  by: 'text',
  from: 'text',
  to: 'text',
  attentionLine: 'number?',
  rows: list(
    object({
      group: 'text',
      opened: 'integer',
      closed: 'integer',
      onTime: 'integer',
      overdue: 'integer',
      overdueExcused: 'integer',
      onTimeRate: RATE,
      onTimeRateExcused: RATE,
      responseRate: RATE,
      resolutionRate: RATE,
      satisfactionRate: RATE,
      opinionRate: RATE,
      opinionRateExcused: RATE,
      rectificationRate: RATE,
      rectificationRateExcused: RATE,
      reviewRate: RATE,
      completionRate: RATE,
      callbackRate: RATE,
      reopenRate: RATE,
      extensionRate: RATE,
      signRate: RATE,
      returnRate: RATE,
      attention: list('text'),
    }),
  ),
});

@ApiTags('reporting')
@Controller()
export class ReportingController {
  constructor(private readonly queries: QueryBus) {}

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
        const { policy } = await reads.timeOf([]);
        const attentionLine = policyInForce(policy, officeDay(reads.now))?.attentionLine ?? null;
        return {
          body: { by, from, to, attentionLine, rows: rows.map((row) => ({ ...row, attention: underLine(row, attentionLine) })) },
        };
      }),
    );
  }
}

/** The three rates (三率) that are named for attention because they lie under the line of the policy in force (domain.md section 2.5). */
function underLine(row: SlaReportRow, line: number | null): string[] {
  const rates = ['responseRate', 'resolutionRate', 'satisfactionRate'] as const;
  return rates.filter((name) => line !== null && row[name].value !== null && row[name].value < line);
}

/** The instant a month of the office ends. */
function monthEnd(last: string): Date {
  const [year, number] = last.split('-').map(Number) as [number, number];
  const next = number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
  return startOfDay(`${next}-01`);
}

const startOfDay = (day: string): Date => new Date(startOfOfficeDay(day));
