import {
  type Answer,
  ApiParameters,
  Asked,
  Id,
  NoBody,
  numberParameter,
  type RequestState,
  Roles,
  readParameters,
  textParameter,
  wholeNumber,
} from '@huicai/http';
import { streamName } from '@huicai/kernel';
import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Outcome, RunCommand } from '../edge.js';
import {
  CallbackBody,
  ContactBody,
  DeclineBody,
  DispatchBody,
  PauseBody,
  RatingBody,
  RefuseExtensionBody,
  RegisterCaseBody,
  ReopenBody,
  RequestExtensionBody,
  ResultBody,
  ReturnBody,
  SendBackBody,
  WithdrawBody,
} from './case.bodies.js';
import { type CaseStep, registerCase, stepCase } from './case.intake.js';
import { casePage, myCases } from './case.pages.js';
import type { CaseEvent, CaseSubject } from './contract.js';

const MY_CASES = {
  limit: numberParameter(wholeNumber(1, 200), 'Cases on a page, 50 unless told'),
  cursor: textParameter(() => undefined, '`next` of the page before'),
};

const summary = (text: string) => ApiOperation({ summary: text });

@ApiTags('cases')
@Controller()
export class CasesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('cases')
  @Roles('talent', 'window', 'specialist', 'employer')
  @summary('Registers a matter (登记)')
  register(@Asked() request: RequestState, @Body() { concerns = [], ...rest }: RegisterCaseBody): Promise<Answer> {
    const outcome: Outcome = {
      id: ({ stream }) => stream.slice('case-'.length),
      location: (id) => `/api/v1/cases/${id}`,
      also: (events) => ({ number: (events[0]!.data as { number: string }).number }),
    };
    const input = { ...rest, concerns };
    return this.commands.execute(
      new RunCommand(request, outcome, ({ gateway, caller, meta }) => registerCase(gateway, caller, meta, input)),
    );
  }

  @Get('cases/:caseId')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @summary('A case with its clocks and the steps the caller can take now')
  read(@Asked() request: RequestState, @Id('caseId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['case_detail', 'talents'], (reads) => casePage(reads, id)));
  }

  @Get('my/cases')
  @Roles('talent')
  @ApiParameters(MY_CASES)
  @summary('The caller’s own cases in plain words: how far, promised for when, what is next')
  mine(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { limit = 50, cursor } = readParameters(MY_CASES, query);
    return this.queries.execute(new Ask(request, ['case_detail'], (reads) => myCases(reads, limit, cursor)));
  }

  @Post('cases/:caseId/accept')
  @HttpCode(200)
  @Roles('window')
  @summary('Accepts it (受理); the promise to the talent starts')
  accept(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'AcceptCase' });
  }

  @Post('cases/:caseId/decline')
  @HttpCode(200)
  @Roles('window')
  @summary('Declines it (不予受理)')
  decline(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: DeclineBody): Promise<Answer> {
    return this.step(request, id, { type: 'DeclineCase', ...reasoned(body) });
  }

  @Post('cases/:caseId/dispatch')
  @HttpCode(200)
  @Roles('window', 'supervisor')
  @summary('Dispatches it to a department (派单)')
  dispatch(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: DispatchBody): Promise<Answer> {
    const { departmentId = null, coDepartmentIds = [] } = body;
    return this.step(request, id, { type: 'DispatchCase', departmentId, coDepartmentIds });
  }

  @Post('cases/:caseId/sign')
  @HttpCode(200)
  @Roles('department')
  @summary('The department signs for it (签收)')
  sign(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'SignForCase' });
  }

  @Post('cases/:caseId/return')
  @HttpCode(200)
  @Roles('department')
  @summary('The department returns it to the dispatcher (退单)')
  return(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ReturnBody): Promise<Answer> {
    const { proposedDepartmentId = null } = body;
    return this.step(request, id, { type: 'ReturnCase', ...reasoned(body), proposedDepartmentId });
  }

  @Post('cases/:caseId/take')
  @HttpCode(200)
  @Roles('specialist')
  @summary('A specialist of the department takes it')
  take(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'TakeCase' });
  }

  @Post('cases/:caseId/contact')
  @HttpCode(200)
  @Roles('specialist', 'department')
  @summary('The requester was contacted')
  contact(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { mode }: ContactBody): Promise<Answer> {
    return this.step(request, id, { type: 'ContactRequester', mode });
  }

  @Post('cases/:caseId/pause')
  @HttpCode(200)
  @Roles('specialist', 'department')
  @summary('Pauses the clocks (中止计时)')
  pause(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: PauseBody): Promise<Answer> {
    return this.step(request, id, { type: 'PauseClock', ...reasoned(body) });
  }

  @Post('cases/:caseId/resume')
  @HttpCode(200)
  @Roles('specialist', 'department')
  @summary('Resumes the clocks')
  resume(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'ResumeClock' });
  }

  @Post('cases/:caseId/extension')
  @HttpCode(200)
  @Roles('specialist', 'department')
  @summary('Asks for an extension (延期)')
  requestExtension(
    @Asked() request: RequestState,
    @Id('caseId') id: string,
    @Body() body: RequestExtensionBody,
  ): Promise<Answer> {
    return this.step(request, id, { type: 'RequestExtension', ...reasoned(body), workingDays: body.workingDays });
  }

  @Post('cases/:caseId/extension/grant')
  @HttpCode(200)
  @Roles('supervisor')
  @summary('Grants the extension asked for')
  grantExtension(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'GrantExtension' });
  }

  @Post('cases/:caseId/extension/refuse')
  @HttpCode(200)
  @Roles('supervisor')
  @summary('Refuses the extension asked for')
  refuseExtension(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: RefuseExtensionBody): Promise<Answer> {
    return this.step(request, id, { type: 'RefuseExtension', ...reasoned(body) });
  }

  @Post('cases/:caseId/result')
  @HttpCode(200)
  @Roles('specialist', 'department')
  @summary('Submits the result (反馈)')
  submitResult(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ResultBody): Promise<Answer> {
    return this.step(request, id, { type: 'SubmitResult', outcome: body.outcome, reply: body.reply });
  }

  @Post('cases/:caseId/result/accept')
  @HttpCode(200)
  @Roles('window')
  @summary('Accepts the result')
  acceptResult(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'AcceptResult' });
  }

  @Post('cases/:caseId/result/send-back')
  @HttpCode(200)
  @Roles('window')
  @summary('Sends the result back')
  sendBackResult(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: SendBackBody): Promise<Answer> {
    return this.step(request, id, { type: 'SendBackResult', ...reasoned(body) });
  }

  @Post('cases/:caseId/callback')
  @HttpCode(200)
  @Roles('window', 'supervisor')
  @summary('Records the callback (回访), by somebody who did not handle the case')
  recordCallback(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: CallbackBody): Promise<Answer> {
    const { reachability, resolved = null, satisfaction = null, remark = null } = body;
    return this.step(request, id, { type: 'RecordCallback', reachability, resolved, satisfaction, remark });
  }

  @Post('cases/:caseId/rating')
  @HttpCode(200)
  @Roles('talent')
  @summary('The talent rates it (好差评)')
  rate(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: RatingBody): Promise<Answer> {
    return this.step(request, id, { type: 'RateCase', satisfaction: body.satisfaction, comment: body.comment ?? null });
  }

  @Post('cases/:caseId/close')
  @HttpCode(200)
  @Roles('window')
  @summary('Closes it (办结)')
  close(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'CloseCase' });
  }

  @Post('cases/:caseId/withdraw')
  @HttpCode(200)
  @Roles('talent', 'window')
  @summary('Withdraws it')
  withdraw(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: WithdrawBody): Promise<Answer> {
    return this.step(request, id, { type: 'WithdrawCase', ...reasoned(body) });
  }

  @Post('cases/:caseId/reopen')
  @HttpCode(200)
  @Roles('window', 'supervisor')
  @summary('Reopens it (重办)')
  reopen(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ReopenBody): Promise<Answer> {
    return this.step(request, id, { type: 'ReopenCase', ...reasoned(body) });
  }

  private step(request: RequestState, caseId: string, step: CaseStep): Promise<Answer> {
    return this.commands.execute(
      new RunCommand(request, { id: () => caseId }, async ({ gateway, caller, meta, firstEvent }) => {
        const registered = (await firstEvent(streamName('case', caseId)))?.data as
          | Extract<CaseEvent, { type: 'CaseRegistered' }>['data']
          | undefined;
        const subjects: readonly CaseSubject[] | undefined = registered?.subjects;
        return stepCase(gateway, caller, meta, { caseId, subjects }, step);
      }),
    );
  }
}

const reasoned = ({ reasonCode, reason }: { readonly reasonCode: string; readonly reason?: string }) => ({
  reasonCode,
  reason: reason ?? null,
});
