import { type PartitionRows, projection, type Queryable, type Row } from '@huicai/projections';
import type { TimeReference } from '../../calendar/facts.js';
import { type CaseFacts, caseDocument, dueOf, factsAfter } from '../facts.js';
import { supplementEnds } from '../rules/supplement.js';

/** The row of the case itself, which the rows of its timers are derived from. */
const CASE_ROW = '';
/** In place of a clock's id in the timer of the pause that lasts. */
const PAUSE = 'pause';
/** The timer that closes a case whose materials never came; followed by the last day for them. */
export const SUPPLEMENT = 'supplement/';
/** The timer that gives a case back to the queue; followed by who has it. */
export const RETURN = 'return/';

export interface SlaTimerRow extends Row {
  case_id: string;
  clock_id: string;
  /** What it is to see to; null in the row of the case itself. */
  rung: Rung | null;
  /** When the timer is due; null in the row of the case itself. */
  due: Date | null;
  /** Breaches of this clock withdrawn before. */
  withdrawn: number;
  /** The event that started the clock. */
  cause: string | null;
  /** Only in the row of the case itself. */
  facts: CaseFacts | null;
}

/** Recording a breach, withdrawing one whose due a change has moved, ending a pause, giving a case back to its queue, or closing one whose materials never came. */
export type Rung = 'breach' | 'withdrawal' | 'resume' | 'return' | 'unanswered';

/**
 * What will have to be recorded: a row for every clock whose due will be, or was, missed without a breach on record, and for every
 * breach on record whose due is not the clock's any more, for a pause that is to end by itself, and for a case that is to go back to
 * its queue unless somebody acts.
 */
export const slaTimers = projection<SlaTimerRow, TimeReference>({
  name: 'sla_timers',
  version: 12,
  table: {
    columns: {
      case_id: 'uuid',
      clock_id: 'text',
      rung: 'text null',
      due: 'timestamptz null',
      withdrawn: 'int4',
      cause: 'text null',
      facts: 'json null',
    },
    documents: { facts: caseDocument },
    key: ['case_id', 'clock_id'],
    partition: 'case_id',
    // What is due is one stretch at the beginning, in firing order: whatever is not due yet is never looked at.
    indexes: ['(due, clock_id, case_id) where due is not null'],
  },
  partition: (event) => event.stream.slice('case-'.length),
  fold: (rows, event, time) => {
    const before = rows.all();
    const known = before.find(({ clock_id }) => clock_id === CASE_ROW)?.facts ?? null;
    const facts = factsAfter(known, event);
    if (!facts) return;
    rows.put({ case_id: facts.caseId, clock_id: CASE_ROW, rung: null, due: null, withdrawn: 0, cause: null, facts });
    putTimers(rows, before, facts, time);
  },
  rederive: (rows, time) => {
    const before = rows.all();
    const facts = before.find(({ clock_id }) => clock_id === CASE_ROW)?.facts;
    if (facts) putTimers(rows, before, facts, time);
  },
});

function putTimers(
  rows: PartitionRows<SlaTimerRow>,
  before: readonly SlaTimerRow[],
  facts: CaseFacts,
  time: TimeReference,
): void {
  const gone = new Map(before.filter(({ clock_id }) => clock_id !== CASE_ROW).map((row) => [row.clock_id, row]));
  const timers = [
    ...missesOf(facts, time).map((miss) => dueTimerOf(facts, miss.clockId, miss.due)),
    ...(facts.pauseEndsAt === null ? [] : [pauseTimerOf(facts, facts.pauseEndsAt)]),
    ...overturned(facts, time).map((miss) => dueTimerOf(facts, miss.clockId, miss.due, 'withdrawal')),
    ...returnTimerOf(facts),
    ...unansweredTimerOf(facts),
  ];
  for (const { clockId, due, withdrawn, cause, rung } of timers) {
    const row = gone.get(clockId);
    gone.delete(clockId);
    // Most events move none of the dues, and a row that stays costs nothing.
    if (row && row.rung === rung && row.due?.getTime() === due && row.withdrawn === withdrawn && row.cause === cause) continue;
    rows.put({ case_id: facts.caseId, clock_id: clockId, rung, due: new Date(due), withdrawn, cause, facts: null });
  }
  for (const row of gone.values()) rows.delete(row);
}

