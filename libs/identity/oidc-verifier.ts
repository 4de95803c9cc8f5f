import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { IssuerUnavailableError, OidcConfigurationError, TokenError } from './errors.js';
import { assertTokenText, type ClaimNames, DEFAULT_CLAIM_NAMES, principalFrom, type TokenVerifier } from './principal.js';
import { ASYMMETRIC_ALGORITHMS, type AsymmetricAlgorithm, checkToken } from './token-check.js';

const FETCH_TIMEOUT_MS = 5_000;
const CLOCK_TOLERANCE_SECONDS = 30;

export type OidcSettings = {
  /** Exactly as in the tokens' `iss`; https, or http on loopback. */
  readonly issuer: string;
  readonly audience: string;
  readonly claims?: Partial<ClaimNames>;
  /** Accepted signature algorithms; all asymmetric ones unless told. */
  readonly algorithms?: readonly AsymmetricAlgorithm[];
  readonly now?: () => Date;
};

/**
 * Verifies tokens of an external OpenID Connect issuer against the key set that its discovery document names. Nothing is
 * fetched before the first token; the key set is then kept and fetched again when a token names an unknown key. Clocks may
 * differ by 30 s.
 * @throws OidcConfigurationError for settings that would be insecure.
 */
export function createOidcVerifier(settings: OidcSettings): TokenVerifier {
  const { issuer, audience, now = () => new Date() } = settings;
  assertSecureUrl(issuer, 'the issuer');
  if (audience === '') throw new OidcConfigurationError('the audience is empty');
  const algorithms = [...(settings.algorithms ?? ASYMMETRIC_ALGORITHMS)];
  if (algorithms.length === 0 || algorithms.some((a) => !ASYMMETRIC_ALGORITHMS.includes(a))) {
    throw new OidcConfigurationError('only asymmetric signature algorithms are allowed');
  }
  const names = { ...DEFAULT_CLAIM_NAMES, ...settings.claims };
  let keySet: Promise<JWTVerifyGetKey> | undefined;
  const keys = (): Promise<JWTVerifyGetKey> => {
    keySet ??= discoverKeySet(issuer).catch((error: unknown) => {
      keySet = undefined;
      throw error;
    });
    return keySet;
  };
  return {
    async verifyToken(token) {
      assertTokenText(token);
      const key = await keys();
      try {
        const options = { issuer, audience, algorithms, clockTolerance: CLOCK_TOLERANCE_SECONDS, currentDate: now() };
        return principalFrom(await checkToken(token, key, options), names);
      } catch (error) {
        if (error instanceof TokenError) throw error;
        throw new IssuerUnavailableError(issuer, 'its key set can not be fetched', error);
      }
    },
  };
}

async function discoverKeySet(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  let document: unknown;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
    if (!response.ok) throw new Error(`status ${response.status}`);
    document = await response.json();
  } catch (error) {
    throw new IssuerUnavailableError(issuer, 'its discovery document can not be fetched', error);
  }
  const { issuer: named, jwks_uri: keySetUrl } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new IssuerUnavailableError(issuer, 'its discovery document names another issuer');
  if (typeof keySetUrl !== 'string') throw new IssuerUnavailableError(issuer, 'its discovery document names no key set');
  try {
    assertSecureUrl(keySetUrl, 'the key set');
  } catch (error) {
    throw new IssuerUnavailableError(issuer, 'its key set is not offered over https', error);
  }
  return createRemoteJWKSet(new URL(keySetUrl), { timeoutDuration: FETCH_TIMEOUT_MS });
}

function assertSecureUrl(text: string, what: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const loopback = url && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) {
    throw new OidcConfigurationError(`${what} must be an https URL`);
  }
}
