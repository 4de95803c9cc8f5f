import { ConnectionStringError } from './port.js';

export interface ConnectionTarget {
  /** The connection string without its user, for the client: hosts and options are as they were. */
  readonly address: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** Takes user and password out of a text, however they are written in it. */
  readonly redact: (text: string) => string;
}

const USER = /^(esdb(?:\+discover)?:\/\/)([^@/?#]*)@/;

/**
 * Takes the user out of a connection string. The client prints the whole string in warnings and keeps it in errors, so it is given
 * none of the secrets; they go with each call instead.
 *
 * @throws ConnectionStringError where the client would silently take another user, password or host than was meant
 */
export function splitConnectionString(connectionString: string): ConnectionTarget {
  const trimmed = connectionString.trim();
  const found = USER.exec(trimmed);
  const address = found ? found[1] + trimmed.slice(found[0].length) : trimmed;
  if (address.includes('@'))
    throw new ConnectionStringError('the user is written name:password@, and @ / ? # in either as %40 %2F %3F %23');
  if (!found) return { address, credentials: undefined, redact: (text) => text };
  const [name, word, ...more] = found[2]!.split(':');
  if (!name || !word || more.length > 0)
    throw new ConnectionStringError('the user is written name:password@, and a colon in either as %3A');
  const credentials = { username: decoded(name), password: decoded(word) };
  return { address, credentials, redact: redactor([name, word, credentials.username, credentials.password], credentials) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConnectionStringError('a % in name or password is written %25');
  }
}

function redactor(secrets: readonly string[], { username, password }: { username: string; password: string }) {
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  // The longest first, so that no secret is left over that holds another.
  const all = [...new Set([...secrets, basic, encodeURIComponent(password)])].sort((a, b) => b.length - a.length);
  return (text: string): string => all.reduce((left, secret) => left.replaceAll(secret, '***'), text);
}
