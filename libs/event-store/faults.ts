import { StoreRefusedError, StoreUnavailableError } from './port.js';

/** Errors the client tells apart, by its name for them, that stay the same however often it is asked. */
const REFUSED: Readonly<Record<string, StoreRefusedError['reason']>> = {
  'access-denied': 'access-denied',
  'stream-deleted': 'stream-deleted',
  'maximum-append-size-exceeded': 'too-large',
  'missing-required-metadata-property': 'invalid',
  'invalid-argument': 'invalid',
};

/** gRPC's INVALID_ARGUMENT and PERMISSION_DENIED, which the client does not know without trailers. */
const REFUSING_CODES: Readonly<Record<number, StoreRefusedError['reason']>> = { 3: 'invalid', 7: 'access-denied' };

/** What an error of the client is to callers: nothing but the reason, and no secret in it. */
export function faultOf(error: unknown, redact: (text: string) => string): StoreRefusedError | StoreUnavailableError {
  if (error instanceof StoreRefusedError) return error;
  const { type, code } = (error ?? {}) as { type?: unknown; code?: unknown };
  const reason = REFUSED[String(type)] ?? REFUSING_CODES[Number(code)];
  if (reason !== undefined) return new StoreRefusedError(reason);
  return new StoreUnavailableError(redact(error instanceof StoreUnavailableError ? error.reason : messageOf(error)));
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
