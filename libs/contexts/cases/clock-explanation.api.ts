import {
  type Answer,
  ApiParameters,
  Asked,
  Id,
  list,
  nullable,
  object,
  type RequestState,
  Roles,
  readParameters,
  Shows,
} from '@huicai/http';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Ask } from '../edge.js';
import { LEDGER_SHAPE } from '../ledger.js';
import { AS_OF } from './case-as-of.pages.js';
import { explainCaseClock } from './clock-explanation.pages.js';

const EVENT = object({
  id: 'uuid',
  type: 'text',
  occurredAt: 'instant',
  recordedAt: 'instant',
  role: 'text',
  reasonCode: 'text?',
});

const LIMIT = { type: 'object', required: ['kind'], properties: { kind: { type: 'string' } } };
const CHANGES = list(
  object({ changeId: 'uuid', mode: 'text', to: 'integer', fromDay: 'day?', reason: 'text', appliedAt: 'instant' }),
);

const EXPLANATION = object({
  caseId: 'uuid',
  clockId: 'text',
  kind: 'text',
  asOf: 'instant',
  status: 'text',
  limit: LIMIT,
  startedAt: 'instant',
  stoppedAt: 'instant?',
  promisedDue: 'instant?',
  due: 'instant?',
  dueIfResumedNow: 'instant?',
  provisional: 'flag',
  light: 'text?',
  overdue: 'flag',
  onTime: 'flag?',
  breachedAt: 'instant?',
  usedMinutes: 'number',
  usedWorkingDays: 'integer',
  pauses: list(object({ from: 'instant', to: 'instant?', cause: 'uuid?', endedBy: 'uuid?' })),
  extensions: list(object({ workingDays: 'integer', grantedAt: 'instant', cause: 'uuid?' })),
  calendar: object({ id: 'text', version: 'integer', promisedUnder: 'integer', knownSince: 'instant' }),
  changes: CHANGES,
  policy: object({
    id: 'text',
    version: 'integer',
    promisedUnder: 'integer',
    promisedLimit: LIMIT,
    effectiveFrom: 'day',
    changes: CHANGES,
  }),
  startedBy: 'uuid?',
  stoppedBy: 'uuid?',
  ledger: LEDGER_SHAPE,
  ahead: LEDGER_SHAPE,
  underLatestKnown: nullable(object({ calendarVersion: 'integer', due: 'instant?', provisional: 'flag' })),
  events: list(EVENT),
});

const CLOCK = ApiParam({ name: 'clock', description: 'Clock id, its slashes written %2F, or a kind for its latest clock' });
const shown = Shows('The clock, stretch by stretch: `ledger` until then, `ahead` from then to the due', EXPLANATION);

@ApiTags('cases')
@Controller('cases/:caseId/clocks')
export class ClockExplanationController {
  constructor(private readonly queries: QueryBus) {}

  @Get(':clock/explain')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @CLOCK
  @ApiParameters(AS_OF)
  @shown
  @ApiOperation({ summary: 'Explains a clock (时限说明): what counted, what did not, why, and which event caused it' })
  explain(
    @Asked() request: RequestState,
    @Id('caseId') id: string,
    @Param('clock') clock: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer> {
    const { asOf, sense } = readParameters(AS_OF, query);
    return this.queries.execute(new Ask(request, [], (reads) => explainCaseClock(reads, id, clock, asOf, sense)));
  }

  @Get(':clock/:cycle/:n/explain')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @ApiParameters(AS_OF)
  @shown
  @ApiOperation({ summary: 'The same, by the clock id as it is written' })
  explainById(
    @Asked() request: RequestState,
    @Id('caseId') id: string,
    @Param('clock') kind: string,
    @Param('cycle') cycle: string,
    @Param('n') n: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer> {
    return this.explain(request, id, `${kind}/${cycle}/${n}`, query);
  }
}
