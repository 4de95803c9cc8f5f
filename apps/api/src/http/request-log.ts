import type { RequestState } from '@huicai/http';
import type { FastifyInstance } from 'fastify';

/** One line per request: method, route, status, milliseconds, correlation id. Concrete paths hold ids, so they are left out. */
export function logRequests(fastify: FastifyInstance, log: (line: string) => void): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const state = (request as { huicai?: RequestState }).huicai;
    const route = request.routeOptions?.url ?? '(no route)';
    log(`${request.method} ${route} ${reply.statusCode} ${Math.round(reply.elapsedTime)}ms ${state?.correlationId ?? '-'}`);
    done();
  });
}
