import type { Metrics } from '@huicai/metrics';
import type { FastifyInstance } from 'fastify';
import { Histogram } from 'prom-client';

/** Measures every request by the template of its route, so that no id becomes a label. Streams end when their reader leaves: they are left out. */
export function measureRequests(fastify: FastifyInstance, { registry }: Metrics): void {
  const seconds = new Histogram({
    name: 'huicai_http_request_seconds',
    help: 'How long requests took, by method, route and class of status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions?.url ?? '(no route)';
    const isStream = String(reply.raw.getHeader('content-type')).startsWith('text/event-stream');
    const labels = { method: request.method, route, status: `${Math.floor(reply.statusCode / 100)}xx` };
    if (!isStream) seconds.observe(labels, reply.elapsedTime / 1_000);
    done();
  });
}
