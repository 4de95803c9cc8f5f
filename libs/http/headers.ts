import { badInput } from './faults.js';
import { header, type Language, type RequestState } from './request.js';

/** The revision in `If-Match: "<revision>"`; undefined without the header. @throws BadInput `if-match-invalid` */
export function ifMatchOf(state: RequestState): bigint | undefined {
  const value = header(state, 'if-match');
  if (value === undefined) return undefined;
  const revision = /^"(\d{1,18})"$/.exec(value.trim())?.[1];
  if (revision === undefined) throw badInput('if-match-invalid', 'If-Match');
  return BigInt(revision);
}

/** The caller's key, 1 to 200 visible ASCII characters; undefined without one. @throws BadInput `idempotency-key-invalid` */
export function idempotencyKeyOf(state: RequestState): string | undefined {
  const value = header(state, 'idempotency-key');
  if (value === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,200}$/.test(value)) throw badInput('idempotency-key-invalid', 'Idempotency-Key');
  return value;
}

/** The position a read has to have reached; undefined without one. @throws BadInput `min-position-invalid` */
export function minPositionOf(state: RequestState): bigint | undefined {
  const value = header(state, 'x-min-position');
  if (value === undefined) return undefined;
  if (!/^\d{1,18}$/.test(value)) throw badInput('min-position-invalid', 'X-Min-Position');
  return BigInt(value);
}

/** Whether a stale answer is worse than none. */
export const isStrict = (state: RequestState): boolean =>
  header(state, 'x-consistency') === 'strict' || /(^|,)\s*strict\s*(,|$)/i.test(header(state, 'prefer') ?? '');

/** What personal data is read for, a code. @throws BadInput `purpose-invalid` */
export function purposeOf(state: RequestState): string {
  const value = header(state, 'x-purpose') ?? 'case-handling';
  if (!/^[a-z][a-z0-9._-]{0,63}$/.test(value)) throw badInput('purpose-invalid', 'X-Purpose');
  return value;
}

/** The better of Chinese and English by `Accept-Language`; Chinese when neither is asked for. */
export function languageOf(accepted: string | undefined): Language {
  let best: { language: Language; weight: number } | undefined;
  for (const part of (accepted ?? '').split(',')) {
    const [range = '', ...options] = part.trim().toLowerCase().split(';');
    const language = /^zh\b/.test(range) ? 'zh' : /^en\b/.test(range) ? 'en' : undefined;
    if (!language) continue;
    const q = options.map((option) => /^\s*q=(\d(?:\.\d{0,3})?)\s*$/.exec(option)?.[1]).find((found) => found !== undefined);
    const weight = q === undefined ? 1 : Number(q);
    if (weight > 0 && (!best || weight > best.weight)) best = { language, weight };
  }
  return best?.language ?? 'zh';
}
