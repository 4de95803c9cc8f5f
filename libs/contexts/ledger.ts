import { list, object } from '@huicai/http';
import { type CompiledCalendar, formatInstant, type LedgerEntry, type Limit } from '@huicai/working-time';
import { OFFICE_ZONE } from './calendar/facts.js';

/** A stretch of a ledger as people read it: instants in the calendar's wall time. */
export type ToldEntry = Omit<LedgerEntry, 'from' | 'to'> & { readonly from: string; readonly to: string };

/** An entry of a ledger in the wall time of its calendar. */
export const told = ({ from, to, ...rest }: LedgerEntry, calendar: CompiledCalendar): ToldEntry => ({
  from: calendar.format(from),
  to: calendar.format(to),
  ...rest,
});

/** A limit as people read it: the close of a season in the office's wall time. */
export const toldLimit = (limit: Limit) =>
  limit.kind === 'calendarWindow' ? { ...limit, at: formatInstant(limit.at, OFFICE_ZONE) } : limit;

const LEDGER_ENTRY = {
  ...object({
    from: 'instant',
    to: 'instant',
    counted: 'flag',
    reason: 'text',
    name: 'text',
    cause: 'uuid',
    provisional: 'flag',
  }),
  required: ['from', 'to', 'counted', 'reason'],
};

/** Stretches of time without a gap: whether each counted, and why. */
export const LEDGER_SHAPE = list(LEDGER_ENTRY);
