import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecurityError } from './errors.js';
import { generatedCertificate, type ServerCertificate } from './generated-certificate.js';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 5, 1, 12);
const HOSTS = ['localhost', '127.0.0.1', '::1'];
const FILES = ['ca.crt', 'ca.pem', 'node.pem'];

let dir: string;
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'certificate-')), 'certs');
});
afterEach(() => rm(join(dir, '..'), { recursive: true }));

const read = (name: string) => readFile(join(dir, name), 'utf8');
const generate = (hosts: string[] = HOSTS, now: number = NOW) => generatedCertificate(dir, hosts, now);

/** Asserts that clients who trust this authority trust the server under each of the hosts. */
function expectTrusted(certificate: ServerCertificate, authority: string, hosts: string[] = HOSTS): void {
  const [node, ca] = [new X509Certificate(certificate.cert), new X509Certificate(authority)];
  expect(node.verify(ca.publicKey) && node.checkIssued(ca)).toBe(true);
  expect(ca.ca && !node.ca).toBe(true);
  for (const host of hosts) expect(node.checkHost(host) ?? node.checkIP(host)).toBe(host);
}

test('the first start makes everything, closed to others', async () => {
  const certificate = await generate();
  expect(certificate.caFile).toBe(join(dir, 'ca.crt'));
  expectTrusted(certificate, await read('ca.crt'));
  expect((await readdir(dir)).sort()).toEqual(FILES);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  for (const file of ['ca.pem', 'node.pem']) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
  expect(await read('ca.crt')).not.toContain('PRIVATE KEY');
});

test('a directory that was open to others is closed', async () => {
  await generate();
  await chmod(dir, 0o755);
  await generate();
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
});

test('later starts use what is there', async () => {
  const first = await generate();
  const contents = await Promise.all(FILES.map(read));
  expect(await generate(HOSTS, NOW + 600 * DAY)).toEqual(first);
  expect(await Promise.all(FILES.map(read))).toEqual(contents);
});

test.each([
  ['is about to expire', HOSTS, NOW + 2 * 365 * DAY - 29 * DAY],
  ['has expired', HOSTS, NOW + 3 * 365 * DAY],
  ['lacks a host', [...HOSTS, 'db.example.cn'], NOW],
  ['lacks an address', [...HOSTS, '10.1.2.3'], NOW],
])('a certificate that %s is replaced, its authority is not', async (_why, hosts, now) => {
  const first = await generate();
  const authority = await read('ca.crt');
  const second = await generate(hosts, now);
  expect(second.cert).not.toBe(first.cert);
  expectTrusted(second, authority, hosts);
  const { validFrom, validTo } = new X509Certificate(second.cert);
  expect(Date.parse(validFrom)).toBeLessThan(now);
  expect(Date.parse(validTo)).toBeGreaterThan(now + 365 * DAY);
  expect(await read('ca.crt')).toBe(authority);
  expect(await generate(hosts, now)).toEqual(second);
});

test('a certificate ends with its authority at the latest, and is then kept to the end', async () => {
  await generate();
  const late = NOW + 20 * 365 * DAY - 100 * DAY;
  const certificate = await generate(HOSTS, late);
  const end = new X509Certificate(await read('ca.crt')).validTo;
  expect(new X509Certificate(certificate.cert).validTo).toBe(end);
  expect(await generate(HOSTS, Date.parse(end) - DAY)).toEqual(certificate);
  await expect(generate(HOSTS, Date.parse(end) + DAY)).rejects.toThrow(/ca\.pem expired at .*remove/);
});

test('a certificate of another authority is replaced', async () => {
  await generate();
  const foreign = await read('node.pem');
  await rm(dir, { recursive: true });
  await generate();
  await writeFile(join(dir, 'node.pem'), foreign);
  expectTrusted(await generate(), await read('ca.crt'));
});

describe('a start killed', () => {
  // Each file appears whole by a rename; until then there is at most a draft of it.
  test.each([
    ['while it writes the authority', [], 'ca.pem'],
    ['before it publishes the authority', ['ca.pem'], 'ca.crt'],
    ['while it writes the certificate', ['ca.pem', 'ca.crt'], 'node.pem'],
  ])('%s is made good by the next', async (_when, present, draft) => {
    await generate();
    const contents = new Map(await Promise.all(FILES.map(async (file) => [file, await read(file)] as const)));
    for (const file of FILES) if (!present.includes(file)) await rm(join(dir, file));
    await writeFile(join(dir, `${draft}.new`), contents.get(draft)!.slice(0, 100), { mode: 0o644 });
    const certificate = await generate();
    expectTrusted(certificate, await read('ca.crt'));
    for (const file of present) expect(await read(file)).toBe(contents.get(file));
    expect((await readdir(dir)).sort()).toEqual(FILES);
    for (const file of ['ca.pem', 'node.pem']) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
  });

  test('while it replaces the certificate leaves the old one', async () => {
    const first = await generate();
    await writeFile(join(dir, 'node.pem.new'), 'half');
    expect(await generate()).toEqual(first);
  });
});

describe('a damaged file is named, with what to do, and left as it is:', () => {
  const damage: [string, (content: string) => string][] = [
    ['empty', () => ''],
    ['cut short', (content) => content.slice(0, content.length / 2)],
    ['with a flipped character', (content) => content.replaceAll(/^MIG|^MII/gm, 'AAA')],
    ['no text', () => '\u0000\u0001'],
  ];
  const cases = damage.flatMap(([how, edit]) => FILES.map((file) => [file, how, edit] as const));

  test.each(cases)('%s %s', async (file, _how, edit) => {
    await generate();
    const damaged = edit(await read(file));
    await writeFile(join(dir, file), damaged);
    const refused = generate();
    await expect(refused).rejects.toBeInstanceOf(SecurityError);
    await expect(refused).rejects.toThrow(new RegExp(`${join(dir, file)}.*(remove|restore)`));
    expect(await read(file)).toBe(damaged);
  });

  test.each(['ca.pem', 'node.pem'])('%s with the key of another', async (file) => {
    await generate();
    const [content, other] = [await read(file), await read(file === 'ca.pem' ? 'node.pem' : 'ca.pem')];
    const keyOf = (pem: string) => pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE'));
    await writeFile(join(dir, file), content.replace(keyOf(content), keyOf(other)));
    await expect(generate()).rejects.toThrow(`the private key in ${join(dir, file)} does not belong to the certificate`);
  });

  test('an authority that was lost is not silently replaced, because clients trust it', async () => {
    await generate();
    await rm(join(dir, 'ca.pem'));
    await expect(generate()).rejects.toThrow(`${join(dir, 'ca.pem')} is missing: restore it`);
    await rm(join(dir, 'ca.crt'));
    await expect(generate()).rejects.toThrow(`${join(dir, 'ca.pem')} is missing: restore it`);
  });

  test('the published certificate of another authority', async () => {
    await generate();
    const foreign = await read('ca.crt');
    await rm(dir, { recursive: true });
    await generate();
    await writeFile(join(dir, 'ca.crt'), foreign);
    await expect(generate()).rejects.toThrow(/ca\.crt is not the certificate in .*ca\.pem/);
  });

  test('a file that is a directory', async () => {
    await generate();
    await rm(join(dir, 'node.pem'));
    await mkdir(join(dir, 'node.pem'));
    await expect(generate()).rejects.toThrow(/node\.pem can not be read: EISDIR/);
  });
});
