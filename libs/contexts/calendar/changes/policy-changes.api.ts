import { type Answer, Asked, Id, type RequestState, Roles, Shows } from '@huicai/http';
import { notFound } from '@huicai/kernel';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Outcome, type Reads, RunCommand } from '../../edge.js';
import type { PolicyEvent } from '../contract.js';
import type { TimeReference } from '../facts.js';
import { checkPolicyId } from '../policies.api.js';
import { shownChanges } from './changes.api.js';
import { ApplyChangeBody, CHANGES_SHAPE, PolicyChangePreview, PREVIEW_SHAPE, UndoChangeBody } from './changes.bodies.js';
import { applyPolicyChange, undoPolicyChange } from './changes.intake.js';
import { previewChange, supposedPolicyChange } from './preview.js';

@ApiTags('policies')
@Controller('policies/:policyId/changes')
export class PolicyChangesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor', 'admin')
  @Shows('Changes in the order they were applied', CHANGES_SHAPE)
  @ApiOperation({ summary: 'Newer limits that clocks were given while they ran' })
  list(@Asked() request: RequestState, @Param('policyId') id: string): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, [], async (reads) => ({ body: shownChanges((await timeBy(reads, id)).policy) })),
    );
  }

  @Post('preview')
  @HttpCode(200)
  @Roles('admin', 'supervisor')
  @Shows('Clocks that have not stopped, and which of them would move', PREVIEW_SHAPE)
  @ApiOperation({ summary: 'Which clocks newer limits would move, from when to when; nothing is recorded' })
  preview(@Asked() request: RequestState, @Param('policyId') id: string, @Body() body: PolicyChangePreview): Promise<Answer> {
    return this.queries.execute(
      new Ask(request, ['service_queue'], async (reads) => {
        const known = await timeBy(reads, id);
        const supposed = { ...known, policy: supposedPolicyChange(known.policy, body, reads.now) };
        return { body: await previewChange(reads, known.policy.versions[0]!.calendarId, known, supposed) };
      }),
    );
  }

  @Post()
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Gives clocks that run the limits of a newer version; who does so answers for it' })
  apply(@Asked() request: RequestState, @Param('policyId') id: string, @Body() body: ApplyChangeBody): Promise<Answer> {
    checkPolicyId(id);
    const outcome: Outcome = {
      id: ({ events: [event] }) => (event as unknown as Extract<PolicyEvent, { type: 'PolicyChangeApplied' }>).data.changeId,
      location: () => `/api/v1/policies/${id}/changes`,
    };
    return this.commands.execute(new RunCommand(request, outcome, (side) => applyPolicyChange(side, id, body)));
  }

  @Post(':changeId/undo')
  @HttpCode(200)
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Takes a change back: clocks have the limits they have without it' })
  undo(
    @Asked() request: RequestState,
    @Param('policyId') id: string,
    @Id('changeId') changeId: string,
    @Body() body: UndoChangeBody,
  ): Promise<Answer> {
    checkPolicyId(id);
    return this.commands.execute(
      new RunCommand(request, { id: () => changeId }, (side) => undoPolicyChange(side, id, changeId, body)),
    );
  }
}

/** Calendar and policy of the office. @throws Refusal `policy-not-found`; BadInput `code-invalid` */
async function timeBy(reads: Reads, policyId: string): Promise<TimeReference> {
  checkPolicyId(policyId);
  const time = await reads.timeOf([]);
  if (time.policy.versions[0]?.policyId !== policyId) throw notFound('policy-not-found', { field: 'policyId' });
  return time;
}
