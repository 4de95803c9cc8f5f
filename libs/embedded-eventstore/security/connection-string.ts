import type { Credentials } from './account.js';

/** What a client needs to know of a server. */
export interface Dialled {
  /** Host name or IPv4 address. */
  host: string;
  port: number;
  tls: boolean;
  /** Absolute path. */
  caFile?: string | undefined;
  credentials?: Credentials | undefined;
}

/** The connection string of a server, in EventStoreDB's form. */
export function connectionString({ host, port, tls, caFile, credentials }: Dialled): string {
  const account = credentials ? `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@` : '';
  // Slashes need no encoding, and paths are read by people.
  const ca = caFile === undefined ? '' : `&tlsCAFile=${encodeURIComponent(caFile).replaceAll('%2F', '/')}`;
  return `esdb://${account}${host}:${port}?tls=${tls}${ca}`;
}
