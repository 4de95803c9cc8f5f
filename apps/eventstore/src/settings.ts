import { parseArgs } from 'node:util';
import { type EmbeddedEventStoreOptions, readPasswordFile } from '@huicai/embedded-eventstore';

export const HELP = `eventstore: a durable event store that speaks EventStoreDB's protocol

  eventstore --dir <directory> [options]                             serve
  eventstore backup --dir <directory> --to <new directory>           copy the events, of a running server too
  eventstore restore --from <backup> --dir <directory> [--replace]   make a directory of a backup
  eventstore verify --dir <directory or backup>                      check every event and index

  option                   environment variable       what it is
  --dir <directory>        EVENTSTORE_DIR             where events are kept; made if missing; one server at a time
  --host <address>         EVENTSTORE_HOST            address to listen on (127.0.0.1)
  --port <number>          EVENTSTORE_PORT            port (2113); 0 takes a free one
  --advertise-host <name>  EVENTSTORE_ADVERTISE_HOST  host name or IPv4 address clients dial (the address listened on)
  --tls                    EVENTSTORE_TLS=true        encrypt, and let in only those who know the account
  --cert-file <file>       EVENTSTORE_CERT_FILE       own certificate and its intermediates (PEM) ...
  --key-file <file>        EVENTSTORE_KEY_FILE        ... and its private key; both mean --tls
  --ca-file <file>         EVENTSTORE_CA_FILE         the authority clients are to trust, where they do not yet
  --login <name>           EVENTSTORE_LOGIN           the account (admin)
  --password-file <file>   EVENTSTORE_PASSWORD_FILE   its password, on one line; or EVENTSTORE_PASSWORD holds it itself
  --help, -h                                          this text

Without --tls everyone who can connect is let in, so only loopback addresses (127.0.0.1, localhost, ::1) are allowed. With
--tls a certificate of an own authority is made in <directory>/certs unless one is given; clients need ca.crt from there.
Beyond loopback a password must be given; on loopback one is made up in <directory>/admin-password.
`;

/** EventStoreDB's own. */
const DEFAULT_PORT = '2113';

/** The part of the options that is read from the command line and the environment. */
export type Settings = Pick<EmbeddedEventStoreOptions, 'dir' | 'host' | 'port' | 'advertiseHost' | 'tls' | 'login' | 'password'>;

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  dir: TEXT,
  host: TEXT,
  port: TEXT,
  'advertise-host': TEXT,
  tls: { type: 'boolean' },
  'cert-file': TEXT,
  'key-file': TEXT,
  'ca-file': TEXT,
  login: TEXT,
  'password-file': TEXT,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Command line before environment; an empty variable is none. */
class Sources {
  readonly values: ReturnType<typeof parseArgs<{ args: string[]; options: typeof OPTIONS }>>['values'];

  constructor(
    args: string[],
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.values = parseArgs({ args, options: OPTIONS }).values;
  }

  text(name: Exclude<keyof typeof OPTIONS, 'tls' | 'help'>): string | undefined {
    const value = this.values[name] ?? (this.variable(name) || undefined);
    if (value === '') throw new Error(`--${name} is empty`);
    return value;
  }

  flag(name: 'tls'): boolean | undefined {
    const variable = this.variable(name);
    if (variable !== '' && variable !== 'true' && variable !== 'false') {
      throw new Error(`${variableName(name)} must be true or false, not ${variable}`);
    }
    return this.values[name] ?? (variable === '' ? undefined : variable === 'true');
  }

  private variable(name: string): string {
    return this.env[variableName(name)] ?? '';
  }
}

/**
 * Reads the settings of a server; undefined if only help is asked for.
 * @throws Error saying which of them is missing or wrong, SecurityError for a password file that will not do
 */
export async function readSettings(args: string[], env: NodeJS.ProcessEnv): Promise<Settings | undefined> {
  const sources = new Sources(args, env);
  if (sources.values.help) return undefined;
  const dir = sources.text('dir');
  if (dir === undefined) throw new Error('no directory given (--dir or EVENTSTORE_DIR); --help says more');
  const port = sources.values.port ?? sources.text('port') ?? DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`the port must be a number from 0 to 65535, not ${port}`);
  return {
    dir,
    port: Number(port),
    ...given('host', sources.text('host')),
    ...given('advertiseHost', sources.text('advertise-host')),
    ...given('tls', readTls(sources)),
    ...given('login', sources.text('login')),
    ...given('password', await readPassword(sources, env)),
  };
}

function readTls(sources: Sources): Settings['tls'] {
  const [certFile, keyFile, caFile] = [sources.text('cert-file'), sources.text('key-file'), sources.text('ca-file')];
  const tls = sources.flag('tls');
  if (certFile === undefined && keyFile === undefined && caFile === undefined) return tls;
  if (certFile === undefined || keyFile === undefined) throw new Error('--cert-file and --key-file are needed together');
  if (tls === false) throw new Error('a certificate is given, but EVENTSTORE_TLS is false');
  return { certFile, keyFile, ...given('caFile', caFile) };
}

/** Not an option of its own: everyone on the machine can read the command lines of its processes. */
async function readPassword(sources: Sources, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = sources.text('password-file');
  const password = env.EVENTSTORE_PASSWORD || undefined;
  if (file === undefined) return password;
  if (password !== undefined) throw new Error('a password file and EVENTSTORE_PASSWORD are both given: which password is meant?');
  return readPasswordFile(file);
}

function variableName(option: string): string {
  return `EVENTSTORE_${option.toUpperCase().replaceAll('-', '_')}`;
}

function given<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: T });
}
