import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { resolveSettings } from '@huicai/runtime';
import { parse } from 'yaml';

const docker = resolve(__dirname, '..', '..', 'docker');

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  secrets?: string[];
  networks?: string[];
  volumes?: string[];
  ports?: string[];
  healthcheck?: { test: string[] };
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean } | null>;
  secrets: Record<string, { file: string }>;
}

const compose = parse(readFileSync(join(docker, 'compose.yml'), 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);

describe('docker/compose.yml', () => {
  it('holds three event store nodes that know each other, PostgreSQL, API and worker', () => {
    const nodes = Object.keys(compose.services).filter((name) => /^eventstore\d$/.test(name));
    expect(nodes).toHaveLength(3);
    for (const name of nodes) {
      const { environment, image } = compose.services[name]!;
      expect(image).toContain(':24.10.');
      expect(environment).toMatchObject({ EVENTSTORE_CLUSTER_SIZE: '3', EVENTSTORE_NODE_HOST_ADVERTISE_AS: name });
      const others = nodes.filter((each) => each !== name).map((each) => `${each}:2113`);
      expect(new Set(environment!.EVENTSTORE_GOSSIP_SEED!.split(','))).toEqual(new Set(others));
      expect(Object.keys(environment!).filter((key) => /INSECURE|TLS_DISABLED/.test(key))).toEqual([]);
    }
    expect(compose.services.postgres!.image).toMatch(/^postgres:18/);
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['api', 'worker', 'migrate', 'certificates']));
  });

  it.each(services)(
    '%s names only services, volumes, networks and secrets that exist, and files that are there',
    (_name, service) => {
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        const target = compose.services[needed];
        expect(target).toBeDefined();
        if (condition === 'service_healthy') expect(target?.healthcheck).toBeDefined();
      }
      for (const volume of service.volumes ?? []) expect(compose.volumes).toHaveProperty([volume.split(':')[0]!]);
      for (const network of service.networks ?? []) expect(compose.networks).toHaveProperty(network);
      for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty(secret);
      if (service.build) expect(statSync(resolve(docker, service.build.context, service.build.dockerfile)).isFile()).toBe(true);
    },
  );

  it.each(services)('%s carries no secret, and has every secret file it refers to', (name, service) => {
    for (const [key, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|SECRET|TOKEN|KEY|_URL/.test(key)) expect(key).toMatch(/_FILE$/);
      expect(value).not.toMatch(/:\/\/[^/]*@/);
    }
    const referred = JSON.stringify([service.environment, service.entrypoint]).matchAll(/\/run\/secrets\/(\w+)/g);
    const wanted = [...new Set([...referred].map((match) => match[1]))];
    expect([name, [...(service.secrets ?? [])].sort()]).toEqual([name, wanted.sort()]);
  });

  it('declares nothing that is unused, keeps servers inside, and publishes to loopback only', () => {
    const used = (pick: (service: Service) => string[] | undefined): Set<string | undefined> =>
      new Set(services.flatMap(([, service]) => pick(service) ?? []).map((each) => each.split(':')[0]));
    expect(used(({ volumes }) => volumes)).toEqual(new Set(Object.keys(compose.volumes)));
    expect(used(({ secrets }) => secrets)).toEqual(new Set(Object.keys(compose.secrets)));
    expect(compose.networks.store?.internal).toBe(true);
    for (const [name, service] of services) {
      for (const port of service.ports ?? []) expect([name, port]).toEqual(['api', expect.stringMatching(/^127\.0\.0\.1:/)]);
      if (/^(eventstore\d|postgres)$/.test(name)) expect(service.networks).toEqual(['store']);
    }
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\/\w+$/);
  });

  it('health checks exist wherever something listens', () => {
    for (const name of ['eventstore1', 'eventstore2', 'eventstore3', 'postgres', 'api']) {
      expect(compose.services[name]?.healthcheck?.test.length).toBeGreaterThan(1);
    }
  });
});

describe('the secrets', () => {
  let copy: string;

  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'huicai-docker-spec-'));
    cpSync(docker, copy, { recursive: true, filter: (source) => !source.endsWith('/secrets') });
    execFileSync(join(copy, 'make-secrets.sh'));
  });

  afterEach(() => rmSync(copy, { recursive: true, force: true }));

  it('are all made, closed to other accounts, and kept when there', () => {
    const secrets = join(copy, 'secrets');
    expect(new Set(readdirSync(secrets))).toEqual(new Set(Object.keys(compose.secrets)));
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    const read = (): string[] => readdirSync(secrets).map((name) => readFileSync(join(secrets, name), 'hex'));
    const before = read();
    expect(new Set(before).size).toBe(before.length);
    execFileSync(join(copy, 'make-secrets.sh'));
    expect(read()).toEqual(before);
  });

  it('become settings production accepts, through the entrypoint of the image', () => {
    const secret = (name: string): string => join(copy, 'secrets', name);
    const env = {
      PATH: process.env.PATH,
      HUICAI_HOST: '0.0.0.0',
      HUICAI_OIDC_ISSUER: 'https://id.example.cn',
      HUICAI_KEK_FILE: secret('kek'),
      DATABASE_URL_FILE: secret('database_url'),
      EVENTSTORE_URL_FILE: secret('eventstore_url'),
    };
    const print = [process.execPath, '-p', 'JSON.stringify(process.env)'];
    const given = JSON.parse(execFileSync('/bin/sh', [join(copy, 'entrypoint.sh'), ...print], { env, encoding: 'utf8' }));
    expect(resolveSettings(given)).toMatchObject({ mode: 'external', host: '0.0.0.0' });
    expect(given.DATABASE_URL).toContain(readFileSync(secret('postgres_password'), 'utf8'));
    const broken = { ...env, DATABASE_URL_FILE: join(copy, 'nowhere') };
    expect(() => execFileSync('/bin/sh', [join(copy, 'entrypoint.sh'), 'true'], { env: broken, stdio: 'pipe' })).toThrow(
      /DATABASE_URL_FILE names .*nowhere, which can not be read/,
    );
  });
});
