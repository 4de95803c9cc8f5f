import { badInput } from './faults.js';

/** An opaque place in a list. */
export const cursorOf = (place: Readonly<Record<string, string>>): string =>
  Buffer.from(JSON.stringify(place), 'utf8').toString('base64url');

/**
 * Reads a cursor given out before; `forms` names its members and what each looks like.
 * @throws BadInput `cursor-invalid`
 */
export function readCursor<K extends string>(text: string, forms: Readonly<Record<K, RegExp>>): Record<K, string> {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw badInput('cursor-invalid', 'cursor');
  }
  if (typeof place !== 'object' || place === null) throw badInput('cursor-invalid', 'cursor');
  for (const [name, form] of Object.entries<RegExp>(forms)) {
    const part = (place as Record<string, unknown>)[name];
    if (typeof part !== 'string' || !form.test(part)) throw badInput('cursor-invalid', 'cursor');
  }
  return place as Record<K, string>;
}

/** Whether a cursor's text is an instant as we write them, of a year that calendars and the database both know. */
export function isCursorInstant(text: string): boolean {
  const at = /^[12]\d{3}-/.test(text) ? new Date(text) : undefined;
  return at !== undefined && !Number.isNaN(at.getTime()) && at.toISOString() === text;
}
