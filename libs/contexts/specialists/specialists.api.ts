import {
  type Answer,
  ApiParameters,
  Asked,
  Id,
  NoBody,
  object,
  pattern,
  type RequestState,
  Roles,
  readParameters,
  Shows,
  textParameter,
} from '@huicai/http';
import { createdIdOf } from '@huicai/kernel';
import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Outcome, RunCommand } from '../edge.js';
import type { SpecialistCommand } from './contract.js';
import {
  AssignSpecialistBody,
  CapacityBody,
  DEPARTMENT,
  EnrolSpecialistBody,
  HandOverBody,
  PlanLeaveBody,
  SkillsBody,
  SPECIALIST_SHAPE,
  SPECIALISTS_SHAPE,
  WorkingHoursBody,
} from './specialist.bodies.js';
import { assignSpecialist, enrolSpecialist, handOverTalent, stepSpecialist } from './specialist.intake.js';
import { primaryOf, specialistPage, specialistsPage } from './specialist.pages.js';

const FILTER = { departmentId: textParameter(pattern(DEPARTMENT, 'code-invalid'), 'Only of this department') };

const WHERE: Outcome['location'] = (id) => `/api/v1/specialists/${id}`;

@ApiTags('specialists')
@Controller()
export class SpecialistsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('specialists')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Enrols a specialist' })
  enrol(@Asked() request: RequestState, @Body() body: EnrolSpecialistBody): Promise<Answer> {
    const outcome: Outcome = { id: ({ stream }) => stream.slice('specialist-'.length), location: WHERE };
    return this.commands.execute(
      new RunCommand(request, outcome, ({ gateway, caller, meta }) => enrolSpecialist(gateway, caller, meta, body)),
    );
  }

  @Get('specialists')
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor')
  @ApiParameters(FILTER)
  @Shows('Specialists; who is absent today, and who stands in', SPECIALISTS_SHAPE)
  @ApiOperation({ summary: 'Specialists, by department' })
  list(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { departmentId = null } = readParameters(FILTER, query);
    return this.queries.execute(new Ask(request, ['specialists'], (reads) => specialistsPage(reads, departmentId)));
  }

  @Get('specialists/:specialistId')
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor', 'admin')
  @Shows('The specialist; ETag is the revision', SPECIALIST_SHAPE)
  @ApiOperation({ summary: 'One specialist: skills, capacity, hours and leaves' })
  read(@Asked() request: RequestState, @Id('specialistId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['specialists'], (reads) => specialistPage(reads, id)));
  }

  @Put('specialists/:specialistId/skills')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Says which items and areas a specialist serves' })
  skills(@Asked() request: RequestState, @Id('specialistId') id: string, @Body() body: SkillsBody): Promise<Answer> {
    return this.send(request, id, () => ({ type: 'SetSkills', data: body }));
  }

  @Put('specialists/:specialistId/capacity')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Says how many open matters a specialist takes at most' })
  capacity(@Asked() request: RequestState, @Id('specialistId') id: string, @Body() body: CapacityBody): Promise<Answer> {
    return this.send(request, id, () => ({ type: 'SetCapacity', data: { openMatters: body.openMatters ?? null } }));
  }

  @Put('specialists/:specialistId/hours')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Sets the working hours of a specialist' })
  hours(@Asked() request: RequestState, @Id('specialistId') id: string, @Body() body: WorkingHoursBody): Promise<Answer> {
    return this.send(request, id, () => ({ type: 'SetWorkingHours', data: { weekly: body.weekly ?? null } }));
  }

  @Post('specialists/:specialistId/leaves')
  @HttpCode(200)
  @Roles('admin', 'supervisor', 'specialist')
  @ApiOperation({ summary: 'Plans a leave with a deputy (请假, 代理)' })
  planLeave(@Asked() request: RequestState, @Id('specialistId') id: string, @Body() body: PlanLeaveBody): Promise<Answer> {
    const leaveIn = (events: readonly { readonly data: object }[]) => ({
      leaveId: (events[0]!.data as { leaveId: string }).leaveId,
    });
    return this.send(
      request,
      id,
      (commandId) => ({ type: 'PlanLeave', data: { ...body, leaveId: createdIdOf(commandId, 'leave') } }),
      leaveIn,
    );
  }

  @Post('specialists/:specialistId/leaves/:leaveId/cancel')
  @HttpCode(200)
  @Roles('admin', 'supervisor', 'specialist')
  @ApiOperation({ summary: 'Cancels a leave (销假); days that are over stay leave' })
  cancelLeave(
    @Asked() request: RequestState,
    @Id('specialistId') id: string,
    @Id('leaveId') leaveId: string,
    @Body() _: NoBody,
  ): Promise<Answer> {
    return this.send(request, id, () => ({ type: 'CancelLeave', data: { leaveId } }));
  }

  @Get('talents/:talentId/specialist')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @Shows('The specialist', object({ talentId: 'uuid', specialistId: 'uuid', since: 'instant', revision: 'bigint' }))
  @ApiOperation({ summary: 'The primary specialist of a talent' })
  primary(@Asked() request: RequestState, @Id('talentId') talentId: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['specialist_assignments', 'talents', 'service_queue'], (reads) => primaryOf(reads, talentId)),
    );
  }

  @Put('talents/:talentId/specialist')
  @Roles('window', 'supervisor')
  @ApiOperation({ summary: 'Gives a talent their primary specialist (分配)' })
  assign(@Asked() request: RequestState, @Id('talentId') talentId: string, @Body() body: AssignSpecialistBody): Promise<Answer> {
    const input = { talentId, specialistId: body.specialistId };
    return this.commands.execute(
      new RunCommand(request, { id: () => talentId }, ({ gateway, caller, meta }) =>
        assignSpecialist(gateway, caller, meta, input),
      ),
    );
  }

  @Post('talents/:talentId/specialist/hand-over')
  @HttpCode(200)
  @Roles('window', 'supervisor')
  @ApiOperation({ summary: 'Hands a talent over to another specialist (移交)' })
  handOver(@Asked() request: RequestState, @Id('talentId') talentId: string, @Body() body: HandOverBody): Promise<Answer> {
    const input = { talentId, ...body };
    return this.commands.execute(
      new RunCommand(request, { id: () => talentId }, ({ gateway, caller, meta }) =>
        handOverTalent(gateway, caller, meta, input),
      ),
    );
  }

  private send(
    request: RequestState,
    id: string,
    commandOf: (commandId: string) => SpecialistCommand,
    also?: Outcome['also'],
  ): Promise<Answer> {
    return this.commands.execute(
      new RunCommand(request, { id: () => id, ...(also ? { also } : {}) }, ({ gateway, caller, meta }) =>
        stepSpecialist(gateway, caller, meta, id, commandOf(meta.commandId)),
      ),
    );
  }
}
