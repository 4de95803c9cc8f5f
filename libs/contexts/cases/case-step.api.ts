import { type Answer, type RequestState, Roles } from '@huicai/http';
import type { TokenRole } from '@huicai/identity';
import { streamName } from '@huicai/kernel';
import { applyDecorators, HttpCode, Post } from '@nestjs/common';
import type { CommandBus } from '@nestjs/cqrs';
import { ApiOperation } from '@nestjs/swagger';
import { RunCommand } from '../edge.js';
import { type CaseStep, stepCase } from './case.intake.js';
import { caseChangedSince } from './case-changes.pages.js';
import type { CaseEvent, CaseSubject } from './contract.js';

/** A step a case takes: its place under the case, and who may try it. */
export const Step = (path: string, roles: readonly TokenRole[], text: string): MethodDecorator =>
  applyDecorators(Post(`cases/:caseId/${path}`), HttpCode(200), Roles(...roles), ApiOperation({ summary: text }));

export function runStep(commands: CommandBus, request: RequestState, caseId: string, step: CaseStep): Promise<Answer> {
  return commands.execute(
    new RunCommand(
      request,
      { id: () => caseId },
      async ({ gateway, caller, meta, firstEvent }) => {
        const registered = (await firstEvent(streamName('case', caseId)))?.data as
          | Extract<CaseEvent, { type: 'CaseRegistered' }>['data']
          | undefined;
        const subjects: readonly CaseSubject[] | undefined = registered?.subjects;
        return stepCase(gateway, caller, meta, { caseId, subjects }, step);
      },
      (reads, revision) => caseChangedSince(reads, caseId, revision),
    ),
  );
}

export const reasoned = ({ reasonCode, reason }: { readonly reasonCode: string; readonly reason?: string }) => ({
  reasonCode,
  reason: reason ?? null,
});
