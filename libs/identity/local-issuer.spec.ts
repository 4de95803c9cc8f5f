import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { createDataSource, migrate } from '@huicai/database';
import { Vault } from '@huicai/vault';
import { decodeProtectedHeader, type JWTHeaderParameters, SignJWT } from 'jose';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { bearerToken, LOCAL_AUDIENCE, LOCAL_ISSUER, LocalIssuer, TOKEN_ROLES, type TokenUser } from './index.js';

const kek = createSecretKey(randomBytes(32));
const user: TokenUser = { id: randomUUID(), role: 'department', departmentId: 'HRSS', displayName: '王科长' };
let now = new Date('2026-10-12T01:00:00Z');
let database: TestDatabase;
let dataSource: DataSource;
let issuer: LocalIssuer;
/** The issuer's own private key, to forge everything but the signature. */
let ownKey: KeyObject;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = await createDataSource(database.url, { max: 4 }).initialize();
  const vault = await Vault.open(dataSource, kek);
  issuer = await LocalIssuer.open(vault, () => now);
  const der = await vault.installationSecret('token-signing', () => Buffer.from('the issuer has made its key already'));
  ownKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
});

beforeEach(() => {
  now = new Date('2026-10-12T01:00:00Z');
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

type Claims = { role?: unknown; iss?: string; aud?: string; sub?: string; expIn?: number | null; name?: unknown };

async function forge(key: KeyObject, header: Partial<JWTHeaderParameters>, claims: Claims = {}): Promise<string> {
  const seconds = Math.floor(now.getTime() / 1000);
  const { iss = LOCAL_ISSUER, aud = LOCAL_AUDIENCE, sub = user.id, expIn = 60, role = 'admin', ...rest } = claims;
  const jwt = new SignJWT({ role, ...rest }).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header });
  jwt.setIssuer(iss).setAudience(aud).setIssuedAt(seconds);
  if (sub) jwt.setSubject(sub);
  if (expIn !== null) jwt.setExpirationTime(seconds + expIn);
  return jwt.sign(key);
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token of the local issuer', () => {
  it('tells who makes the request, for 8 hours', async () => {
    const { accessToken, expiresIn } = await issuer.issueToken(user);
    expect(expiresIn).toBe(28_800);
    const principal = { issuer: LOCAL_ISSUER, subject: user.id, role: 'department', departmentId: 'HRSS', displayName: '王科长' };
    expect(await issuer.verifyToken(accessToken)).toEqual(principal);
    now = new Date(now.getTime() + 28_799_000);
    expect(await issuer.verifyToken(accessToken)).toEqual(principal);
    now = new Date(now.getTime() + 1_000);
    await expect(issuer.verifyToken(accessToken)).rejects.toMatchObject({ name: 'TokenError', code: 'token-expired' });
  });

  it.each(TOKEN_ROLES)('carries the role %s', async (role) => {
    const { accessToken } = await issuer.issueToken({ id: user.id, role, specialistId: 's-1', talentId: 't-1' });
    expect(await issuer.verifyToken(accessToken)).toEqual({
      issuer: LOCAL_ISSUER,
      subject: user.id,
      role,
      specialistId: 's-1',
      talentId: 't-1',
    });
  });

  it('is accepted by other processes that share the vault', async () => {
    const { accessToken } = await issuer.issueToken(user);
    const others = await Promise.all([1, 2, 3].map(async () => LocalIssuer.open(await Vault.open(dataSource, kek), () => now)));
    for (const other of others) expect((await other.verifyToken(accessToken)).subject).toBe(user.id);
  });

  it('is the same sort as the forged ones below, which fail for their fault alone', async () => {
    expect((await issuer.verifyToken(await forge(ownKey, {}))).role).toBe('admin');
  });
});

