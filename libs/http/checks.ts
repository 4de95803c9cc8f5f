import { mod11_2 } from '@huicai/kernel';
import type { Fault } from './faults.js';

/** Judges one value; `owner` is the object it stands in, for values whose form depends on a neighbour. */
export type Check = (value: unknown, owner: Readonly<Record<string, unknown>>) => Fault | undefined;

const fault = (code: string, params?: Fault['params']): Fault => ({ code, ...(params ? { params } : {}) });
const wrongType = (expected: string): Fault => fault('wrong-type', { expected });

const LONE_SURROGATE = /\p{Surrogate}/u;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const CONTROL_BUT_BREAKS = /[^\P{Cc}\n\t]/u;
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3|\ufe0f/u;
const VISIBLE = /[^\s\p{Cf}]/u;
const PERSON_NAME = /^[\p{L}\p{M}\p{N}·•‧.'’() （）-]+$/u;

const lengthOf = (text: string): number => Array.from(text).length;

/** Any text people write, with line breaks and tabs, `min` to `max` characters. */
export const freeText =
  (max = 4_000, min = 1): Check =>
  (value) => {
    if (typeof value !== 'string') return wrongType('string');
    return textFault(value, CONTROL_BUT_BREAKS, min, max);
  };

/** One line of text without emoji: names of offices, employers, items. */
export const label =
  (max: number): Check =>
  (value) => {
    if (typeof value !== 'string') return wrongType('string');
    return textFault(value, CONTROL, 1, max) ?? (EMOJI.test(value) ? fault('emoji-in-name') : undefined);
  };

/** A person's name of 1 to 50 characters: letters of any script, middle dots, spaces, hyphens, apostrophes, brackets. */
export const personName: Check = (value, owner) => {
  const found = label(50)(value, owner);
  if (found) return found;
  const name = value as string;
  return PERSON_NAME.test(name) && /\p{L}/u.test(name) ? undefined : fault('name-character');
};

function textFault(text: string, controls: RegExp, min: number, max: number): Fault | undefined {
  if (LONE_SURROGATE.test(text)) return fault('lone-surrogate');
  if (controls.test(text)) return fault('control-character');
  const length = lengthOf(text);
  if (min > 0 && !VISIBLE.test(text)) return fault('text-empty');
  if (length < min) return fault('text-too-short', { min });
  return length > max ? fault('text-too-long', { max }) : undefined;
}

/** Text of a fixed form. */
export const pattern =
  (form: RegExp, code: string): Check =>
  (value) => {
    if (typeof value !== 'string') return wrongType('string');
    return form.test(value) ? undefined : fault(code);
  };

/** A mainland mobile number, or `+` and a country's number. */
export const phoneNumber: Check = pattern(/^(1[3-9]\d{9}|\+[1-9]\d{6,14})$/, 'phone-invalid');

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);

/** A UUID in the lower-case form ids are given out in. */
export const uuid: Check = pattern(UUID, 'not-a-uuid');

/** A day that exists, YYYY-MM-DD. */
export const calendarDay: Check = (value) => {
  if (typeof value !== 'string') return wrongType('string');
  return isDay(value) ? undefined : fault('date-invalid');
};

function isDay(text: string): boolean {
  if (!/^(19|20|21)\d{2}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text;
}

/** A month, YYYY-MM. */
export const month: Check = pattern(/^(19|20|21)\d{2}-(0[1-9]|1[0-2])$/, 'month-invalid');

export const wholeNumber =
  (min: number, max: number): Check =>
  (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return wrongType('integer');
    return value < min || value > max ? fault('out-of-range', { min, max }) : undefined;
  };

export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : wrongType('boolean'));

export const oneOf =
  (allowed: readonly string[]): Check =>
  (value) => {
    if (typeof value !== 'string') return wrongType('string');
    return allowed.includes(value) ? undefined : fault('not-one-of', { allowed: allowed.join(', ') });
  };

/** A list without repeats is the rulebook's matter; here only its size and the form of each entry are judged. */
export const listOf =
  (item: Check, max: number): Check =>
  (value, owner) => {
    if (!Array.isArray(value)) return wrongType('array');
    if (value.length > max) return fault('list-too-long', { max });
    for (const [i, entry] of value.entries()) {
      const found = item(entry, owner);
      if (found) return { ...found, at: `[${i}]${found.at ?? ''}` };
    }
    return undefined;
  };

/** The number of an identity document, by the `documentType` that stands beside it. */
export const documentNumber: Check = (value, { documentType }) => {
  if (typeof value !== 'string') return wrongType('string');
  if (documentType === 'PASSPORT') return /^[A-Z0-9]{5,20}$/.test(value) ? undefined : fault('passport-invalid');
  if (documentType === 'RESIDENT_ID') return residentIdFault(value);
  return fault('document-type-needed');
};

const CREDIT_CODE = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** An employer by its unified social credit code (统一社会信用代码, GB 32100-2015), whose last character checks the others. */
export const isEmployerId = (text: string): boolean => {
  if (!/^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/.test(text)) return false;
  let [sum, weight] = [0, 1];
  for (const character of text.slice(0, 17)) {
    sum += CREDIT_CODE.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return CREDIT_CODE[(31 - (sum % 31)) % 31] === text[17];
};

export const employerId: Check = (value) => {
  if (typeof value !== 'string') return wrongType('string');
  return isEmployerId(value) ? undefined : fault('employer-id-invalid');
};

function residentIdFault(number: string): Fault | undefined {
  if (!/^\d{17}[\dX]$/.test(number)) return fault('resident-id-invalid');
  const born = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  if (!isDay(born)) return fault('resident-id-date');
  return mod11_2(number.slice(0, 17)) === number[17] ? undefined : fault('resident-id-check-digit');
}
