import { type Answer, Asked, Id, type RequestState } from '@huicai/http';
import { Body, Controller } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import type { CaseStep } from './case.intake.js';
import {
  CorrectCallbackBody,
  CorrectPauseBody,
  CorrectResultBody,
  LatePauseBody,
  StepTimeBody,
} from './case-corrections.bodies.js';
import { runStep, Step } from './case-step.api.js';

/** Late facts and mistakes, put right by a supervisor who did not handle the case (更正). */
@ApiTags('cases')
@Controller()
export class CaseCorrectionsController {
  constructor(private readonly commands: CommandBus) {}

  @Step('corrections/step-time', ['supervisor'], 'A step really happened at another time; clocks and reports follow')
  stepTime(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: StepTimeBody): Promise<Answer> {
    const { step, occurredAt, reasonCode, reason } = body;
    return this.step(request, id, { type: 'CorrectStepTime', step, occurredAt, reasonCode, reason });
  }

  @Step('corrections/pause', ['supervisor'], 'A pause had another reason or span, or never was')
  pause(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: CorrectPauseBody): Promise<Answer> {
    const { pauseId, voided = false, from, to, pauseReasonCode, reasonCode, reason } = body;
    return this.step(request, id, {
      type: 'CorrectPause',
      pauseId,
      voided,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(pauseReasonCode === undefined ? {} : { pauseReasonCode }),
      reasonCode,
      reason,
    });
  }

  @Step('corrections/late-pause', ['supervisor'], 'A pause that nobody had recorded')
  latePause(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: LatePauseBody): Promise<Answer> {
    const { pauseReasonCode, from, to, reasonCode, reason } = body;
    return this.step(request, id, { type: 'RecordLatePause', pauseReasonCode, from, to, reasonCode, reason });
  }

  @Step('corrections/result', ['supervisor'], 'The outcome or the reply was entered wrongly')
  result(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: CorrectResultBody): Promise<Answer> {
    const { outcome, reply = null, reasonCode, reason } = body;
    return this.step(request, id, { type: 'CorrectResult', outcome, reply, reasonCode, reason });
  }

  @Step('corrections/callback', ['supervisor'], 'What the requester said at a callback was entered wrongly')
  callback(@Asked() request: RequestState, @Id('caseId') id: string, @Body() body: CorrectCallbackBody): Promise<Answer> {
    const { n, reachability, resolved = null, satisfaction = null, reasonCode, reason } = body;
    return this.step(request, id, { type: 'CorrectCallback', n, reachability, resolved, satisfaction, reasonCode, reason });
  }

  private step(request: RequestState, caseId: string, step: CaseStep): Promise<Answer> {
    return runStep(this.commands, request, caseId, step);
  }
}