describe('a token is refused as invalid', () => {
  const invalid = { name: 'TokenError', code: 'token-invalid' };

  it('with a signature of another key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { kid } = decodeProtectedHeader((await issuer.issueToken(user)).accessToken);
    await expect(issuer.verifyToken(await forge(privateKey, { kid }))).rejects.toMatchObject(invalid);
  });

  it('with a changed body or signature', async () => {
    const [header, body, signature] = (await issuer.issueToken(user)).accessToken.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    await expect(issuer.verifyToken(`${header}.${part({ ...claims, role: 'admin' })}.${signature}`)).rejects.toMatchObject(
      invalid,
    );
    const bytes = Buffer.from(signature, 'base64url');
    bytes[10]! ^= 1;
    await expect(issuer.verifyToken(`${header}.${body}.${bytes.toString('base64url')}`)).rejects.toMatchObject(invalid);
    await expect(issuer.verifyToken(`${header}.${body}.`)).rejects.toMatchObject(invalid);
  });

  it('without signature under the algorithm none', async () => {
    const [, body] = (await issuer.issueToken(user)).accessToken.split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      await expect(issuer.verifyToken(`${part({ alg, typ: 'at+jwt' })}.${body}.`)).rejects.toMatchObject(invalid);
    }
  });

  it('when the public key serves as the secret of an HMAC', async () => {
    const [, body] = (await issuer.issueToken(user)).accessToken.split('.');
    const publicKey = createPublicKey(ownKey);
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
    for (const secret of [
      raw,
      publicKey.export({ format: 'der', type: 'spki' }),
      publicKey.export({ format: 'pem', type: 'spki' }),
    ]) {
      const signed = `${part({ alg: 'HS256', typ: 'at+jwt' })}.${body}`;
      const mac = createHmac('sha256', secret).update(signed).digest('base64url');
      await expect(issuer.verifyToken(`${signed}.${mac}`)).rejects.toMatchObject(invalid);
    }
  });

  it('under another asymmetric algorithm, even with a key in its own header', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    await expect(issuer.verifyToken(await forge(privateKey, { alg: 'ES256', jwk }))).rejects.toMatchObject(invalid);
  });

  it.each<[string, Partial<JWTHeaderParameters>, Claims]>([
    ['another audience', {}, { aud: 'elsewhere' }],
    ['another issuer', {}, { iss: 'urn:elsewhere' }],
    ['no subject', {}, { sub: '' }],
    ['no time of expiry', {}, { expIn: null }],
    ['the role system', {}, { role: 'system' }],
    ['an unknown role', {}, { role: 'root' }],
    ['a role inherited by every object', {}, { role: 'constructor' }],
    ['two roles', {}, { role: ['auditor', 'admin'] }],
    ['no role', {}, { role: null }],
    ['a display name that is no text', {}, { name: { first: 'x' } }],
    ['another type', { typ: 'JWT' }, {}],
  ])('with %s', async (_, header, claims) => {
    await expect(issuer.verifyToken(await forge(ownKey, header, claims))).rejects.toMatchObject(invalid);
  });

  it('with an extension that must be understood and is not', async () => {
    const token = new SignJWT({ role: 'admin' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', crit: ['urn:x'], 'urn:x': true })
      .setIssuer(LOCAL_ISSUER)
      .setAudience(LOCAL_AUDIENCE)
      .setSubject(user.id)
      .setExpirationTime(Math.floor(now.getTime() / 1000) + 60)
      .sign(ownKey, { crit: { 'urn:x': true } });
    await expect(issuer.verifyToken(await token)).rejects.toMatchObject(invalid);
  });

  it('when it is no token at all, or far too long', async () => {
    for (const text of [
      'x',
      'a.b',
      'a.b.c',
      'a.b.c.d.e',
      `${part({ alg: 'EdDSA' })}.${part([])}.x`,
      'x'.repeat(20_000),
      '张三.李四.王五',
    ]) {
      const error: unknown = await issuer.verifyToken(text).catch((e: unknown) => e);
      expect(error).toMatchObject(invalid);
      if (text.length > 1) expect((error as Error).message).not.toContain(text);
    }
  });
});

describe('a missing token', () => {
  it('is told from a bad one', async () => {
    for (const token of [undefined, '']) await expect(issuer.verifyToken(token)).rejects.toMatchObject({ code: 'token-missing' });
  });

  it('is found in the header by its scheme', () => {
    expect(bearerToken('Bearer a.b.c')).toBe('a.b.c');
    expect(bearerToken('bearer  a.b.c ')).toBe('a.b.c');
    for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Basic a.b.c', 'a.b.c', 'Bearer a b']) {
      expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'token-missing' }));
    }
  });
});
