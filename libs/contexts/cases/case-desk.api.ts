import { type Answer, Asked, Id, NoBody, type RequestState, Roles, Shows } from '@huicai/http';
import { Body, Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ask } from '../edge.js';
import { SendBackBody } from './case.bodies.js';
import type { CaseStep } from './case.intake.js';
import {
  AnswerBody,
  CloseSupervisionBody,
  MESSAGES_SHAPE,
  MessageBody,
  NOTES_SHAPE,
  NoteBody,
  ReassignBody,
  ReceivedBody,
  RefusePauseBody,
  RefuseReturnBody,
  SuperviseBody,
  SupplementBody,
  TagBody,
  WorkOffBody,
} from './case-desk.bodies.js';
import { reasoned, runStep, Step } from './case-step.api.js';
import { caseMessages, caseNotes } from './case-words.pages.js';

const HANDLERS = ['window', 'department', 'specialist', 'supervisor'] as const;

/** The side paths of a case: answered at once, given elsewhere, materials missing, reminders, words, supervision, archive. */
@ApiTags('cases')
@Controller()
export class CaseDeskController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Step('answer', ['window'], 'The window answers at once, without a department (直接答复); the case is closed')
  answer(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { reply }: AnswerBody): Promise<Answer> {
    return this.step(request, id, { type: 'AnswerDirectly', reply });
  }

  @Step('return/refuse', ['window', 'supervisor'], 'The dispatcher does not take a returned case back; it lies where it lay')
  refuseReturn(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: RefuseReturnBody): Promise<Answer> {
    return this.step(request, id, { type: 'RefuseReturn', ...reasoned(body) });
  }

  @Step('reassign', ['window', 'supervisor'], 'Another department leads from now on (改派); the promise goes on')
  reassign(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ReassignBody): Promise<Answer> {
    const { departmentId, coDepartmentIds = [] } = body;
    return this.step(request, id, { type: 'ReassignCase', ...reasoned(body), departmentId, coDepartmentIds });
  }

  @Step('supplement', ['specialist', 'department'], 'Tells at once all that is missing (一次性告知补正); the clocks wait')
  requestSupplement(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: SupplementBody): Promise<Answer> {
    const { materials, until, reason = null } = body;
    return this.step(request, id, { type: 'RequestSupplement', materials, until, reason });
  }

  @Step('supplement/receive', ['window', 'specialist', 'department'], 'What was missing has come; the clocks go on')
  receiveSupplement(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ReceivedBody): Promise<Answer> {
    return this.step(request, id, { type: 'ReceiveSupplement', received: body.received ?? null });
  }

  @Step('deferred/receive', ['window', 'specialist', 'department'], 'What was to come after acceptance has come')
  receiveDeferred(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: ReceivedBody): Promise<Answer> {
    return this.step(request, id, { type: 'ReceiveDeferredMaterials', received: body.received ?? null });
  }

  @Step('pause/approve', ['supervisor', 'department'], 'Agrees to the pause that is asked for; it counts from now on')
  approvePause(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'ApprovePause' });
  }

  @Step('pause/refuse', ['supervisor', 'department'], 'Refuses the pause that is asked for')
  refusePause(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: RefusePauseBody): Promise<Answer> {
    return this.step(request, id, { type: 'RefusePause', ...reasoned(body) });
  }

  @Step('result/approve', ['department'], 'The department agrees to the result a specialist proposes')
  approveResult(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'ApproveResult' });
  }

  @Step('result/refuse', ['department'], 'The department sends the proposed result back')
  sendBackProposal(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: SendBackBody): Promise<Answer> {
    return this.step(request, id, { type: 'SendBackProposal', ...reasoned(body) });
  }

  @Step('remind', ['talent', 'employer', 'window', 'supervisor'], 'Asks to get on with it (催办), once a day for each person')
  remind(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'RemindCase' });
  }

  @Step('archive', ['window', 'supervisor'], 'Puts it away (归档); nothing is changed any more')
  archive(@Asked() request: RequestState, @Id('caseId') id: string, @Body() _: NoBody): Promise<Answer> {
    return this.step(request, id, { type: 'ArchiveCase' });
  }

  @Step('tags', HANDLERS, 'Puts a controlled word on it (标签), to find it by')
  tag(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { tag }: TagBody): Promise<Answer> {
    return this.step(request, id, { type: 'TagCase', tag });
  }

  @Step('tags/remove', HANDLERS, 'Takes a controlled word off it')
  untag(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { tag }: TagBody): Promise<Answer> {
    return this.step(request, id, { type: 'UntagCase', tag });
  }

  @Step('notes', HANDLERS, 'A note for those who handle it; the talent never sees it')
  addNote(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { note }: NoteBody): Promise<Answer> {
    return this.step(request, id, { type: 'AddNote', note });
  }

  @Get('cases/:caseId/notes')
  @Roles(...HANDLERS, 'auditor')
  @Shows('The notes, oldest first', NOTES_SHAPE)
  @ApiOperation({ summary: 'Notes of those who handle the case' })
  notes(@Asked() request: RequestState, @Id('caseId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['case_detail'], (reads) => caseNotes(reads, id), { case_detail: id }));
  }

  @Step('messages', ['talent', ...HANDLERS], 'A message to the talent or, from the talent, to the desk')
  sendMessage(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { message }: MessageBody): Promise<Answer> {
    return this.step(request, id, { type: 'SendMessage', message });
  }

  @Get('cases/:caseId/messages')
  @Roles('talent', ...HANDLERS, 'auditor')
  @Shows('The messages, oldest first', MESSAGES_SHAPE)
  @ApiOperation({ summary: 'What the talent and the desk wrote to each other' })
  messages(@Asked() request: RequestState, @Id('caseId') id: string): Promise<Answer> {
    return this.queries.execute(new Ask(request, ['case_detail'], (reads) => caseMessages(reads, id), { case_detail: id }));
  }

  @Step('supervision', ['supervisor'], 'Puts it under supervision (督办)')
  supervise(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: SuperviseBody): Promise<Answer> {
    return this.step(request, id, { type: 'SuperviseCase', ...reasoned(body) });
  }

  @Step(
    'supervision/work-off',
    ['department', 'specialist'],
    'Says what was done about the oldest supervision nobody has answered',
  )
  workOff(@Asked() request: RequestState, @Id('caseId') id: string, @Body() { report }: WorkOffBody): Promise<Answer> {
    return this.step(request, id, { type: 'WorkOffSupervision', report });
  }

  @Step('supervision/close', ['supervisor'], 'Closes a supervision that stands, first those that were worked off')
  closeSupervision(
    @Asked() request: RequestState,
    @Id('caseId') id: string,
    @Body() body: CloseSupervisionBody,
  ): Promise<Answer> {
    return this.step(request, id, { type: 'CloseSupervision', remark: body.remark ?? null });
  }

  private step(request: RequestState, caseId: string, step: CaseStep): Promise<Answer> {
    return runStep(this.commands, request, caseId, step);
  }
}
