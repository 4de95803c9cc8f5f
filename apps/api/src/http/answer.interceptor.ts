import { header, isAnswer, type RequestState } from '@huicai/http';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';

/** Writes an answer's status and headers, and 304 for a reader who has this version already. */
export class AnswerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const { huicai: state } = http.getRequest<{ huicai: RequestState }>();
    const reply = http.getResponse<FastifyReply>();
    return next.handle().pipe(
      map((value: unknown) => {
        if (!isAnswer(value)) return value;
        reply.headers(value.headers);
        if (value.etag !== undefined) reply.header('etag', value.etag);
        const reading = state.method === 'GET' || state.method === 'HEAD';
        if (reading) reply.header('cache-control', 'private, no-cache').header('vary', 'Authorization, Accept-Language');
        const tagged = value.etag !== undefined && !value.movesOn;
        const unchanged = reading && tagged && matches(header(state, 'if-none-match'), value.etag!);
        reply.code(unchanged ? 304 : value.status);
        return unchanged ? undefined : value.body;
      }),
    );
  }
}

/** RFC 9110: the weak comparison, over a list. */
function matches(wanted: string | undefined, etag: string): boolean {
  if (wanted === undefined) return false;
  return wanted.trim() === '*' || wanted.split(',').some((each) => each.trim().replace(/^W\//, '') === etag);
}
