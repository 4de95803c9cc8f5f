import { StoreUnavailableError } from '@huicai/event-store';

/** A fold could not take an event, or made rows that can not be stored: the projection's fault, never that of a server. */
export class FoldError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'FoldError';
  }
}

/** Lost connections, rollbacks without fault, lack of resources, shut-downs, a standby that can not write; system calls that failed. */
const OUTAGE_CODES = /^(08|40|53|57|58|25006|55P03)|^E(?!RR_)[A-Z_]+$/;

/** What the driver says, without a code, when a connection is gone or can not be made. */
const DRIVER_SAYS =
  /^Connection terminated|^timeout expired|^timeout exceeded when trying to connect|is not queryable$|^Query read timeout/;

/** Whether an error says that PostgreSQL or the event store is away, so that the same work may succeed later. */
export function isOutage(error: unknown): boolean {
  if (error instanceof FoldError) return false;
  if (error instanceof StoreUnavailableError) return true;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? OUTAGE_CODES.test(code) : DRIVER_SAYS.test(String(message));
}

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Data exceptions, constraint violations, and values too large for an index. */
const REFUSED = /^(22|23|54)/;

/**
 * Whether an error says that a row can not be stored for what it is: refused by PostgreSQL, or by the driver before it was sent.
 * Then, and only then, it makes sense to look for the event at fault.
 */
export function isPoison(error: unknown): boolean {
  if (error instanceof FoldError) return true;
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && SQLSTATE.test(code)
    ? REFUSED.test(code)
    : error instanceof TypeError || error instanceof RangeError;
}
