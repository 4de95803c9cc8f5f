/** What kind of refusal it is; the HTTP edge turns it into a status, nothing else looks at statuses. */
export type RefusalKind = 'invalid' | 'forbidden' | 'not-found' | 'illegal' | 'conflict' | 'stale' | 'mismatch' | 'unavailable';

export interface RefusalDetails {
  /** JSON path of the field at fault, as the caller knows it. */
  readonly field?: string;
  /** Fills the localised text; never holds personal data. */
  readonly params?: Readonly<Record<string, string | number>>;
  /** Extra members of the answer: the steps possible now, the current version. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A refusal with a stable code. Everything a person can do wrong ends here; anything else thrown is a fault of ours. */
export class Refusal extends Error {
  constructor(
    readonly kind: RefusalKind,
    readonly code: string,
    readonly details: RefusalDetails = {},
  ) {
    super(details.field ? `${code} (${details.field})` : code);
    this.name = 'Refusal';
  }
}

export const invalid = (code: string, field: string, params?: RefusalDetails['params']) =>
  new Refusal('invalid', code, { field, ...(params ? { params } : {}) });
export const forbidden = (code: string, details?: RefusalDetails) => new Refusal('forbidden', code, details);
export const notFound = (code: string, details?: RefusalDetails) => new Refusal('not-found', code, details);
export const illegal = (code: string, details?: RefusalDetails) => new Refusal('illegal', code, details);
