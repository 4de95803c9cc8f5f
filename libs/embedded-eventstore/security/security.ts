import { join, resolve } from 'node:path';
import { Account, type Credentials, ensurePasswordFile } from './account.js';
import { type Addresses, certifiedHosts } from './addresses.js';
import { generatedCertificate, type ServerCertificate } from './generated-certificate.js';
import { type CertificateFiles, readOwnCertificate } from './own-certificate.js';

/** Login of the account unless another is given. */
const DEFAULT_LOGIN = 'admin';
/** Milliseconds between looks at whether the certificate must be, or was, replaced. */
const REFRESH_INTERVAL = 12 * 60 * 60 * 1000;

export interface SecurityOptions {
  /** The directory of the event store. */
  dir: string;
  addresses: Addresses;
  /** True: certificates are generated in `<dir>/certs`. */
  tls: true | CertificateFiles;
  login?: string;
  /** If none is given, one is generated into `<dir>/admin-password`. */
  password?: string;
}

/** What a server with TLS proves itself with, and whom it lets in. */
export class Security {
  readonly account: Account;

  private constructor(
    private readonly options: SecurityOptions,
    readonly credentials: Credentials,
    /** Where the password was made up, or found; undefined if it was given. */
    readonly passwordFile: string | undefined,
    private current: ServerCertificate,
  ) {
    this.account = new Account(credentials);
  }

  /**
   * Reads, or makes, certificate and password.
   * @param now milliseconds since the UNIX epoch
   * @throws SecurityError if one of their files will not do
   */
  static async open(options: SecurityOptions, now: number): Promise<Security> {
    const username = options.login ?? DEFAULT_LOGIN;
    const certificate = await readCertificate(options, now);
    if (options.password !== undefined) {
      return new Security(options, { username, password: options.password }, undefined, certificate);
    }
    const passwordFile = resolve(options.dir, 'admin-password');
    const password = await ensurePasswordFile(passwordFile);
    return new Security(options, { username, password }, passwordFile, certificate);
  }

  get certificate(): ServerCertificate {
    return this.current;
  }

  /**
   * Looks at the certificate again, and hands it on if it is another: a generated one near its end is replaced by this
   * very look, an operator's own may have been replaced meanwhile.
   * @param now milliseconds since the UNIX epoch
   * @throws SecurityError as at the start; the certificate in use stays
   */
  async refresh(use: (certificate: ServerCertificate) => void, now: number): Promise<void> {
    const certificate = await readCertificate(this.options, now);
    if (certificate.cert === this.current.cert && certificate.key === this.current.key) return;
    use(certificate);
    this.current = certificate;
  }

  /** Refreshes from time to time, so that no certificate ends while its server runs. Returns the function that ends this. */
  keepFresh(use: (certificate: ServerCertificate) => void, onError: (error: unknown) => void): () => void {
    const timer = setInterval(() => this.refresh(use, Date.now()).catch(onError), REFRESH_INTERVAL);
    timer.unref();
    return () => clearInterval(timer);
  }
}

function readCertificate({ dir, addresses, tls }: SecurityOptions, now: number): Promise<ServerCertificate> {
  return tls === true
    ? generatedCertificate(join(dir, 'certs'), certifiedHosts(addresses), now)
    : readOwnCertificate(tls, addresses.advertised, now);
}
