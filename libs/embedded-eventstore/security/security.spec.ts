import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { chooseAddresses } from './addresses.js';
import { make } from './certificates.fixture.js';
import { Listener } from './listener.js';
import { Security, type SecurityOptions } from './security.js';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.now();
const addresses = chooseAddresses({ host: '127.0.0.1', advertiseHost: undefined, tls: true, password: false });

let dir: string;
let listener: Listener;
const sockets: TLSSocket[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'security-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.close();
  await rm(dir, { recursive: true });
});

async function listen(security: Security): Promise<void> {
  const server = createServer();
  listener = await Listener.open({
    host: '127.0.0.1',
    port: 0,
    keyPair: security.certificate,
    accept: (socket) => server.emit('connection', socket),
    onError: (error) => {
      throw error;
    },
  });
}

/** The certificate a new connection is shown, the authority having been checked. */
async function shown(caFile: string): Promise<X509Certificate> {
  const ca = await readFile(caFile);
  const socket = connect({ host: '127.0.0.1', port: listener.port, ca, ALPNProtocols: ['h2'] });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return socket.getPeerX509Certificate()!;
}

test('a generated certificate near its end is replaced while the server runs, and older connections live on', async () => {
  const options: SecurityOptions = { dir, addresses, tls: true };
  // 730 days are its life; 30 days before its end it is due.
  const security = await Security.open(options, NOW - 710 * DAY);
  const caFile = security.certificate.caFile!;
  await listen(security);
  const use = (certificate: typeof security.certificate) => listener.useKeyPair(certificate);
  const first = await shown(caFile);
  await security.refresh(use, NOW - 701 * DAY);
  expect((await shown(caFile)).serialNumber).toBe(first.serialNumber);
  await security.refresh(use, NOW);
  const second = await shown(caFile);
  expect(second.serialNumber).not.toBe(first.serialNumber);
  expect(Date.parse(second.validTo)).toBeGreaterThan(NOW + 700 * DAY);
  expect(security.certificate.cert).toBe(second.toString());
  expect(sockets.every((socket) => !socket.destroyed)).toBe(true);
});

test('an own certificate that was replaced is taken up; one that will not do is not', async () => {
  const tls = { certFile: join(dir, 'crt'), keyFile: join(dir, 'key'), caFile: join(dir, 'ca') };
  const authority = await make('authority', { ca: true });
  const replace = async (name: string, hosts?: string[]) => {
    const made = await make(name, { issuer: authority, ...(hosts ? { hosts } : {}) });
    await writeFile(tls.certFile, made.cert);
    await writeFile(tls.keyFile, made.key);
  };
  await writeFile(tls.caFile, authority.cert);
  await replace('first');
  const security = await Security.open({ dir, addresses, tls, password: 'secret' }, NOW);
  await listen(security);
  const use = (certificate: typeof security.certificate) => listener.useKeyPair(certificate);
  expect((await shown(tls.caFile)).subject).toBe('CN=first');
  await replace('second');
  await security.refresh(use, NOW);
  expect((await shown(tls.caFile)).subject).toBe('CN=second');
  await replace('third', ['elsewhere.example']);
  await expect(security.refresh(use, NOW)).rejects.toThrow(/crt is not for 127\.0\.0\.1/);
  expect((await shown(tls.caFile)).subject).toBe('CN=second');
});
