import { Refusal } from '@huicai/kernel';

/** What is wrong with one value of a request; `params` fill the localised text and never hold what was sent. */
export interface Fault {
  readonly code: string;
  readonly params?: Readonly<Record<string, string | number>>;
  /** Where inside the value, such as `[2]`. */
  readonly at?: string;
}

/** A fault with the place it was found at: a JSON path of the body, or the name of a parameter or header. */
export interface FieldFault extends Omit<Fault, 'at'> {
  readonly field: string;
}

/** Faults of form rather than of meaning: the request could not have been right whatever the office's data. */
const MALFORMED: ReadonlySet<string> = new Set([
  'unknown-field',
  'unknown-parameter',
  'wrong-type',
  'field-required',
  'not-a-uuid',
  'too-deep',
  'if-match-invalid',
  'idempotency-key-invalid',
  'correlation-id-invalid',
  'min-position-invalid',
  'last-event-id-invalid',
  'purpose-invalid',
  'cursor-invalid',
  'request-malformed',
  'url-malformed',
  'malformed-json',
]);

/** Everything that is wrong with the form of a request, all at once. The first fault gives the refusal its code. */
export class BadInput extends Refusal {
  readonly malformed: boolean;

  constructor(readonly errors: readonly [FieldFault, ...FieldFault[]]) {
    const [first] = errors;
    super('invalid', first.code, { field: first.field, ...(first.params ? { params: first.params } : {}) });
    this.name = 'BadInput';
    this.malformed = errors.some(({ code }) => MALFORMED.has(code));
  }
}

export const badInput = (code: string, field: string, params?: Fault['params']): BadInput =>
  new BadInput([{ code, field, ...(params ? { params } : {}) }]);
