import { FoldError } from './outage.js';
import type { Row } from './table.js';

const MAX_LENGTH = 300;

/** What PostgreSQL's error classes say of a row, without quoting it. */
const CLASSES: Readonly<Record<string, string>> = { 22: 'a value', 23: 'a constraint', 54: 'a size limit' };

/**
 * Says what was wrong with an event, for the operator, without saying what was in it: PostgreSQL is quoted by code and names alone,
 * since its messages repeat values, and out of any other message the values of the event and of the rows it met are taken.
 */
export function faultText(error: unknown, data: unknown, rows: readonly Row[]): string {
  const cause = error instanceof FoldError && error.cause !== undefined ? error.cause : error;
  const { code } = (cause ?? {}) as { code?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return refusal(code, cause as Record<string, unknown>);
  if (!(cause instanceof Error)) return `the fold threw no error but a ${typeof cause}`;
  let text = cause.message;
  for (const value of valuesOf([data, rows]).sort((a, b) => b.length - a.length)) text = text.replaceAll(value, '…');
  text = text.replace(/\d{4,}/g, '…').replace(/\p{Cc}+/gu, ' ');
  return `${cause.name}: ${text}`.slice(0, MAX_LENGTH);
}

function refusal(code: string, error: Record<string, unknown>): string {
  const named = (['table', 'column', 'constraint', 'dataType'] as const).flatMap((what) =>
    typeof error[what] === 'string' ? [`${what} ${error[what]}`] : [],
  );
  return [`PostgreSQL refused ${CLASSES[code.slice(0, 2)] ?? 'the rows'} (SQLSTATE ${code})`, ...named].join(', ');
}

/** All texts and numbers inside, as they would be printed; single characters say nothing about anybody. */
function valuesOf(value: unknown, seen = new Set<object>()): string[] {
  if (typeof value === 'string') return value.length > 1 ? [value] : [];
  if (typeof value === 'number' || typeof value === 'bigint') return String(value).length > 1 ? [String(value)] : [];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? [] : [value.toISOString(), String(value)];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  return Object.values(value).flatMap((each) => valuesOf(each, seen));
}
