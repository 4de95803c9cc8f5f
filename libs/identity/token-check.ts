import { type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { TokenError } from './errors.js';

/** Signature algorithms accepted anywhere: asymmetric ones only, so that a public key can never serve as a shared secret. */
export const ASYMMETRIC_ALGORITHMS = [
  'EdDSA',
  'Ed25519',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const;

export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];

/** Faults of jose that speak of the issuer's key set and not of the token. */
const KEY_SET_FAULTS = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']);

/**
 * Verifies signature, issuer, audience and times of a token.
 * @throws TokenError for a fault of the token; anything else (the key set can not be fetched) unchanged.
 */
export async function checkToken(
  token: string,
  key: JWTVerifyGetKey,
  options: JWTVerifyOptions & { issuer: string; audience: string; algorithms: AsymmetricAlgorithm[] },
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, key, { ...options, requiredClaims: ['sub', 'exp'] });
    return payload;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ERR_JWT_EXPIRED') throw new TokenError('token-expired', 'The token has expired');
    if (typeof code === 'string' && /^ERR_(JOSE|JW[STEK])/.test(code) && !KEY_SET_FAULTS.has(code)) {
      throw new TokenError('token-invalid', 'The token is not valid');
    }
    throw error;
  }
}
