import {
  type Answer,
  ApiParameters,
  Asked,
  badInput,
  calendarDay,
  oneOf,
  pattern,
  type RequestState,
  Roles,
  readParameters,
  required,
  Shows,
  textParameter,
} from '@huicai/http';
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Outcome, RunCommand } from '../edge.js';
import type { TalentCategory } from '../talents/contract.js';
import type { PolicyEvent, Urgency } from './contract.js';
import {
  ITEM_CODE,
  POLICY_ID,
  POLICY_SHAPE,
  POLICY_VERSION_SHAPE,
  PublishPolicyVersionBody,
  RESOLVED_SHAPE,
} from './policy.bodies.js';
import { publishPolicyVersion } from './policy.intake.js';
import { policyPage, policyVersionPage, resolvedLimits } from './policy.pages.js';
import { CATEGORIES, URGENCIES } from './policy-limits.js';

const READERS = ['talent', 'employer', 'window', 'department', 'specialist', 'supervisor', 'auditor', 'venue', 'admin'] as const;

const CASE = {
  itemCode: required(textParameter(pattern(ITEM_CODE, 'code-invalid'), 'Item of the service list')),
  urgency: required(textParameter<Urgency>(oneOf(URGENCIES), 'Urgency', { enum: URGENCIES })),
  category: required(textParameter<TalentCategory>(oneOf(CATEGORIES), 'Category of the talent', { enum: CATEGORIES })),
  on: textParameter(calendarDay, 'Day of the office; today unless told', { format: 'date' }),
};

@ApiTags('policies')
@Controller('policies/:policyId')
export class PoliciesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Roles(...READERS)
  @Shows('The policy; ETag is the revision of its last version', POLICY_SHAPE)
  @ApiOperation({ summary: 'A policy of time limits (时限规则) and its versions, each with when it took effect and why' })
  read(@Asked() request: RequestState, @Param('policyId') id: string): Promise<Answer> {
    checkPolicyId(id);
    return this.queries.execute(new Ask(request, [], (reads) => policyPage(reads, id)));
  }

  @Get('versions/:version')
  @Roles(...READERS)
  @Shows('The version', POLICY_VERSION_SHAPE)
  @ApiOperation({ summary: 'One version in full: limits by item, urgency and category, extensions, return window, lights' })
  readVersion(@Asked() request: RequestState, @Param('policyId') id: string, @Param('version') version: string): Promise<Answer> {
    checkPolicyId(id);
    return this.queries.execute(new Ask(request, [], (reads) => policyVersionPage(reads, id, version)));
  }

  @Get('resolve')
  @Roles(...READERS)
  @ApiParameters(CASE)
  @Shows('The limits, and the rule they come from', RESOLVED_SHAPE)
  @ApiOperation({ summary: 'Which limits a case would be given, and by which rule; nothing is recorded' })
  resolve(
    @Asked() request: RequestState,
    @Param('policyId') id: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer> {
    checkPolicyId(id);
    const { itemCode, urgency, category, on } = readParameters(CASE, query);
    const matter = { itemCode: itemCode!, urgency: urgency!, category: category! };
    return this.queries.execute(new Ask(request, [], (reads) => resolvedLimits(reads, id, matter, on)));
  }

  @Post('versions')
  @Roles('admin', 'supervisor')
  @ApiOperation({ summary: 'Publishes the next version in full; clocks that start from its first day on go by it' })
  publish(
    @Asked() request: RequestState,
    @Param('policyId') id: string,
    @Body() body: PublishPolicyVersionBody,
  ): Promise<Answer> {
    checkPolicyId(id);
    const outcome: Outcome = {
      id: () => id,
      location: () => `/api/v1/policies/${id}`,
      also: ([event]) => ({ version: (event as Extract<PolicyEvent, { type: 'PolicyVersionPublished' }>).data.policy.version }),
    };
    return this.commands.execute(new RunCommand(request, outcome, (side) => publishPolicyVersion(side, id, body)));
  }
}

/** @throws BadInput `code-invalid` */
export function checkPolicyId(id: string): void {
  if (!POLICY_ID.test(id)) throw badInput('code-invalid', 'policyId');
}
