import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { ConfigurationError } from './configuration-error.js';
import { dataDirectory, dataLayout, readKek } from './data-directory.js';
import { isLive, readRuntime } from './runtime-file.js';

/**
 * `embedded`: servers of our own, reached through runtime.json and bound to loopback; a local issuer and demo users are
 * allowed. `external`: servers named by the environment; production rules.
 */
export type ConnectionMode = 'embedded' | 'external';

/** Settings that hold before anything runs. */
export interface Settings {
  readonly mode: ConnectionMode;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly dataDir: string;
  readonly runtimeFile: string;
  readonly kekFile: string;
  /** Undefined only in embedded mode: the local issuer. */
  readonly oidcIssuer: string | undefined;
}

/** Settings with the servers to connect to. */
export interface Connections extends Settings {
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
}

interface ServerUrls {
  readonly databaseUrl: string;
  readonly eventStoreUrl: string;
}

const defaultPort = 3000;
const databaseSchemes = ['postgres', 'postgresql'];
const eventStoreSchemes = ['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover'];

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * Reads the settings. DATABASE_URL, EVENTSTORE_URL or a bind beyond loopback makes them external, and then DATABASE_URL,
 * EVENTSTORE_URL, HUICAI_OIDC_ISSUER and HUICAI_KEK_FILE are all required.
 * @throws ConfigurationError naming the variable at fault; messages never hold its value when that is a secret.
 */
export function resolveSettings(env: NodeJS.ProcessEnv): Settings {
  const host = env.HUICAI_HOST || '127.0.0.1';
  const dataDir = dataDirectory(env);
  const layout = dataLayout(dataDir);
  const common = { host, port: readPort(env.PORT), dataDir, runtimeFile: resolve(env.HUICAI_RUNTIME || layout.runtimeFile) };
  const reason = whyExternal(env, host);
  if (reason === undefined) {
    const kekFile = env.HUICAI_KEK_FILE ? resolve(env.HUICAI_KEK_FILE) : layout.kekFile;
    return { ...common, mode: 'embedded', kekFile, oidcIssuer: readIssuer(env.HUICAI_OIDC_ISSUER) };
  }
  for (const name of ['DATABASE_URL', 'EVENTSTORE_URL', 'HUICAI_OIDC_ISSUER', 'HUICAI_KEK_FILE']) {
    if (!env[name]) throw new ConfigurationError(`${name} is required because ${reason}.`);
  }
  externalUrls(env);
  const kekFile = resolve(env.HUICAI_KEK_FILE!);
  readKek(kekFile);
  return { ...common, mode: 'external', kekFile, oidcIssuer: readIssuer(env.HUICAI_OIDC_ISSUER) };
}

/**
 * Settings and servers: in external mode from the environment, in embedded mode from the running supervisor's runtime.json.
 * @throws ConfigurationError as {@link resolveSettings}, and in embedded mode when no supervisor runs.
 */
export function resolveConnections(env: NodeJS.ProcessEnv): Connections {
  const settings = resolveSettings(env);
  if (settings.mode === 'external') return { ...settings, ...externalUrls(env) };
  const runtime = readRuntime(settings.runtimeFile);
  const advice = 'Start it with "npm start", or set DATABASE_URL and EVENTSTORE_URL.';
  if (!runtime)
    throw new ConfigurationError(`Huicai does not run on ${settings.dataDir} (no ${settings.runtimeFile}). ${advice}`);
  if (!isLive(runtime)) {
    throw new ConfigurationError(`Huicai no longer runs on ${settings.dataDir} (process ${runtime.pid} ended). ${advice}`);
  }
  return { ...settings, databaseUrl: runtime.databaseUrl, eventStoreUrl: runtime.eventStoreUrl };
}

/** True when only this machine can reach the address: 127.0.0.0/8, ::1 or localhost. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return isIPv4(host) ? loopback.check(host) : isIPv6(host) && loopback.check(host, 'ipv6');
}

function whyExternal(env: NodeJS.ProcessEnv, host: string): string | undefined {
  if (env.DATABASE_URL) return 'DATABASE_URL is set';
  if (env.EVENTSTORE_URL) return 'EVENTSTORE_URL is set';
  return isLoopback(host) ? undefined : `HUICAI_HOST (${host}) is reachable from other machines`;
}

function externalUrls(env: NodeJS.ProcessEnv): ServerUrls {
  return {
    databaseUrl: readUrl('DATABASE_URL', env.DATABASE_URL, databaseSchemes),
    eventStoreUrl: readUrl('EVENTSTORE_URL', env.EVENTSTORE_URL, eventStoreSchemes),
  };
}

// Only the scheme is checked: cluster addresses list several hosts, which URL parsers refuse.
function readUrl(name: string, value: string | undefined, schemes: readonly string[]): string {
  const scheme = /^([a-z+]+):\/\/./.exec(value ?? '')?.[1];
  if (value !== undefined && scheme !== undefined && schemes.includes(scheme)) return value;
  throw new ConfigurationError(`${name} must begin with ${schemes.map((each) => `${each}://`).join(' or ')}.`);
}

function readIssuer(value: string | undefined): string | undefined {
  if (!value) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')))) return value;
  throw new ConfigurationError(`HUICAI_OIDC_ISSUER must be an https:// address (http:// only on loopback), not "${value}".`);
}

function readPort(value: string | undefined): number {
  if (!value) return defaultPort;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port <= 65_535) return port;
  throw new ConfigurationError(`PORT must be a whole number from 0 to 65535, not "${value}".`);
}
