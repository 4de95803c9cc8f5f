import { IndexValueEmptyError, UnknownIndexFieldError } from './errors.js';

const INVISIBLE = /\p{Cf}/gu;
const SPACES = /\s+/gu;
/** The dots people type between the parts of a minority or transcribed name, all meaning U+00B7. */
const NAME_DOTS = /[•‧・.。]/gu;

const fold = (text: string): string => text.normalize('NFKC').replace(INVISIBLE, '').trim();

/** Some letters come apart in upper case, such as U+03B0. */
const inUpperCase = (text: string): string => text.toUpperCase().normalize('NFKC');

/** A person's name: compatibility forms folded, all spaces removed, one kind of middle dot, Latin letters in lower case. */
export function normaliseName(text: string): string {
  return fold(text).replace(SPACES, '').replace(NAME_DOTS, '·').toLowerCase().normalize('NFKC');
}

/**
 * A telephone number: its digits, without China's prefix (`+86`, `0086`, or `86` before an eleven-digit mobile number). Other
 * countries' numbers keep a leading `+`, so that `+1 380…` is not taken for a Chinese mobile number.
 */
export function normalisePhone(text: string): string {
  const folded = fold(text).replace(/^[\s(]+/u, '');
  const international = folded.startsWith('+') || folded.startsWith('00');
  const digits = folded.replace(/\D/gu, '').replace(/^00/u, '');
  if (digits === '') return '';
  if (international) return digits.startsWith('86') ? digits.slice(2) : `+${digits}`;
  return digits.replace(/^86(?=1\d{10}$)/u, '');
}

/** An identity-document number: spaces removed, letters in upper case (the check digit `x` becomes `X`). */
export function normaliseIdNumber(text: string): string {
  return inUpperCase(fold(text).replace(SPACES, ''));
}

/** A card number: spaces and hyphens removed, letters in upper case. */
export function normaliseCardNumber(text: string): string {
  return inUpperCase(fold(text).replace(/[\s\-‐–—]+/gu, ''));
}

/** Any other text that must match exactly: compatibility forms folded, outer spaces removed. */
export function normaliseText(text: string): string {
  return fold(text);
}

const NORMALISERS = {
  name: normaliseName,
  phone: normalisePhone,
  idNumber: normaliseIdNumber,
  cardNumber: normaliseCardNumber,
  text: normaliseText,
} as const;

type Normaliser = keyof typeof NORMALISERS;

/**
 * The name of a blind index or of a claim kind. Its last segment names the normaliser: `phone`, `talent.idNumber`,
 * `card.cardNumber`, `liveCard.text`.
 */
export type IndexField = Normaliser | `${string}.${Normaliser}`;

/**
 * Brings a value into the form that is compared.
 * @throws UnknownIndexFieldError for a field without normaliser, IndexValueEmptyError when nothing is left of the value.
 */
export function normalise(field: IndexField, value: string): string {
  const kind = field.slice(field.lastIndexOf('.') + 1);
  if (!Object.hasOwn(NORMALISERS, kind)) throw new UnknownIndexFieldError(field);
  const normalised = NORMALISERS[kind as Normaliser](value);
  if (normalised === '') throw new IndexValueEmptyError(field);
  return normalised;
}
