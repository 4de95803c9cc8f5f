import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: Uint8Array.of(1, 0, 1),
  modulusLength: 2048,
} as const;
const HOUR = 60 * 60 * 1000;

/** A certificate as an operator's own authority would issue it. */
export interface Made {
  name: string;
  cert: string;
  key: string;
  keys: webcrypto.CryptoKeyPair;
  algorithm: typeof EC | typeof RSA;
}

/** Makes a certificate; self-signed without an issuer. Times are milliseconds from now. */
export async function make(
  name: string,
  options: { issuer?: Made; hosts?: string[]; ca?: boolean; from?: number; to?: number; rsa?: boolean } = {},
): Promise<Made> {
  const algorithm = options.rsa ? RSA : EC;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signer = options.issuer ?? { name, keys, algorithm };
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: `4${randomBytes(8).toString('hex').slice(1)}`,
      subject: `CN=${name}`,
      issuer: `CN=${signer.name}`,
      notBefore: new Date(Date.now() + (options.from ?? -HOUR)),
      notAfter: new Date(Date.now() + (options.to ?? HOUR)),
      signingAlgorithm: signer.algorithm,
      signingKey: signer.keys.privateKey,
      publicKey: keys.publicKey,
      extensions: [
        new BasicConstraintsExtension(options.ca ?? false, undefined, true),
        new SubjectAlternativeNameExtension(
          (options.hosts ?? ['127.0.0.1', 'localhost']).map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value })),
        ),
      ],
    },
    webcrypto,
  );
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag);
  return { name, cert: `${certificate.toString('pem')}\n`, key: `${key}\n`, keys, algorithm };
}
