import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { createOidcVerifier, IssuerUnavailableError, OidcConfigurationError, type OidcSettings } from './index.js';

const AUDIENCE = 'huicai-api';
const now = new Date('2026-10-12T01:00:00Z');
const seconds = now.getTime() / 1000;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** An issuer on loopback whose documents a test may change. */
class Issuer {
  discovery: (() => object | string) | undefined;
  keySetStatus = 200;
  keySetFetches = 0;
  private server: Server | undefined;
  url = '';

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const answer = this.answer(request.url ?? '');
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/realms/talent`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    this.server?.close();
    if (this.server) await once(this.server, 'close');
  }

  private answer(path: string): { status: number; body: object | string } {
    if (path === '/realms/talent/.well-known/openid-configuration') {
      return { status: 200, body: this.discovery ? this.discovery() : { issuer: this.url, jwks_uri: `${this.url}/keys` } };
    }
    if (path !== '/realms/talent/keys') return { status: 404, body: {} };
    this.keySetFetches += 1;
    return {
      status: this.keySetStatus,
      body: {
        keys: [
          { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', alg: 'RS256', use: 'sig' },
          { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec', alg: 'ES256', use: 'sig' },
        ],
      },
    };
  }

  async token(claims: Record<string, unknown> = {}, by: { key?: KeyObject; alg?: string; kid?: string } = {}): Promise<string> {
    const { key = rsa.privateKey, alg = 'RS256', kid = 'rsa' } = by;
    return new SignJWT({ iss: this.url, aud: AUDIENCE, sub: 'f3a1', exp: seconds + 300, role: 'window', ...claims })
      .setProtectedHeader({ alg, kid, typ: 'JWT' })
      .sign(key);
  }
}

let issuer: Issuer;
beforeEach(async () => {
  issuer = new Issuer();
  await issuer.start();
});
afterEach(() => issuer.stop());

const verifier = (settings: Partial<OidcSettings> = {}) =>
  createOidcVerifier({ issuer: issuer.url, audience: AUDIENCE, now: () => now, ...settings });

describe('a token of an external issuer', () => {
  it('is verified against the keys its discovery document names, fetched once', async () => {
    const { verifyToken } = verifier();
    const claims = { role: 'department', department: 'HRSS', specialist: 's-1', talent: 't-1', name: '王科长' };
    const principal = {
      issuer: issuer.url,
      subject: 'f3a1',
      role: 'department',
      departmentId: 'HRSS',
      specialistId: 's-1',
      talentId: 't-1',
      displayName: '王科长',
    };
    expect(await verifyToken(await issuer.token(claims))).toEqual(principal);
    const byEc = { key: ec.privateKey, alg: 'ES256', kid: 'ec' };
    expect(await verifyToken(await issuer.token(claims, byEc))).toEqual(principal);
    expect(issuer.keySetFetches).toBe(1);
  });

  it('may name its claims otherwise and list roles that are not ours', async () => {
    const { verifyToken } = verifier({ claims: { role: 'realm_access.roles', departmentId: 'https://talent/dept' } });
    const claims = { role: 'admin', realm_access: { roles: ['offline_access', 'department'] }, 'https://talent/dept': 'HRSS' };
    expect(await verifyToken(await issuer.token(claims))).toEqual({
      issuer: issuer.url,
      subject: 'f3a1',
      role: 'department',
      departmentId: 'HRSS',
    });
  });

  it('may come from a clock that differs by 30 s', async () => {
    expect((await verifier().verifyToken(await issuer.token({ exp: seconds - 29, nbf: seconds - 60 }))).role).toBe('window');
    await expect(verifier().verifyToken(await issuer.token({ exp: seconds - 31 }))).rejects.toMatchObject({
      code: 'token-expired',
    });
    await expect(verifier().verifyToken(await issuer.token({ nbf: seconds + 31 }))).rejects.toMatchObject({
      code: 'token-invalid',
    });
  });

  it.each<[string, () => Promise<string>]>([
    ['a signature of another key', () => issuer.token({}, { key: otherRsa.privateKey })],
    ['an unknown key', () => issuer.token({}, { kid: 'other' })],
    ['a key of another algorithm', () => issuer.token({}, { key: ec.privateKey, alg: 'ES256', kid: 'rsa' })],
    ['another audience', () => issuer.token({ aud: 'huicai' })],
    ['another issuer', () => issuer.token({ iss: 'https://elsewhere.example' })],
    ['no expiry', () => issuer.token({ exp: undefined })],
    ['no subject', () => issuer.token({ sub: undefined })],
    ['the role system', () => issuer.token({ role: 'system' })],
    ['two of our roles', () => issuer.token({ role: ['window', 'admin'] })],
    ['a shared-secret algorithm', hmacToken],
  ])('is refused with %s', async (_, token) => {
    await expect(verifier().verifyToken(await token())).rejects.toMatchObject({ name: 'TokenError', code: 'token-invalid' });
  });

  it('is refused with an algorithm that was not asked for', async () => {
    const { verifyToken } = verifier({ algorithms: ['ES256'] });
    await expect(verifyToken(await issuer.token())).rejects.toMatchObject({ code: 'token-invalid' });
  });

  it('that is missing is told so without asking the issuer', async () => {
    await expect(verifier({ issuer: 'https://127.0.0.1:9' }).verifyToken('')).rejects.toMatchObject({ code: 'token-missing' });
  });

  async function hmacToken(): Promise<string> {
    const secret = Buffer.from(rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string);
    return new SignJWT({ iss: issuer.url, aud: AUDIENCE, sub: 'f3a1', exp: seconds + 300, role: 'admin' })
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .sign(secret);
  }
});

describe('an issuer that can not be used', () => {
  it('is not held against the token, and asked again at the next one', async () => {
    const { verifyToken } = verifier();
    const token = await issuer.token();
    for (const body of [
      'no json',
      {},
      { issuer: issuer.url },
      { issuer: 'https://elsewhere.example', jwks_uri: `${issuer.url}/keys` },
    ]) {
      issuer.discovery = () => body;
      await expect(verifyToken(token)).rejects.toThrow(IssuerUnavailableError);
    }
    issuer.discovery = () => ({ issuer: issuer.url, jwks_uri: 'http://192.0.2.1/keys' });
    await expect(verifyToken(token)).rejects.toThrow('not offered over https');
    issuer.discovery = undefined;
    issuer.keySetStatus = 503;
    await expect(verifyToken(token)).rejects.toThrow(IssuerUnavailableError);
    issuer.keySetStatus = 200;
    expect((await verifyToken(token)).subject).toBe('f3a1');
  });

  it('because it is away is told so', async () => {
    const { verifyToken } = verifier();
    const token = await issuer.token();
    await issuer.stop();
    await expect(verifyToken(token)).rejects.toMatchObject({ code: 'issuer-unavailable' });
    await issuer.start();
  });

  it.each<[string, Partial<OidcSettings>]>([
    ['plain http', { issuer: 'http://issuer.example' }],
    ['no URL', { issuer: 'issuer' }],
    ['no audience', { audience: '' }],
    ['no algorithm', { algorithms: [] }],
    ['a shared-secret algorithm', { algorithms: ['HS256' as 'RS256'] }],
    ['the algorithm none', { algorithms: ['none' as 'RS256'] }],
  ])('is refused at start: %s', (_, settings) => {
    expect(() => verifier(settings)).toThrow(OidcConfigurationError);
  });
});
