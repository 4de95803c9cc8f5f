import {
  type Answer,
  ApiParameters,
  Asked,
  Code,
  FreeText,
  Id,
  list,
  OneOf,
  object,
  PersonName,
  pattern,
  type RequestState,
  Roles,
  readParameters,
  Shows,
  textParameter,
  Uuid,
} from '@huicai/http';
import { notFound, streamName } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { OFFICE_ZONE } from '../calendar/facts.js';
import { Ask, type Found, type Outcome, type Reads, RunCommand } from '../edge.js';
import { masking, refuseForeignTalent } from '../visibility.js';
import type { SpecialistKind } from './contract.js';
import { assignSpecialist, enrolSpecialist, handOverTalent, type SpecialistInput } from './specialist.intake.js';
import { assignmentOf } from './views/assignments.view.js';
import { listSpecialists } from './views/specialists.view.js';

const KINDS = ['WINDOW', 'ITEM', 'EMPLOYER'] as const satisfies readonly SpecialistKind[];
const DEPARTMENT = /^[a-z][a-z0-9-]{0,31}$/;

export class EnrolSpecialistBody implements SpecialistInput {
  @PersonName('Name of the specialist (专员)')
  readonly name!: string;
  @OneOf(KINDS, 'Window, item or employer specialist')
  readonly kind!: SpecialistKind;
  @Code('Department', DEPARTMENT)
  readonly departmentId!: string;
}

export class AssignSpecialistBody {
  @Uuid('The specialist the talent turns to')
  readonly specialistId!: string;
}

export class HandOverBody {
  @Uuid('The specialist who takes over')
  readonly toSpecialistId!: string;
  @FreeText('Why')
  readonly reason!: string;
}

const FILTER = { departmentId: textParameter(pattern(DEPARTMENT, 'code-invalid'), 'Only of this department') };

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
    const outcome: Outcome = {
      id: ({ stream }) => stream.slice('specialist-'.length),
      location: () => '/api/v1/specialists',
    };
    return this.commands.execute(
      new RunCommand(request, outcome, ({ gateway, caller, meta }) => enrolSpecialist(gateway, caller, meta, body)),
    );
  }

  @Get('specialists')
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor')
  @ApiParameters(FILTER)
  @Shows('Specialists', object({ items: list(object({ id: 'uuid', name: 'text', kind: 'text', departmentId: 'text' })) }))
  @ApiOperation({ summary: 'Specialists, by department' })
  list(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { departmentId = null } = readParameters(FILTER, query);
    return this.queries.execute(new Ask(request, ['specialists'], (reads) => specialistsPage(reads, departmentId)));
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
}

async function specialistsPage(reads: Reads, departmentId: string | null): Promise<Found> {
  const rows = await listSpecialists(reads.db, departmentId);
  const items = await Promise.all(
    rows.map(async (row) => {
      const { name } = await reads.open<{ name: string }>(
        { name: row.name },
        {
          expected: `${streamName('specialist', row.specialist_id)}/`,
          resource: `specialists/${row.specialist_id}`,
          present: masking(reads.caller.role === 'auditor' ? ['name'] : []),
        },
      );
      return {
        id: row.specialist_id,
        name,
        kind: row.kind,
        departmentId: row.department_id,
      };
    }),
  );
  return { body: { items } };
}

async function primaryOf(reads: Reads, talentId: string): Promise<Found> {
  const exists = (await reads.directory.talent(talentId)) !== undefined;
  await refuseForeignTalent(reads, talentId, exists);
  if (!exists) throw notFound('talent-not-found');
  const row = await assignmentOf(reads.db, talentId);
  if (!row) throw notFound('talent-without-specialist');
  return {
    revision: row.revision,
    body: {
      talentId,
      specialistId: row.specialist_id,
      since: formatInstant(row.since.getTime(), OFFICE_ZONE),
      revision: row.revision,
    },
  };
}
