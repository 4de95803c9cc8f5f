import { randomUUID } from 'node:crypto';
import { isDatabaseUnavailable } from '@huicai/database';
import { StoreUnavailableError } from '@huicai/event-store';
import { type Language, PROBLEM_TEXTS, type Problem, RETRY_LATER, type Refused, refusedBy, tellProblem } from '@huicai/http';
import { IssuerUnavailableError, LoginFailedError, LoginTakenError, TokenError, TooManyAttemptsError } from '@huicai/identity';
import { NotCanonicalError, Refusal } from '@huicai/kernel';
import { SubjectKeyDestroyedError } from '@huicai/vault';
import { HttpException } from '@nestjs/common';

/** A problem as the API answers it. */
export interface ApiProblem extends Problem {
  /** For faults of ours: what is logged under the id that is told. */
  readonly fault?: { readonly id: string; readonly error: unknown };
}

/** What an error thrown anywhere in a request is to the caller. Anything unknown is a fault of ours and tells nothing. */
export function problemOf(error: unknown, language: Language): ApiProblem {
  const refused = refusal(error);
  if (refused) return tellProblem(refused, language);
  const id = randomUUID();
  return {
    ...tellProblem({ code: 'internal-error', status: 500, params: { errorId: id }, extra: { errorId: id } }, language),
    fault: { id, error },
  };
}

function refusal(error: unknown): Refused | undefined {
  if (error instanceof Refusal) return refusedBy(error);
  if (error instanceof TokenError)
    return { code: error.code, status: 401, headers: { 'www-authenticate': challenge(error.code) } };
  if (error instanceof LoginFailedError) return { code: 'login-failed', status: 401 };
  if (error instanceof LoginTakenError) return { code: 'login-taken', status: 409, field: 'login' };
  if (error instanceof TooManyAttemptsError) {
    const seconds = error.retryAfterSeconds;
    return { code: 'too-many-attempts', status: 429, params: { seconds }, headers: { 'retry-after': String(seconds) } };
  }
  if (error instanceof NotCanonicalError) return { code: 'not-canonical', status: 422 };
  if (error instanceof SubjectKeyDestroyedError) return { code: 'subject-erased', status: 409 };
  if (error instanceof HttpException) return byStatus(error.getStatus());
  const away = unavailable(error);
  return away === undefined ? undefined : { code: away, status: 503, headers: RETRY_LATER };
}

/** What the framework refuses before any code of ours runs. */
function byStatus(status: number): Refused | undefined {
  const codes: Readonly<Record<number, string>> = {
    400: 'malformed-json',
    404: 'route-not-found',
    413: 'body-too-large',
    414: 'url-malformed',
    415: 'content-type-unsupported',
  };
  const code = codes[status] ?? (status < 500 ? 'request-malformed' : undefined);
  return code === undefined ? undefined : { code, status: PROBLEM_TEXTS[code]?.status ?? status };
}

function unavailable(error: unknown): string | undefined {
  if (error instanceof StoreUnavailableError) return 'store-unavailable';
  if (error instanceof IssuerUnavailableError) return 'issuer-unavailable';
  // Undefined table or schema: no worker has opened its projections yet.
  const state = (error as { code?: unknown } | null)?.code;
  if (state === '42P01' || state === '3F000') return 'views-not-ready';
  return isDatabaseUnavailable(error) ? 'database-unavailable' : undefined;
}

const challenge = (code: TokenError['code']): string =>
  code === 'token-missing'
    ? 'Bearer realm="huicai"'
    : `Bearer realm="huicai", error="invalid_token", error_description="${code}"`;
