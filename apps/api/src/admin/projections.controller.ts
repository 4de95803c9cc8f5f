import { systemStatus } from '@huicai/composition';
import { type Answer, answer, list, nullable, object, Roles, Shows } from '@huicai/http';
import { seedInProgress } from '@huicai/seed';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Parts } from '../parts.js';

const PROJECTION = object({
  name: 'text',
  version: 'integer',
  schema: 'text?',
  candidate: 'text?',
  previous: 'text?',
  position: 'bigint?',
  asOf: 'instant?',
  lagSeconds: 'number?',
  level: 'flag',
  eventsPerSecond: 'number?',
  failed: 'text?',
  parked: 'integer',
  deadLetters: 'integer',
});

const REACTION = object({
  name: 'text',
  position: 'bigint?',
  stopped: 'text?',
  updatedAt: 'instant',
  retrying: 'integer',
  waiting: 'integer',
  parked: 'integer',
  skipped: 'integer',
  oldestAt: 'instant?',
});

const FAILING_TIMER = object({
  caseId: 'uuid',
  clockId: 'text',
  due: 'instant',
  attempts: 'integer',
  reason: 'text',
  firstAt: 'instant',
  lastAt: 'instant',
  retryAt: 'instant',
});

const STATUS_SHAPE = object({
  leader: nullable(object({ name: 'text', since: 'instant', heartbeat: 'instant', leads: 'flag' })),
  projections: list(PROJECTION),
  reactions: list(REACTION),
  timers: object({
    open: 'integer',
    due: 'integer',
    oldestDue: 'instant?',
    lagSeconds: 'number',
    failing: 'integer',
    failures: list(FAILING_TIMER),
  }),
  timersHeld: 'flag',
});

@ApiTags('admin')
@Controller('admin')
export class AdminProjectionsController {
  constructor(private readonly parts: Parts) {}

  @Get('projections')
  @Roles('admin')
  @Shows('How they stand; positions can be compared, never subtracted', STATUS_SHAPE)
  @ApiOperation({ summary: 'How views, reactions and timers stand, and who leads' })
  async projections(): Promise<Answer> {
    const { system } = this.parts;
    const timersHeld = await seedInProgress(system.store);
    const status = await systemStatus(system.pool, new Date(system.clock.now()));
    return answer(JSON.parse(JSON.stringify({ ...status, timersHeld })), { headers: { 'cache-control': 'no-store' } });
  }
}
