/** A value that has no one canonical form and so can not be hashed, signed or stored as an event. `path` names the place. */
export class NotCanonicalError extends Error {
  constructor(
    readonly path: string,
    readonly why: string,
  ) {
    super(`${path || 'value'}: ${why}`);
    this.name = 'NotCanonicalError';
  }
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const INTEGER_LIKE = /^(0|[1-9]\d*)$/;

/**
 * The same value with its object keys in canonical order and `undefined` members left out, so that a plain `JSON.stringify` of it
 * gives the canonical bytes (RFC 8785).
 *
 * @throws NotCanonicalError for integer-like keys (JavaScript objects reorder them), integers outside the safe range, non-finite
 * numbers, lone surrogates, and anything that is not JSON.
 */
export function canonical<T>(value: T, path = ''): T {
  return order(value, path) as T;
}

/** RFC 8785 text of a value. @throws NotCanonicalError as {@link canonical} */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(order(value, ''));
}

function order(value: unknown, path: string): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return checkText(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotCanonicalError(path, 'is not a finite number');
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw new NotCanonicalError(path, 'is outside the safe integers');
    return Object.is(value, -0) ? 0 : value;
  }
  if (Array.isArray(value)) return Array.from(value, (item, index) => order(item, `${path}[${index}]`));
  if (typeof value === 'object') return orderObject(value as Record<string, unknown>, path);
  throw new NotCanonicalError(path, `a ${typeof value} is not JSON`);
}

function orderObject(value: Record<string, unknown>, path: string): Record<string, unknown> {
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null) throw new NotCanonicalError(path, `a ${value.constructor?.name} is not JSON`);
  const ordered: Record<string, unknown> = {};
  // RFC 8785 orders by UTF-16 code units, which is what comparing strings does.
  for (const key of Object.keys(value).sort(byCodeUnits)) {
    const member = value[key];
    if (member === undefined) continue;
    const at = path ? `${path}.${key}` : key;
    if (INTEGER_LIKE.test(key)) throw new NotCanonicalError(at, 'integer-like keys have no stable order');
    if (key === '__proto__') throw new NotCanonicalError(at, 'is not a permitted key');
    checkText(key, at);
    ordered[key] = order(member, at);
  }
  return ordered;
}

function checkText(text: string, path: string): string {
  if (LONE_SURROGATE.test(text)) throw new NotCanonicalError(path, 'has a lone surrogate');
  return text;
}

/** An own member of a record keyed by ids people choose; `constructor` and the like are no members. */
export function member<V>(record: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
