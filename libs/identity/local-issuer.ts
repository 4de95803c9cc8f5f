import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Vault } from '@huicai/vault';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';
import { assertTokenText, DEFAULT_CLAIM_NAMES, type Principal, principalFrom, type TokenVerifier } from './principal.js';
import type { TokenRole } from './roles.js';
import { checkToken } from './token-check.js';

export const LOCAL_ISSUER = 'urn:huicai:local';
export const LOCAL_AUDIENCE = 'huicai';

const LIFETIME_SECONDS = 8 * 60 * 60;
const TYPE = 'at+jwt';

/** Whom a token is issued to. */
export type TokenUser = {
  readonly id: string;
  readonly role: TokenRole;
  readonly departmentId?: string;
  readonly specialistId?: string;
  readonly talentId?: string;
  readonly employerId?: string;
  readonly displayName?: string;
};

/** `expiresIn` in seconds. */
export type IssuedToken = { readonly accessToken: string; readonly expiresIn: number };

/**
 * Issues and verifies tokens without an external issuer, for the embedded mode. The Ed25519 key pair is made on first use and
 * kept in the vault, so that tokens survive a restart and all processes accept each other's.
 */
export class LocalIssuer implements TokenVerifier {
  private constructor(
    private readonly privateKey: KeyObject,
    private readonly publicKey: KeyObject,
    private readonly keyId: string,
    private readonly now: () => Date,
  ) {}

  static async open(vault: Vault, now: () => Date = () => new Date()): Promise<LocalIssuer> {
    const der = await vault.installationSecret('token-signing', () =>
      generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
    );
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(privateKey);
    const keyId = await calculateJwkThumbprint(await exportJWK(publicKey));
    return new LocalIssuer(privateKey, publicKey, keyId, now);
  }

  /** A token valid for 8 hours; it stays valid when the user is switched off meanwhile. */
  async issueToken(user: TokenUser): Promise<IssuedToken> {
    const issuedAt = Math.floor(this.now().getTime() / 1000);
    const accessToken = await new SignJWT({
      role: user.role,
      department: user.departmentId,
      specialist: user.specialistId,
      talent: user.talentId,
      employer: user.employerId,
      name: user.displayName,
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: this.keyId })
      .setIssuer(LOCAL_ISSUER)
      .setAudience(LOCAL_AUDIENCE)
      .setSubject(user.id)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME_SECONDS)
      .sign(this.privateKey);
    return { accessToken, expiresIn: LIFETIME_SECONDS };
  }

  /** @throws TokenError. */
  async verifyToken(token: string | undefined): Promise<Principal> {
    assertTokenText(token);
    const claims = await checkToken(token, () => this.publicKey, {
      issuer: LOCAL_ISSUER,
      audience: LOCAL_AUDIENCE,
      algorithms: ['EdDSA'],
      typ: TYPE,
      currentDate: this.now(),
    });
    return principalFrom(claims, DEFAULT_CLAIM_NAMES);
  }
}
