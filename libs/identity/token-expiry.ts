import { decodeJwt } from 'jose';
import { TokenError } from './errors.js';

/** The instant a token that was verified before ceases to hold. @throws TokenError when it names none, which no verifier lets pass */
export function tokenExpiry(token: string): Date {
  const { exp } = decodeJwt(token);
  if (exp === undefined) throw new TokenError('token-invalid', 'The token has no end');
  return new Date(exp * 1_000);
}
