import { isIP, isIPv4, isIPv6 } from 'node:net';
import { ListenError } from './errors.js';

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** Where a server listens, and what it tells its clients to dial. */
export interface Addresses {
  /** As given. */
  host: string;
  /** A host name or IPv4 address. */
  advertised: string;
}

/**
 * Checks the address to listen on. Whoever reaches a server without TLS reads and writes everything, so it stays on this
 * machine; beyond it, TLS and a password of the operator's are required.
 * @throws ListenError naming what is missing
 */
export function chooseAddresses(options: {
  host: string;
  advertiseHost: string | undefined;
  tls: boolean;
  password: boolean;
}): Addresses {
  const { host, advertiseHost } = options;
  if (!isIP(host) && !HOST_NAME.test(host)) throw new ListenError(`"${host}" is neither an IP address nor a host name`);
  if (options.password && !options.tls) {
    throw new ListenError('a password protects nothing without TLS: turn TLS on (--tls), or give no password');
  }
  const missing = [options.tls ? '' : 'TLS (--tls)', options.password ? '' : 'a password (--password-file)'].filter(Boolean);
  if (!isLoopback(host) && missing.length > 0) {
    throw new ListenError(
      `on ${host} other machines could reach the event store, which takes TLS and a password: give it ${missing.join(' and ')}, or listen on a loopback address (127.0.0.1, localhost, ::1)`,
    );
  }
  return { host, advertised: chooseAdvertised(host, advertiseHost) };
}

/** The addresses to bind for a host: `localhost` is both loopback addresses, so that it means this server in either family. */
export function bindAddresses(host: string): string[] {
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
}

/** Every name and address a certificate of this server must be good for. */
export function certifiedHosts({ host, advertised }: Addresses): string[] {
  return [...new Set(['localhost', '127.0.0.1', '::1', host, advertised])].filter((name) => !WILDCARDS.includes(name));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function chooseAdvertised(host: string, advertiseHost: string | undefined): string {
  if (advertiseHost === undefined) {
    // The connection strings of clients have no way to write an IPv6 address.
    if (!WILDCARDS.includes(host) && !isIPv6(host)) return host;
    throw new ListenError(`clients can not dial ${host}: name the host name or IPv4 address they reach it by (--advertise-host)`);
  }
  if (WILDCARDS.includes(advertiseHost) || !(isIPv4(advertiseHost) || HOST_NAME.test(advertiseHost))) {
    throw new ListenError(`clients can not dial "${advertiseHost}": advertise a host name or an IPv4 address, without a port`);
  }
  return advertiseHost;
}
