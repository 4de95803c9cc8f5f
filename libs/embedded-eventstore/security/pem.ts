import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { SecurityError } from './errors.js';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

/** What a PEM file holds. */
export interface PemContent {
  file: string;
  text: string;
  certificates: X509Certificate[];
  /** Undefined if there is none. */
  key: KeyObject | undefined;
}

/**
 * Reads a PEM file; undefined if there is no such file.
 * @throws SecurityError if it can not be read or something in it is damaged
 */
export async function readPemIfPresent(file: string): Promise<PemContent | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'latin1');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SecurityError(`${file} can not be read: ${(cause as Error).message}`, { cause });
  }
  const certificates: X509Certificate[] = [];
  let key: KeyObject | undefined;
  for (const [block, label = ''] of text.matchAll(BLOCK)) {
    if (label === 'CERTIFICATE') certificates.push(parse(file, 'certificate', () => new X509Certificate(block)));
    else if (label.endsWith('PRIVATE KEY')) key ??= parse(file, 'private key', () => createPrivateKey(block));
  }
  return { file, text, certificates, key };
}

/** As readPemIfPresent, for a file that must be there. @throws SecurityError */
export async function readPem(file: string): Promise<PemContent> {
  const content = await readPemIfPresent(file);
  if (!content) throw new SecurityError(`${file} does not exist`);
  return content;
}

/** The first certificate. @throws SecurityError if there is none */
export function certificateOf({ file, certificates }: PemContent): X509Certificate {
  const [first] = certificates;
  if (!first) throw new SecurityError(`${file} holds no certificate in PEM form`);
  return first;
}

/** The private key. @throws SecurityError if there is none, or it is not that of the certificate */
export function keyOf({ file, key }: PemContent, certificate: X509Certificate): KeyObject {
  if (!key) throw new SecurityError(`${file} holds no private key in PEM form`);
  if (!certificate.checkPrivateKey(key)) throw new SecurityError(`the private key in ${file} does not belong to the certificate`);
  return key;
}

/** The private key, unencrypted. */
export function keyToPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Is the certificate good for this host name or address? */
export function covers(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host, { subject: 'never' })) !== undefined;
}

/** Was the certificate issued by this issuer? */
export function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** The end of a certificate's life, in milliseconds since the UNIX epoch. */
export function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

/** The begin of a certificate's life, in milliseconds since the UNIX epoch. */
export function beginOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validFrom);
}

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new SecurityError(`${file} is damaged: its ${what} can not be read (${(cause as Error).message})`, { cause });
  }
}
