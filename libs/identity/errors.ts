export type TokenErrorCode = 'token-missing' | 'token-invalid' | 'token-expired';

/** A request without a usable bearer token. Nothing of the token is repeated in the message. */
export class TokenError extends Error {
  constructor(
    readonly code: TokenErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'TokenError';
  }
}

/** The external issuer's documents can not be fetched or used, so no token can be judged; not the caller's fault. */
export class IssuerUnavailableError extends Error {
  readonly code = 'issuer-unavailable';

  constructor(issuer: string, reason: string, cause?: unknown) {
    super(`The token issuer ${issuer} is not available: ${reason}`, { cause });
    this.name = 'IssuerUnavailableError';
  }
}

/** Settings of the external issuer that would be insecure or can not work; found at start. */
export class OidcConfigurationError extends Error {
  readonly code = 'oidc-configuration';

  constructor(reason: string) {
    super(`The settings of the external token issuer can not be used: ${reason}`);
    this.name = 'OidcConfigurationError';
  }
}

/** Unknown login, wrong password or a user who was switched off: which of them is not told. */
export class LoginFailedError extends Error {
  readonly code = 'login-failed';

  constructor() {
    super('Login or password is wrong');
    this.name = 'LoginFailedError';
  }
}

/** Another user has this login. */
export class LoginTakenError extends Error {
  readonly code = 'login-taken';

  constructor() {
    super('Another user has this login');
    this.name = 'LoginTakenError';
  }
}

/** Too many failed attempts for one login; even the right password is refused until the time is over. */
export class TooManyAttemptsError extends Error {
  readonly code = 'too-many-attempts';

  constructor(readonly retryAfterSeconds: number) {
    super(`Too many failed attempts; try again in ${retryAfterSeconds} s`);
    this.name = 'TooManyAttemptsError';
  }
}

/** An entry of the access log that would put free text where a code belongs, or names no subject. */
export class InvalidAccessEntryError extends Error {
  readonly code = 'invalid-access-entry';

  constructor(field: 'purpose' | 'subjectId' | 'resource') {
    super(`The ${field} of an access log entry is malformed`);
    this.name = 'InvalidAccessEntryError';
  }
}
