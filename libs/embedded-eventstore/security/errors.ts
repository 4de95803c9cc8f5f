/** Thrown when the server is asked to listen where it must not or can not; the message says what would help. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Thrown when a certificate, a key or a password can not be used; the message names the file and never holds a secret. */
export class SecurityError extends Error {
  override readonly name = 'SecurityError';
}