/** What came in is looked at by people. */
export function unansweredTimerOf({ caseId, supplement, repliedAt }: CaseFacts): DueTimer[] {
  if (!supplement || repliedAt !== null) return [];
  const due = supplementEnds(supplement);
  return [{ caseId, clockId: `${SUPPLEMENT}${supplement.until}`, rung: 'unanswered', due, withdrawn: 0, cause: caseId }];
}

function returnTimerOf({ caseId, specialistId, takeBack }: CaseFacts): DueTimer[] {
  return takeBack
    ? [{ caseId, clockId: `${RETURN}${specialistId}`, rung: 'return', due: takeBack.due, withdrawn: 0, cause: takeBack.cause }]
    : [];
}

interface Miss {
  readonly clockId: string;
  /** Epoch milliseconds. */
  readonly due: number;
}

/** Every due, passed or to come, that no breach stands for and no stop was in time for; in the order in which the clocks started. */
function missesOf(facts: CaseFacts, time: TimeReference): Miss[] {
  return facts.clocks.flatMap((clock) => {
    if (clock.breachedAt !== null) return [];
    const due = dueOf(clock, time);
    if (due === null || (clock.stoppedAt !== null && clock.stoppedAt <= due)) return [];
    return [{ clockId: clock.clockId, due }];
  });
}

/** Breaches that stand for a due that is not the clock's any more, with that due: it passed, so they are seen to at once. */
function overturned(facts: CaseFacts, time: TimeReference): Miss[] {
  return facts.clocks.flatMap((clock) => {
    if (clock.breachedAt === null) return [];
    const due = dueOf(clock, time);
    return due === null || due === clock.breachedAt ? [] : [{ clockId: clock.clockId, due: clock.breachedAt }];
  });
}

/** The earliest of the dues that are, or will be, missed. */
export function nextMiss(facts: CaseFacts, time: TimeReference): Miss | undefined {
  return missesOf(facts, time).reduce<Miss | undefined>(
    (first, miss) => (!first || miss.due < first.due ? miss : first),
    undefined,
  );
}

/** What a due timer needs to fire. */
export interface DueTimer {
  readonly caseId: string;
  readonly clockId: string;
  /** Epoch milliseconds. */
  readonly due: number;
  readonly rung: Rung;
  /** Breaches of this clock withdrawn before. */
  readonly withdrawn: number;
  /** The event that started the clock. */
  readonly cause: string;
}

/**
 * Timers whose due lies before `now`, in due order, but for those on record as failing. A due instant itself is still on time. Of
 * those due at one instant, neighbours are of different cases.
 *
 * @param after the timer to go on behind; without it from the earliest
 * @throws Error of PostgreSQL, also when no worker has made the view yet
 */
export async function dueTimers(db: Queryable, now: Date, limit: number, after?: DueTimer): Promise<DueTimer[]> {
  const behind = after ? 'and (t.due, t.clock_id, t.case_id) > ($3, $4, $5)' : '';
  const { rows } = await db.query<SlaTimerRow>(
    `select t.case_id, t.clock_id, t.rung, t.due, t.withdrawn, t.cause from read.sla_timers t where t.due < $1 ${behind}
     and not exists (select 1 from ops.timer_failure f where (f.case_id, f.clock_id, f.due, f.withdrawn) = (t.case_id, t.clock_id, t.due, t.withdrawn))
     order by t.due, t.clock_id, t.case_id limit $2`,
    [now, limit, ...(after ? [new Date(after.due), after.clockId, after.caseId] : [])],
  );
  return rows.map(timerOf);
}

/** The timer a row stands for. */
export function timerOf({ case_id, clock_id, rung, due, withdrawn, cause }: SlaTimerRow): DueTimer {
  return { caseId: case_id, clockId: clock_id, rung: rung!, due: due!.getTime(), withdrawn, cause: cause ?? case_id };
}

const pauseTimerOf = ({ caseId }: CaseFacts, due: number): DueTimer => ({
  caseId,
  clockId: PAUSE,
  rung: 'resume',
  due,
  withdrawn: 0,
  cause: caseId,
});

export function dueTimerOf(facts: CaseFacts, clockId: string, due: number, rung: Rung = 'breach'): DueTimer {
  const clock = facts.clocks.find((c) => c.clockId === clockId)!;
  return { caseId: facts.caseId, clockId, rung, due, withdrawn: clock.withdrawnBreaches, cause: clock.startedBy ?? facts.caseId };
}
