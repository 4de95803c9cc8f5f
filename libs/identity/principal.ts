import { TokenError } from './errors.js';
import { isTokenRole, type TokenRole } from './roles.js';

/** Who makes a request, as told by a verified token. Issuer and subject together name one person or service. */
export type Principal = {
  readonly issuer: string;
  readonly subject: string;
  readonly role: TokenRole;
  readonly departmentId?: string;
  readonly specialistId?: string;
  readonly talentId?: string;
  readonly employerId?: string;
  readonly displayName?: string;
};

/** Judges bearer tokens; `undefined` or an empty text is a missing token. */
export type TokenVerifier = {
  /** @throws TokenError; IssuerUnavailableError when the issuer's keys can not be fetched. */
  verifyToken(token: string | undefined): Promise<Principal>;
};

/** Where the token keeps what a principal needs; a dot steps into an object (`realm_access.roles`). */
export type ClaimNames = {
  readonly role: string;
  readonly departmentId: string;
  readonly specialistId: string;
  readonly talentId: string;
  readonly employerId: string;
  readonly displayName: string;
};

export const DEFAULT_CLAIM_NAMES: ClaimNames = {
  role: 'role',
  departmentId: 'department',
  specialistId: 'specialist',
  talentId: 'talent',
  employerId: 'employer',
  displayName: 'name',
};

const MAX_TEXT = 200;
const MAX_TOKEN = 16_384;

/** The token in an `Authorization` header. @throws TokenError `token-missing` when there is none of the Bearer scheme. */
export function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
  if (!token) throw new TokenError('token-missing', 'A bearer token is needed');
  return token;
}

/** Refuses what can not be a token before any parsing. */
export function assertTokenText(token: string | undefined): asserts token is string {
  if (!token) throw new TokenError('token-missing', 'A bearer token is needed');
  if (token.length > MAX_TOKEN) throw new TokenError('token-invalid', 'The token is too long');
}

/**
 * Reads a principal from verified claims. A role claim may be a text or a list in which exactly one of our roles occurs.
 * @throws TokenError `token-invalid`.
 */
export function principalFrom(claims: Readonly<Record<string, unknown>>, names: ClaimNames): Principal {
  const issuer = text(claims.iss, 'iss');
  const subject = text(claims.sub, 'sub');
  if (!issuer || !subject) throw new TokenError('token-invalid', 'The token names no issuer or no subject');
  const departmentId = text(at(claims, names.departmentId), names.departmentId);
  const specialistId = text(at(claims, names.specialistId), names.specialistId);
  const talentId = text(at(claims, names.talentId), names.talentId);
  const employerId = text(at(claims, names.employerId), names.employerId);
  const displayName = text(at(claims, names.displayName), names.displayName);
  return {
    issuer,
    subject,
    role: roleFrom(at(claims, names.role)),
    ...(departmentId && { departmentId }),
    ...(specialistId && { specialistId }),
    ...(talentId && { talentId }),
    ...(employerId && { employerId }),
    ...(displayName && { displayName }),
  };
}

function roleFrom(claim: unknown): TokenRole {
  const known = [...new Set(Array.isArray(claim) ? claim : [claim])].filter(isTokenRole);
  const [role] = known;
  if (!role || known.length > 1) throw new TokenError('token-invalid', 'The token must carry exactly one known role');
  return role;
}

function at(claims: unknown, path: string): unknown {
  let value = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function text(value: unknown, claim: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) {
    throw new TokenError('token-invalid', `The claim ${claim} is not a short text`);
  }
  return value;
}
