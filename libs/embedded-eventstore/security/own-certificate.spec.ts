import { createPrivateKey } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { type CertificateFiles, SecurityError, startEmbeddedEventStore } from '../index.js';
import { type Made, make } from './certificates.fixture.js';
import { readOwnCertificate } from './own-certificate.js';

const HOUR = 60 * 60 * 1000;
let dir: string;
let root: Made;
let node: Made;
beforeAll(async () => {
  root = await make('root', { ca: true });
  node = await make('node', { issuer: root });
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'own-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** Writes the files an operator gives; a certificate file may hold a chain. */
async function files(chain: Made[], authority?: Made, key: string = chain[0]!.key): Promise<CertificateFiles> {
  const [certFile, keyFile, caFile] = ['node.crt', 'node.key', 'root.crt'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(certFile, chain.map(({ cert }) => cert).join(''));
  await writeFile(keyFile, key);
  if (!authority) return { certFile, keyFile };
  await writeFile(caFile, authority.cert);
  return { certFile, keyFile, caFile };
}

const read = (given: CertificateFiles, host: string = '127.0.0.1') => readOwnCertificate(given, host, Date.now());

test.each([
  ['of an authority', async () => files([node], root)],
  [
    'with RSA keys',
    async () => {
      const authority = await make('rsa', { ca: true, rsa: true });
      return files([await make('node', { issuer: authority, rsa: true })], authority);
    },
  ],
  [
    'with an intermediate',
    async () => {
      const intermediate = await make('intermediate', { issuer: root, ca: true });
      return files([await make('node', { issuer: intermediate }), intermediate], root);
    },
  ],
  [
    'that vouches for itself',
    async () => {
      const self = await make('self');
      return files([self], self);
    },
  ],
])('the client trusts a server with a certificate %s', async (_what, write) => {
  const tls = await write();
  const server = await startEmbeddedEventStore({ dir: join(dir, 'data'), tls, password: 'secret' });
  expect(server.caFile).toBe(tls.caFile);
  const client = EventStoreDBClient.connectionString(server.connectionStringWithCredentials);
  await client.appendToStream('s', jsonEvent({ type: 'T', data: {} }));
  await client.dispose();
  await server.stop();
  expect((await readdir(join(dir, 'data'))).sort()).toEqual(['data.mdb', 'lock.mdb']);
});

test('a certificate of an authority that clients know already needs no authority file', async () => {
  const server = await startEmbeddedEventStore({ dir: join(dir, 'data'), tls: await files([node]), password: 'secret' });
  expect(server.caFile).toBeUndefined();
  expect(server.connectionString).toBe(`esdb://127.0.0.1:${server.port}?tls=true`);
  await server.stop();
});

test('a key in a form of its own is read too', async () => {
  const key = createPrivateKey(node.key).export({ type: 'sec1', format: 'pem' }).toString();
  expect((await read(await files([node], root, key))).cert).toBe(node.cert);
});

describe('refused, by the name of its file, is a certificate', () => {
  const refuses = async (given: Promise<CertificateFiles> | CertificateFiles, message: RegExp, host?: string) => {
    const outcome = read(await given, host);
    await expect(outcome).rejects.toBeInstanceOf(SecurityError);
    await expect(outcome).rejects.toThrow(message);
  };

  test('that has expired', async () => {
    await refuses(files([await make('old', { issuer: root, from: -2 * HOUR, to: -HOUR })]), /node\.crt expired at/);
  });

  test('that is not valid yet', async () => {
    await refuses(files([await make('new', { issuer: root, from: HOUR, to: 2 * HOUR })]), /node\.crt is not valid before/);
  });

  test('for another host', async () => {
    await refuses(files([node]), /node\.crt is not for db\.example\.cn/, 'db.example.cn');
    await refuses(files([node]), /node\.crt is not for 10\.0\.0\.1/, '10.0.0.1');
    expect(await read(await files([node]), 'localhost')).toBeDefined();
  });

  test('of another authority', async () => {
    await refuses(files([node], await make('root', { ca: true })), /node\.crt was not issued by an authority in .*root\.crt/);
  });

  test('whose intermediate is missing', async () => {
    const intermediate = await make('intermediate', { issuer: root, ca: true });
    await refuses(files([await make('node', { issuer: intermediate })], root), /was not issued by an authority/);
  });

  test('with the key of another', async () => {
    await refuses(files([node], root, root.key), /the private key in .*node\.key does not belong to the certificate/);
  });

  test('whose key is encrypted', async () => {
    const key = createPrivateKey(node.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    await refuses(files([node], root, key.toString()), /node\.key .*private key can not be read/);
  });

  test.each(['certFile', 'keyFile', 'caFile'] as const)('whose %s is missing, empty or damaged', async (which) => {
    const given = await files([node], root);
    await writeFile(given[which]!, '');
    await refuses(given, new RegExp(`${given[which]} holds no (certificate|private key)`));
    const content = which === 'keyFile' ? node.key : node.cert;
    await writeFile(given[which]!, content.replace(/\n[A-Za-z0-9+/]{20}/, '\n'));
    await refuses(given, new RegExp(`${given[which]} is damaged`));
    await rm(given[which]!);
    await refuses(given, new RegExp(`${given[which]} does not exist`));
  });
});
