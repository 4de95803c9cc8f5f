import { list, object } from '@huicai/http';
import type { CompiledCalendar, LedgerEntry } from '@huicai/working-time';

/** A stretch of a ledger as people read it: instants in the calendar's wall time. */
export type ToldEntry = Omit<LedgerEntry, 'from' | 'to'> & { readonly from: string; readonly to: string };

/** An entry of a ledger in the wall time of its calendar. */
export const told = ({ from, to, ...rest }: LedgerEntry, calendar: CompiledCalendar): ToldEntry => ({
  from: calendar.format(from),
  to: calendar.format(to),
  ...rest,
});

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
