import { Refusal, type RefusalKind } from '@huicai/kernel';
import { etagOf } from './answer.js';
import { BadInput, type FieldFault } from './faults.js';
import { PROBLEM_TEXTS, PROBLEM_TITLES } from './problem-texts.js';
import type { Language } from './request.js';

/** An answer that says no, as RFC 9457 has it. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What is told of a refusal, before it is put into words. */
export interface Refused {
  readonly code: string;
  readonly status: number;
  readonly params?: Readonly<Record<string, string | number>> | undefined;
  readonly field?: string | undefined;
  readonly errors?: readonly FieldFault[];
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

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
/** For refusals that pass by themselves. */
export const RETRY_LATER: Readonly<Record<string, string>> = { 'retry-after': String(RETRY_AFTER_SECONDS) };

/** The problem a refusal is. */
export const problemOfRefusal = (refusal: Refusal, language: Language): Problem => tellProblem(refusedBy(refusal), language);

/** How a refusal of a rulebook or of the edge is told. */
export function refusedBy(refusal: Refusal): Refused {
  const { kind, code, details } = refusal;
  const { field, params, extra } = details;
  const base = { code, status: PROBLEM_TEXTS[code]?.status ?? STATUS[kind], field, params, extra };
  if (refusal instanceof BadInput) return { ...base, status: refusal.malformed ? 400 : base.status, errors: refusal.errors };
  if (kind === 'stale') {
    const currentVersion = String(extra?.currentVersion);
    return { ...base, params: { ...params, currentVersion }, headers: { etag: etagOf(currentVersion) } };
  }
  if (kind === 'unavailable') return { ...base, headers: RETRY_LATER };
  return base;
}

/** Puts a refusal into words. */
export function tellProblem(refused: Refused, language: Language): Problem {
  const { code, status, params, field, errors, extra, headers = {} } = refused;
  const detail = (of: string, filled: Refused['params']) => fill(PROBLEM_TEXTS[of]?.[language] ?? of, filled);
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

const fill = (text: string, params: Refused['params'] = {}): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? '–'));
