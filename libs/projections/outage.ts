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
