import { QueryFailedError } from 'typeorm';

/** The database server can not be reached, refuses connections, or the connection broke. Trying again later may help. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'database-unavailable';

  constructor(where: string, reason: string, cause: unknown) {
    super(`PostgreSQL at ${where} is not available: ${reason}`, { cause });
    this.name = 'DatabaseUnavailableError';
  }
}

/** A migration failed and was rolled back. */
export class MigrationError extends Error {
  readonly code = 'migration-failed';

  constructor(where: string, reason: string, cause: unknown) {
    super(`The tables in PostgreSQL at ${where} could not be brought up to date: ${reason}`, { cause });
    this.name = 'MigrationError';
  }
}

const SOCKET_FAULTS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** Connection exception, invalid authorisation, unknown database, too many connections, operator intervention. */
const UNAVAILABLE_STATES = /^(08|28|3D|53|57)/;
const LOST_CONNECTION = /connection (terminated|ended|error)|not queryable|timeout exceeded|already released/i;

/** Whether an error of the data source comes from a refused or broken connection rather than from the statement. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code = '' } = driverErrorOf(error);
  return SOCKET_FAULTS.has(code) || UNAVAILABLE_STATES.test(code) || LOST_CONNECTION.test(reasonOf(error));
}

/** The error to show for a failed migration. The URL's password is never repeated. */
export function toDatabaseError(error: unknown, url: string): DatabaseUnavailableError | MigrationError {
  const Fault = isDatabaseUnavailable(error) ? DatabaseUnavailableError : MigrationError;
  return new Fault(addressOf(url), reasonOf(error), error);
}

function driverErrorOf(error: unknown): { code?: string; message?: string } {
  return Object(error instanceof QueryFailedError ? error.driverError : error) as { code?: string; message?: string };
}

function reasonOf(error: unknown): string {
  const { code, message } = driverErrorOf(error);
  // A connection refused at every address of a name has a code and no message.
  return message || code || String(error);
}

function addressOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || 5432}${pathname}`;
  } catch {
    return 'an address that is no URL';
  }
}
