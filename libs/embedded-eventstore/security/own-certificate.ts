import type { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { SecurityError } from './errors.js';
import type { ServerCertificate } from './generated-certificate.js';
import { beginOf, certificateOf, covers, endOf, issued, keyOf, keyToPem, readPem } from './pem.js';

/** PEM files of an operator's own certificate. */
export interface CertificateFiles {
  /** The certificate, then its intermediates. */
  certFile: string;
  /** Its private key, not encrypted. */
  keyFile: string;
  /** The authority clients are to trust; none if they trust it already. */
  caFile?: string;
}

/**
 * Reads an operator's own certificate.
 * @param host what clients dial: the certificate must be good for it
 * @param now milliseconds since the UNIX epoch
 * @throws SecurityError if it would not convince a client
 */
export async function readOwnCertificate(files: CertificateFiles, host: string, now: number): Promise<ServerCertificate> {
  const chain = await readPem(files.certFile);
  const certificate = certificateOf(chain);
  const key = keyOf(await readPem(files.keyFile), certificate);
  const refuse = (reason: string) => new SecurityError(`the certificate in ${files.certFile} ${reason}`);
  if (endOf(certificate) <= now) throw refuse(`expired at ${certificate.validTo}`);
  if (beginOf(certificate) > now) throw refuse(`is not valid before ${certificate.validFrom}`);
  if (!covers(certificate, host)) throw refuse(`is not for ${host}, which clients are told to dial (--advertise-host)`);
  if (files.caFile !== undefined) {
    const authorities = await readPem(files.caFile);
    certificateOf(authorities);
    if (!leadsTo(chain.certificates, authorities.certificates)) throw refuse(`was not issued by an authority in ${files.caFile}`);
  }
  const caFile = files.caFile === undefined ? undefined : resolve(files.caFile);
  return { cert: chain.certificates.map(String).join(''), key: keyToPem(key), caFile };
}

/** Does each certificate of the chain vouch for the one before, and an authority for the last that is needed? */
function leadsTo(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  for (const [index, certificate] of chain.entries()) {
    if (authorities.some((authority) => issued(authority, certificate))) return true;
    const next = chain[index + 1];
    if (!next || !issued(next, certificate)) return false;
  }
  return false;
}
