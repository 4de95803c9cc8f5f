import { randomUUID } from 'node:crypto';
import { badInput, header, isUuid, languageOf, type RequestState } from '@huicai/http';
import { TokenError } from '@huicai/identity';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../../../libs/contexts/gateway.js';

/** What the edge notes of a request before anything looks at it. */
export function requestState({ method, url, headers }: Pick<FastifyRequest, 'method' | 'url' | 'headers'>): RequestState {
  const given = headers['x-correlation-id'];
  return {
    method,
    path: url.split('?', 1)[0]!,
    correlationId: typeof given === 'string' && isUuid(given) ? given : randomUUID(),
    language: languageOf(headers['accept-language']),
    headers,
  };
}

/** @throws BadInput when the caller gave a correlation id that is none; it was replaced, and the caller should know. */
export function refuseBadCorrelationId(state: RequestState): void {
  const given = header(state, 'x-correlation-id');
  if (given !== undefined && given !== state.correlationId) throw badInput('correlation-id-invalid', 'X-Correlation-Id');
}

/** Whoever the token speaks for, as rulebooks know callers. @throws TokenError on a route that let nobody in */
export function callerOf({ principal }: RequestState): Caller {
  if (!principal) throw new TokenError('token-missing', 'A bearer token is needed');
  const { issuer, subject, role, talentId, departmentId, specialistId, employerId } = principal;
  return {
    id: `${issuer}|${subject}`,
    role,
    ...(talentId === undefined ? {} : { talentId }),
    ...(departmentId === undefined ? {} : { departmentId }),
    ...(specialistId === undefined ? {} : { specialistId }),
    ...(employerId === undefined ? {} : { employerId }),
  };
}
