import helmet from '@fastify/helmet';
import { badInput } from '@huicai/http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { apiModule } from './api.module.js';
import { refuseBrokenRequest } from './http/broken-request.js';
import { useJsonBodies } from './http/json-bodies.js';
import { problemOf } from './http/problems.js';
import { logRequests } from './http/request-log.js';
import { measureRequests } from './http/request-metrics.js';
import { requestState } from './http/request-state.js';
import { describeApi } from './openapi.js';
import type { Parts } from './parts.js';

/** Bodies past this many bytes are refused. */
export const BODY_LIMIT = 256 * 1024;

/** How long a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The documentation page needs inline styles and its own images; everything comes from here. */
const CONTENT_SECURITY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    baseUri: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

/** The HTTP API on running parts, ready to listen or to be injected into. */
export async function createApi(parts: Parts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    trustProxy: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    clientErrorHandler: refuseBrokenRequest,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const { status, headers, body } = problemOf(badInput('url-malformed', '$'), requestState(request).language);
      reply.code(status).headers(headers).send(JSON.stringify(body));
    },
  });
  const fastify = adapter.getInstance();
  fastify.decorateRequest('huicai', null as never);
  fastify.addHook('onRequest', (request, reply, done) => {
    const state = requestState(request);
    (request as { huicai?: unknown }).huicai = state;
    reply.header('x-correlation-id', state.correlationId);
    done();
  });
  logRequests(fastify, parts.log);
  measureRequests(fastify, parts.metrics);
  const app = await NestFactory.create<NestFastifyApplication>(apiModule(parts), adapter, {
    bodyParser: false,
    logger: false,
  });
  await app.register(helmet, { contentSecurityPolicy: CONTENT_SECURITY, strictTransportSecurity: false });
  useJsonBodies(fastify);
  app.setGlobalPrefix('api/v1', { exclude: ['health/live', 'health/ready', 'metrics'] });
  describeApi(app);
  await app.init();
  await fastify.ready();
  return app;
}
