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
  Shows,
  textParameter,
  wholeNumber,
} from '@huicai/http';
import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask, type Outcome, type Reads, RunCommand } from '../edge.js';
import {
  AcceptBody,
  AssignBody,
  CallbackBody,
  ContactBody,
  DeclineBody,
  DispatchBody,
  ExcuseBody,
  PauseBody,
  RatingBody,
  RefuseExtensionBody,
  RegisterCaseBody,
  ReopenBody,
  ReplyBody,
  RequestExtensionBody,
  ResultBody,
  ReturnBody,
  SendBackBody,
  WithdrawBody,
  WithdrawExcuseBody,
} from './case.bodies.js';
import { type CaseStep, registerCase } from './case.intake.js';
import { casePage, caseThen } from './case.pages.js';
import { CASE_SHAPE, MY_CASES_SHAPE } from './case.shapes.js';
import { AS_OF, lookBack } from './case-as-of.pages.js';
import { reasoned, runStep, Step } from './case-step.api.js';
import { myCases } from './my-cases.pages.js';

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
  @Roles('talent', 'employer', 'window', 'specialist')
  @summary('Registers a matter (登记)')
  register(@Asked() request: RequestState, @Body() { concerns = [], ...rest }: RegisterCaseBody): Promise<Answer> {
    const outcome: Outcome = {
      id: ({ stream }) => stream.slice('case-'.length),
      // An employer sees less of a case, at a place of its own.
      location: (id) => `/api/v1/${request.principal?.role === 'employer' ? 'employer/' : ''}cases/${id}`,
      also: (events) => ({ number: (events[0]!.data as { number: string }).number }),
    };
    const input = { ...rest, concerns };
    return this.commands.execute(
      new RunCommand(request, outcome, ({ gateway, caller, meta }) => registerCase(gateway, caller, meta, input)),
    );
  }

  @Get('cases/:caseId')
  @Roles('talent', 'window', 'department', 'specialist', 'supervisor', 'auditor')
  @ApiParameters(AS_OF)
  @Shows('The case; ETag is its revision, but for one that is looked back at', CASE_SHAPE)
  @summary('A case with its clocks and the steps the caller can take now, or as it was at an instant')
  read(@Asked() request: RequestState, @Id('caseId') id: string, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { asOf, sense } = readParameters(AS_OF, query);
    const page = (reads: Reads) => {
      const back = lookBack(reads, asOf, sense);
      return back ? caseThen(reads, id, back.at, back.sense) : casePage(reads, id);
    };
    return this.queries.execute(new Ask(request, ['case_detail', 'talents'], page, { case_detail: id }));
  }

  @Get('my/cases')
  @Roles('talent')
  @ApiParameters(MY_CASES)
  @Shows('A page of cases, latest first', MY_CASES_SHAPE)
  @summary('The caller’s own cases in plain words: how far, promised for when, what is next')
  mine(@Asked() request: RequestState, @Query() query: Record<string, unknown>): Promise<Answer> {
    const { limit = 50, cursor } = readParameters(MY_CASES, query);
    return this.queries.execute(new Ask(request, ['case_detail'], (reads) => myCases(reads, limit, cursor)));
  }

  @Step(
    'accept',
    ['window'],
    'Accepts it (受理), with materials that come later where need be (容缺受理); the promise to the talent starts',
  )
  accept(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { deferred }: AcceptBody): Promise<Answer> {
    return this.step(request, id, { type: 'AcceptCase', ...(deferred ? { deferred } : {}) });
  }

  @Step('decline', ['window'], 'Declines it (不予受理)')
  decline(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: DeclineBody): Promise<Answer> {
    return this.step(request, id, { type: 'DeclineCase', ...reasoned(body) });
  }

  @Step('dispatch', ['window', 'supervisor'], 'Dispatches it to a department (派单)')
  dispatch(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: DispatchBody): Promise<Answer> {
    const { departmentId = null, coDepartmentIds = [] } = body;
    return this.step(request, id, { type: 'DispatchCase', departmentId, coDepartmentIds });
  }

  @Step('sign', ['department'], 'The department signs for it (签收)')
  sign(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'SignForCase' });
  }

  @Step('return', ['department'], 'The department returns it to the dispatcher (退单)')
  return(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ReturnBody): Promise<Answer> {
    const { proposedDepartmentId = null } = body;
    return this.step(request, id, { type: 'ReturnCase', ...reasoned(body), proposedDepartmentId });
  }

  @Step('take', ['specialist'], 'A specialist of the department takes it')
  take(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'TakeCase' });
  }

  @Step(
    'assign',
    ['window', 'supervisor', 'department'],
    'Assigns it to a specialist (分配): named, in turn, by load or by skill',
  )
  assign(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: AssignBody): Promise<Answer> {
    return this.step(request, id, { type: 'AssignCase', mode: body.mode, specialistId: body.specialistId ?? null });
  }

  @Step('contact', ['specialist', 'department'], 'The requester was contacted')
  contact(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { mode }: ContactBody): Promise<Answer> {
    return this.step(request, id, { type: 'ContactRequester', mode });
  }

  @Step(
    'pause',
    ['specialist', 'department'],
    'Pauses the clocks (中止计时), or asks for it where the policy wants somebody to agree',
  )
  pause(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: PauseBody): Promise<Answer> {
    const { resumeOn, maxWorkingDays } = body;
    return this.step(request, id, {
      type: 'PauseClock',
      ...reasoned(body),
      ...(resumeOn === undefined ? {} : { resumeOn }),
      ...(maxWorkingDays === undefined ? {} : { maxWorkingDays }),
    });
  }

  @Step('reply', ['talent', 'employer', 'window'], 'The requester answers while the clocks are paused')
  reply(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { reply }: ReplyBody): Promise<Answer> {
    return this.step(request, id, { type: 'ReplyInPause', reply });
  }

  @Step('resume', ['specialist', 'department'], 'Resumes the clocks')
  resume(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'ResumeClock' });
  }

  @Step('extension', ['specialist', 'department'], 'Asks for an extension (延期)')
  requestExtension(
    @Asked() request: RequestState,
    @Id('caseId') id: string,
    @Body() body: RequestExtensionBody,
  ): Promise<Answer> {
    return this.step(request, id, { type: 'RequestExtension', ...reasoned(body), workingDays: body.workingDays });
  }

  @Step('extension/grant', ['supervisor'], 'Grants the extension asked for')
  grantExtension(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'GrantExtension' });
  }

  @Step('extension/refuse', ['supervisor'], 'Refuses the extension asked for')
  refuseExtension(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: RefuseExtensionBody): Promise<Answer> {
    return this.step(request, id, { type: 'RefuseExtension', ...reasoned(body) });
  }

  @Step(
    'result',
    ['specialist', 'department'],
    'Submits the result (反馈), or proposes it where the policy wants the department to agree',
  )
  submitResult(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ResultBody): Promise<Answer> {
    return this.step(request, id, { type: 'SubmitResult', outcome: body.outcome, reply: body.reply });
  }

  @Step('result/accept', ['window'], 'Accepts the result')
  acceptResult(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'AcceptResult' });
  }

  @Step('result/send-back', ['window'], 'Sends the result back')
  sendBackResult(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: SendBackBody): Promise<Answer> {
    return this.step(request, id, { type: 'SendBackResult', ...reasoned(body) });
  }

  @Step('callback', ['window', 'supervisor'], 'Records the callback (回访), by somebody who did not handle the case')
  recordCallback(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: CallbackBody): Promise<Answer> {
    const { reachability, resolved = null, satisfaction = null, remark = null } = body;
    return this.step(request, id, { type: 'RecordCallback', reachability, resolved, satisfaction, remark });
  }

  @Step('rating', ['talent'], 'The talent rates it (好差评)')
  rate(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: RatingBody): Promise<Answer> {
    return this.step(request, id, { type: 'RateCase', satisfaction: body.satisfaction, comment: body.comment ?? null });
  }

  @Step('close', ['window'], 'Closes it (办结)')
  close(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'CloseCase' });
  }

  @Step('withdraw', ['talent', 'employer', 'window'], 'Withdraws it')
  withdraw(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: WithdrawBody): Promise<Answer> {
    return this.step(request, id, { type: 'WithdrawCase', ...reasoned(body) });
  }

  @Step('reopen', ['window', 'supervisor'], 'Reopens it (重办)')
  reopen(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ReopenBody): Promise<Answer> {
    return this.step(request, id, { type: 'ReopenCase', ...reasoned(body) });
  }

  @Step('breaches/excuse', ['supervisor'], 'Excuses a standing breach (豁免); reports show both rates')
  excuseBreach(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ExcuseBody): Promise<Answer> {
    return this.step(request, id, { type: 'ExcuseBreach', clockId: body.clockId, ...reasoned(body) });
  }

  @Step('breaches/excuse/withdraw', ['supervisor'], 'Takes the excuse of a breach back')
  withdrawExcuse(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: WithdrawExcuseBody): Promise<Answer> {
    return this.step(request, id, { type: 'WithdrawExcuse', clockId: body.clockId, ...reasoned(body) });
  }

  private step(request: RequestState, caseId: string, step: CaseStep): Promise<Answer> {
    return runStep(this.commands, request, caseId, step);
  }
}
