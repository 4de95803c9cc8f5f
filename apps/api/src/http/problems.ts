import { randomUUID } from 'node:crypto';
import { isDatabaseUnavailable } from '@huicai/database';
import { StoreUnavailableError } from '@huicai/event-store';
import { BadInput, etagOf, type FieldFault, type Language } from '@huicai/http';
import { IssuerUnavailableError, LoginFailedError, LoginTakenError, TokenError, TooManyAttemptsError } from '@huicai/identity';
import { NotCanonicalError, Refusal, type RefusalKind } from '@huicai/kernel';
import { SubjectKeyDestroyedError } from '@huicai/vault';
import { HttpException } from '@nestjs/common';
import { PROBLEM_TEXTS, PROBLEM_TITLES } from './problem-texts.js';

/** An answer that says no, as RFC 9457 has it. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** For faults of ours: what is logged under the id that is told. */
  readonly fault?: { readonly id: string; readonly error: unknown };
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const STATUS: Readonly<Record<RefusalKind, number>> = {
  invalid: 422,
  forbidden: 403,
  'not-found': 404,
  illegal: 409,
  conflict: 409,
  stale: 412,
  mismatch: 422,
  unavailable: 503,
};

const RETRY_AFTER_SECONDS = 2;

type Params = Readonly<Record<string, string | number>>;

interface Refused {
  readonly code: string;
  readonly status: number;
  readonly params?: Params | undefined;
  readonly field?: string | undefined;
  readonly errors?: readonly FieldFault[];
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an error thrown anywhere in a request is to the caller. Anything unknown is a fault of ours and tells nothing. */
export function problemOf(error: unknown, language: Language): Problem {
  const refused = refusedBy(error);
  if (refused) return tell(refused, language);
  const id = randomUUID();
  return {
    ...tell({ code: 'internal-error', status: 500, params: { errorId: id }, extra: { errorId: id } }, language),
    fault: { id, error },
  };
}

function refusedBy(error: unknown): Refused | undefined {
  if (error instanceof Refusal) return byRefusal(error);
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
  return away === undefined ? undefined : { code: away, status: 503, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } };
}

function byRefusal(refusal: Refusal): Refused {
  const { kind, code, details } = refusal;
  const { field, params, extra } = details;
  const base = { code, status: PROBLEM_TEXTS[code]?.status ?? STATUS[kind], field, params, extra };
  if (refusal instanceof BadInput) return { ...base, status: refusal.malformed ? 400 : base.status, errors: refusal.errors };
  if (kind === 'stale') {
    const currentVersion = String(extra?.currentVersion);
    return { ...base, params: { ...params, currentVersion }, headers: { etag: etagOf(currentVersion) } };
  }
  if (kind === 'unavailable') return { ...base, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } };
  return base;
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

function tell({ code, status, params, field, errors, extra, headers = {} }: Refused, language: Language): Problem {
  const detail = (of: string, filled: Params | undefined) => fill(PROBLEM_TEXTS[of]?.[language] ?? of, filled);
  return {
    status,
    headers: { ...headers, 'content-type': PROBLEM_TYPE, 'content-language': language === 'zh' ? 'zh-CN' : 'en' },
    body: {
      ...extra,
      type: `urn:huicai:problem:${code}`,
      title: PROBLEM_TITLES[status]?.[language] ?? code,
      status,
      code,
      detail: detail(code, params),
      ...(field === undefined ? {} : { field }),
      ...(errors
        ? { errors: errors.map((fault) => ({ field: fault.field, code: fault.code, detail: detail(fault.code, fault.params) })) }
        : {}),
    },
  };
}

const fill = (text: string, params: Params = {}): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? '–'));
