import { eventTime, type RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { TimeReference } from '../../calendar/facts.js';
import type { CaseEvent } from '../contract.js';
import { type CaseFacts, dueOf, foldCase } from '../facts.js';

export interface SlaTimerRow extends Row {
  case_id: string;
  facts: CaseFacts;
  /** The next due that will be, or was, missed without a breach on record. */
  next_due: Date | null;
  next_clock: string | null;
}

/** What will have to be recorded when a due passes. */
export const slaTimers = projection<SlaTimerRow, TimeReference>({
  name: 'sla_timers',
  version: 1,
  table: {
    columns: { case_id: 'uuid', facts: 'jsonb', next_due: 'timestamptz null', next_clock: 'text null' },
    key: ['case_id'],
    partition: 'case_id',
    indexes: ['(next_due) where next_due is not null'],
  },
  partition: (event) => event.stream.slice('case-'.length),
  fold: (rows, event, time) => {
    const facts = foldCase(rows.one()?.facts ?? null, event as RecordedEvent as CaseEvent, eventTime(event));
    if (!facts) return;
    const next = nextMiss(facts, time);
    rows.put({
      case_id: facts.caseId,
      facts,
      next_due: next ? new Date(next.due) : null,
      next_clock: next?.clockId ?? null,
    });
  },
});

/** The earliest due, passed or to come, that no breach stands for and no stop was in time for. */
export function nextMiss(facts: CaseFacts, time: TimeReference): { clockId: string; due: number } | undefined {
  let first: { clockId: string; due: number } | undefined;
  for (const clock of facts.clocks) {
    if (clock.breachedAt !== null) continue;
    const due = dueOf(clock, time);
    if (due === null || (clock.stoppedAt !== null && clock.stoppedAt <= due)) continue;
    if (!first || due < first.due) first = { clockId: clock.clockId, due };
  }
  return first;
}

/** What a due timer needs to fire. */
export interface DueTimer {
  readonly caseId: string;
  readonly clockId: string;
  /** Epoch milliseconds. */
  readonly due: number;
  /** Breaches of this clock withdrawn before. */
  readonly withdrawn: number;
  /** The event that started the clock. */
  readonly cause: string;
}

/** Timers whose due lies before `now`, in due order. A due instant itself is still on time. */
export async function dueTimers(db: Queryable, now: Date, limit: number): Promise<DueTimer[]> {
  const { rows } = await db.query<SlaTimerRow>(
    'select * from read.sla_timers where next_due < $1 order by next_due, case_id limit $2',
    [now, limit],
  );
  return rows.map((row) => dueTimerOf(row.facts, row.next_clock!, row.next_due!.getTime()));
}

export function dueTimerOf(facts: CaseFacts, clockId: string, due: number): DueTimer {
  const clock = facts.clocks.find((c) => c.clockId === clockId)!;
  return { caseId: facts.caseId, clockId, due, withdrawn: clock.withdrawnBreaches, cause: clock.startedBy ?? facts.caseId };
}
