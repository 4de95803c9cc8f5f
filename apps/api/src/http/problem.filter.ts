import type { RequestState } from '@huicai/http';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from './problems.js';

/** Tells every refusal as a problem, and every fault of ours by nothing but its number. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: (line: string) => void) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const state = (request as { huicai?: RequestState }).huicai;
    const problem = problemOf(error, state?.language ?? 'zh');
    if (problem.fault) this.log(`fault ${problem.fault.id} ${state?.correlationId ?? '-'} ${describe(problem.fault.error)}`);
    if (reply.sent) return;
    if (state?.idempotencyKey !== undefined) reply.header('idempotency-key', state.idempotencyKey);
    reply.code(problem.status).headers(problem.headers).send(JSON.stringify(problem.body));
  }
}

/** Kind, code and place of an error. Its message is left out: drivers put values into theirs. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = (error as { code?: unknown }).code;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return [error.name, ...(typeof code === 'string' ? [code] : []), ...frames.slice(0, 8).map((line) => line.trim())].join(' | ');
}
