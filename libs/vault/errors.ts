/** Stable codes of the vault's errors; no message of theirs ever holds a clear value, a key or a digest. */
export type VaultErrorCode =
  | 'kek-unreadable'
  | 'kek-mismatch'
  | 'invalid-subject-id'
  | 'subject-key-missing'
  | 'subject-key-destroyed'
  | 'envelope-tampered'
  | 'value-not-sealable'
  | 'index-value-empty'
  | 'unknown-index-field'
  | 'claim-taken'
  | 'command-hash-malformed';

/** Base of everything the vault throws by itself; faults of the database connection pass through unchanged. */
export class VaultError extends Error {
  constructor(
    readonly code: VaultErrorCode,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** The key file is missing, unreadable, of the wrong length or open to others. */
export class KekUnreadableError extends VaultError {
  constructor(path: string, reason: string) {
    super('kek-unreadable', `The key file ${path} can not be used: ${reason}`);
  }
}

/** Something wrapped by the key-encryption key does not open with it: another key file, or a damaged row. */
export class KekMismatchError extends VaultError {
  constructor(what: string) {
    super(
      'kek-mismatch',
      `${what} does not open with the key file in use: it is another installation's file, or the row is damaged`,
    );
  }
}

/** A subject id that is not a lower-case UUID. The offending text is left out: it may be a person's name or number. */
export class InvalidSubjectIdError extends VaultError {
  constructor() {
    super('invalid-subject-id', 'A subject id must be a lower-case UUID');
  }
}

/** No row at all for a key that an envelope names; a destroyed key would have left a tombstone. */
export class SubjectKeyMissingError extends VaultError {
  constructor(readonly subjectId: string) {
    super(
      'subject-key-missing',
      `The vault holds neither a key nor a tombstone for subject ${subjectId}: it may be older than the event log`,
    );
  }
}

/** The subject was erased; nothing can be sealed for it again. */
export class SubjectKeyDestroyedError extends VaultError {
  constructor(readonly subjectId: string) {
    super('subject-key-destroyed', `The key of subject ${subjectId} has been destroyed`);
  }
}

/** An envelope is malformed, was altered, or stands at a place it was not made for. */
export class EnvelopeTamperedError extends VaultError {
  constructor(reason: 'malformed' | 'altered' | 'moved') {
    super('envelope-tampered', `A sealed field does not open: it is ${reason}`);
  }
}

/** `undefined`, a function or a symbol has no JSON form and can not be sealed. */
export class ValueNotSealableError extends VaultError {
  constructor(context: string) {
    super('value-not-sealable', `The value at ${context} has no JSON form`);
  }
}

/** Nothing is left of a value after normalisation, so it can be neither indexed nor claimed. */
export class IndexValueEmptyError extends VaultError {
  constructor(readonly field: string) {
    super('index-value-empty', `The value of ${field} is empty after normalisation`);
  }
}

/** An index field or claim kind whose last segment names no normaliser. */
export class UnknownIndexFieldError extends VaultError {
  constructor(field: string) {
    super('unknown-index-field', `No normaliser is known for the index field ${field}`);
  }
}

/** The value is already held by another stream. Which value, and by whom, is not told. */
export class ClaimTakenError extends VaultError {
  constructor(readonly kind: string) {
    super('claim-taken', `This ${kind} is already in use`);
  }
}

/** A stored command hash whose key name is not one the vault writes. */
export class CommandHashMalformedError extends VaultError {
  constructor() {
    super('command-hash-malformed', 'The stored command hash names no known key');
  }
}
