import { type Answer, Asked, Id, type RequestState, Roles, Shows } from '@huicai/http';
import { Body, Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask } from '../edge.js';
import { CallbackBody } from './case.bodies.js';
import type { CaseStep } from './case.intake.js';
import {
  AppealBody,
  DismissAppealBody,
  OPINIONS_SHAPE,
  OpinionBody,
  RectificationBody,
  RequestOpinionBody,
  UpholdAppealBody,
} from './case-review.bodies.js';
import { reasoned, runStep, Step } from './case-step.api.js';
import { caseOpinions } from './case-words.pages.js';

/** What others than the handler say of a case: departments that are asked, and what follows from a bad review. */
@ApiTags('cases')
@Controller()
export class CaseReviewController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Step('opinions/request', ['department', 'specialist'], 'Asks another department for its opinion (会办意见)')
  requestOpinion(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: RequestOpinionBody): Promise<Answer> {
    const { departmentId, question } = body;
    return this.step(request, id, { type: 'RequestOpinion', departmentId, question });
  }

  @Step(
    'opinions',
    ['department', 'specialist'],
    'Gives the opinion that is waited for: the lead’s own (办理意见) or the one asked for',
  )
  giveOpinion(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { opinion }: OpinionBody): Promise<Answer> {
    return this.step(request, id, { type: 'GiveOpinion', opinion });
  }

  @Get('cases/:caseId/opinions')
  @Roles('window', 'department', 'specialist', 'supervisor', 'auditor')
  @Shows('The opinions in the order they were waited for', OPINIONS_SHAPE)
  @ApiOperation({ summary: 'What departments were asked and said of the case' })
  opinions(@Asked() request: RequestState, @Id('caseId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['case_detail'], (reads) => caseOpinions(reads, id), { case_detail: id }));
  }

  @Step('rectification', ['department', 'specialist', 'window'], 'Says how a bad review was put right (整改)')
  submitRectification(
    @Asked() request: RequestState,
    @Id('caseId') id: string,
    @Body() body: RectificationBody,
  ): Promise<Answer> {
    return this.step(request, id, { type: 'SubmitRectification', measure: body.measure, report: body.report });
  }

  @Step(
    'rectification/callback',
    ['window', 'supervisor'],
    'Asks the requester about it, by somebody who did not handle the case',
  )
  callBackRectification(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: CallbackBody): Promise<Answer> {
    const { reachability, resolved = null, satisfaction = null, remark = null } = body;
    return this.step(request, id, { type: 'CallBackRectification', reachability, resolved, satisfaction, remark });
  }

  @Step('rating/appeal', ['department', 'specialist', 'window'], 'Appeals against a bad review (申诉)')
  appealRating(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: AppealBody): Promise<Answer> {
    return this.step(request, id, { type: 'AppealRating', ...reasoned(body) });
  }

  @Step('rating/appeal/uphold', ['supervisor'], 'The review does not count; what followed from it is withdrawn')
  upholdAppeal(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: UpholdAppealBody): Promise<Answer> {
    return this.step(request, id, { type: 'UpholdAppeal', ...reasoned(body) });
  }

  @Step('rating/appeal/dismiss', ['supervisor'], 'The review counts')
  dismissAppeal(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: DismissAppealBody): Promise<Answer> {
    return this.step(request, id, { type: 'DismissAppeal', ...reasoned(body) });
  }

  private step(request: RequestState, caseId: string, step: CaseStep): Promise<Answer> {
    return runStep(this.commands, request, caseId, step);
  }
}
