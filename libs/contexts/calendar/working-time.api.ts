import { type Answer, Asked, type RequestState, Roles, Shows } from '@huicai/http';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask } from '../edge.js';
import { DEADLINE_SHAPE, DeadlineBody } from './deadline.bodies.js';
import { deadlineOf } from './deadline.intake.js';

@ApiTags('working-time')
@Controller('working-time')
export class WorkingTimeController {
  constructor(private readonly queries: QueryBus) {}

  @Post('deadline')
  @HttpCode(200)
  @Roles('talent', 'employer', 'window', 'department', 'specialist', 'supervisor', 'auditor', 'venue', 'admin')
  @Shows('When it is due, and what counted until then', DEADLINE_SHAPE)
  @ApiOperation({ summary: 'Calculates a deadline (时限计算) with the arithmetic of the clocks; nothing is recorded' })
  deadline(@Asked() request: RequestState, @Body() body: DeadlineBody): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, [], async ({ calendar, now }) => ({
        body: deadlineOf(body, await calendar(body.calendar), now),
        movesOn: true,
      })),
    );
  }
}
