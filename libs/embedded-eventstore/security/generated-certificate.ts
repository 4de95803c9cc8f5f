import { X509Certificate } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { SecurityError } from './errors.js';
import type { KeyPair } from './listener.js';
import { certificateOf, covers, endOf, issued, keyOf, keyToPem, readPemIfPresent } from './pem.js';
import { replaceFile } from './replace-file.js';

/** What a server proves itself with, and where clients find whom to trust. */
export interface ServerCertificate extends KeyPair {
  /** Absolute path; undefined if clients trust the issuer without. */
  caFile: string | undefined;
}

const DAY = 24 * 60 * 60 * 1000;
/** A certificate with less life than this left, in milliseconds, is replaced. */
const RENEWAL = 30 * DAY;

/**
 * The server certificate kept in a directory, with an authority of its own; both are made when missing. A key and its
 * certificate share one file, so that a crash leaves both or neither:
 *   ca.pem    the authority's key and certificate; made once
 *   ca.crt    the authority's certificate alone, for clients
 *   node.pem  the server's key and certificate; replaced before it expires, and when it does not cover the hosts
 * @param now milliseconds since the UNIX epoch
 * @throws SecurityError naming the file that is damaged or missing
 */
export async function generatedCertificate(dir: string, hosts: readonly string[], now: number): Promise<ServerCertificate> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const nodeFile = join(dir, 'node.pem');
  const existing = await readPair(nodeFile, 'remove it, and a new one is issued');
  const authority = await ensureAuthority(dir, existing !== undefined, now);
  const caFile = resolve(dir, 'ca.crt');
  if (existing && willDo(existing, authority, hosts, now)) return { ...existing, caFile };
  const { issueNode } = await import('./issue.js');
  const node = await issueNode(authority, hosts, now);
  await replaceFile(nodeFile, `${node.key}${node.cert}`, 0o600);
  return { ...node, caFile };
}

async function ensureAuthority(dir: string, hasNode: boolean, now: number): Promise<KeyPair> {
  const file = join(dir, 'ca.pem');
  const advice = `restore it, or remove ${dir} for a new authority, whose ca.crt all clients then need`;
  const existing = await readPair(file, advice);
  const publicFile = join(dir, 'ca.crt');
  const published = await readPublished(publicFile);
  if (!existing && (published !== undefined || hasNode)) throw new SecurityError(`${file} is missing: ${advice}`);
  if (existing) assertAlive(existing, file, advice, now);
  const authority = existing ?? (await makeAuthority(file, now));
  if (published === undefined) await replaceFile(publicFile, authority.cert, 0o644);
  else if (published !== authority.cert) {
    throw new SecurityError(`${publicFile} is not the certificate in ${file}: remove it, and it is written anew`);
  }
  return authority;
}

async function makeAuthority(file: string, now: number): Promise<KeyPair> {
  const { issueAuthority } = await import('./issue.js');
  // Common names end at 64 characters.
  const authority = await issueAuthority(`eventstore CA of ${hostname()}`.slice(0, 64), now);
  await replaceFile(file, `${authority.key}${authority.cert}`, 0o600);
  return authority;
}

function assertAlive({ cert }: KeyPair, file: string, advice: string, now: number): void {
  const certificate = new X509Certificate(cert);
  if (endOf(certificate) <= now) throw new SecurityError(`the authority in ${file} expired at ${certificate.validTo}: ${advice}`);
}

/** A certificate of this authority, for all these hosts, that has time left, or as much as there can be. */
function willDo(node: KeyPair, authority: KeyPair, hosts: readonly string[], now: number): boolean {
  const [certificate, issuer] = [new X509Certificate(node.cert), new X509Certificate(authority.cert)];
  const lasts = endOf(certificate) - now > RENEWAL || endOf(certificate) === endOf(issuer);
  return lasts && issued(issuer, certificate) && hosts.every((host) => covers(certificate, host));
}

async function readPair(file: string, advice: string): Promise<KeyPair | undefined> {
  return advised(advice, async () => {
    const content = await readPemIfPresent(file);
    if (!content) return undefined;
    const certificate = certificateOf(content);
    return { cert: certificate.toString(), key: keyToPem(keyOf(content, certificate)) };
  });
}

async function readPublished(file: string): Promise<string | undefined> {
  return advised('remove it, and it is written anew', async () => {
    const content = await readPemIfPresent(file);
    return content && certificateOf(content).toString();
  });
}

async function advised<T>(advice: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SecurityError)) throw error;
    throw new SecurityError(`${error.message}: ${advice}`, { cause: error });
  }
}
