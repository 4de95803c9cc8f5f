import { Refusal } from '@huicai/kernel';
import type { Queryable } from '@huicai/projections';
import { type DueTimer, type SlaTimerRow, timerOf } from '../contexts/cases/views/sla-timers.view.js';

/** Pause before the first repetition of a failed timer, doubled by every further failure up to the longest; milliseconds. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 3_600_000;
const REASON_LENGTH = 200;

/** Why a timer failed, for people who operate the system: the code of a refusal, or what our own code says of its fault. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return `${error.kind}: ${error.code}`;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return `${name}: ${message.replaceAll('\0', '')}`.slice(0, REASON_LENGTH);
}

/**
 * Puts a failure on record; the timer rests until its pause is over, by PostgreSQL's clock.
 *
 * @returns how often it has failed by now
 */
export async function recordFailure(db: Queryable, timer: DueTimer, reason: string): Promise<number> {
  const { rows } = await db.query<{ attempts: number }>(
    `insert into ops.timer_failure as f (case_id, clock_id, due, withdrawn, attempts, reason, first_at, last_at, retry_at)
     values ($1, $2, $3, $4, 1, $5, now(), now(), now() + $6 * interval '1 millisecond')
     on conflict (case_id, clock_id) do update set due = excluded.due, withdrawn = excluded.withdrawn, reason = excluded.reason, last_at = now(),
       attempts = case when (f.due, f.withdrawn) = (excluded.due, excluded.withdrawn) then f.attempts + 1 else 1 end,
       first_at = case when (f.due, f.withdrawn) = (excluded.due, excluded.withdrawn) then f.first_at else now() end,
       retry_at = now() + least($7, $6 * power(2, least(f.attempts, 30))) * interval '1 millisecond'
     returning attempts`,
    [timer.caseId, timer.clockId, new Date(timer.due), timer.withdrawn, reason, FIRST_PAUSE_MS, LONGEST_PAUSE_MS],
  );
  return rows[0]!.attempts;
}

/** Takes a timer that was fired, or has been overtaken, off the record. */
export async function forgetFailure(db: Queryable, { caseId, clockId }: Pick<DueTimer, 'caseId' | 'clockId'>): Promise<void> {
  await db.query('delete from ops.timer_failure where (case_id, clock_id) = ($1, $2)', [caseId, clockId]);
}

/** Drops records whose timer is no more: its clock was stopped in time, its due moved, its breach was recorded in another way. */
async function forgetOvertaken(db: Queryable, limit: number): Promise<void> {
  await db.query(
    `delete from ops.timer_failure g using (select case_id, clock_id from ops.timer_failure where retry_at <= now() order by retry_at limit $1) f
     where (g.case_id, g.clock_id) = (f.case_id, f.clock_id) and not exists (select 1 from read.sla_timers t
       where (t.case_id, t.clock_id, t.due, t.withdrawn) = (g.case_id, g.clock_id, g.due, g.withdrawn))`,
    [limit],
  );
}

/** Failed timers whose pause is over, in the order in which it ended. */
export async function timersToRetry(db: Queryable, now: Date, limit: number): Promise<DueTimer[]> {
  await forgetOvertaken(db, limit);
  const { rows } = await db.query<SlaTimerRow>(
    `select t.case_id, t.clock_id, t.due, t.withdrawn, t.cause from ops.timer_failure f join read.sla_timers t
       on (t.case_id, t.clock_id, t.due, t.withdrawn) = (f.case_id, f.clock_id, f.due, f.withdrawn)
     where f.retry_at <= now() and t.due < $1 order by f.retry_at limit $2`,
    [now, limit],
  );
  return rows.map(timerOf);
}

/** A timer that could not be fired. */
export interface FailingTimer {
  readonly caseId: string;
  readonly clockId: string;
  readonly due: Date;
  readonly attempts: number;
  /** Without personal data. */
  readonly reason: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly retryAt: Date;
}

/** How the timers stand. */
export interface TimerStatus {
  /** All timers that wait for their due or are past it. */
  readonly open: number;
  /** Of these, the ones whose due has passed. */
  readonly due: number;
  /** The earliest due that has passed and was neither fired nor has failed: how far the timers lag. */
  readonly oldestDue: Date | null;
  readonly failing: number;
  /** Those that have failed longest, ten at most. */
  readonly failures: readonly FailingTimer[];
}

const NO_TIMERS: TimerStatus = { open: 0, due: 0, oldestDue: null, failing: 0, failures: [] };
const UNDEFINED_TABLE = '42P01';

/**
 * How the timers stand, as of `now` by the clock the timers go by; all zero before a worker has made the view.
 *
 * @throws Error of PostgreSQL
 */
export async function timerStatus(db: Queryable, now: Date): Promise<TimerStatus> {
  try {
    const { rows } = await db.query<{ open: string; due: string; oldest: Date | null; failing: string }>(
      `select (select count(*) from read.sla_timers where due is not null) as open,
         (select count(*) from read.sla_timers where due < $1) as due,
         (select min(due) from read.sla_timers t where due < $1 and not exists (select 1 from ops.timer_failure f
            where (f.case_id, f.clock_id, f.due, f.withdrawn) = (t.case_id, t.clock_id, t.due, t.withdrawn))) as oldest,
         (select count(*) from ops.timer_failure) as failing`,
      [now],
    );
    const { open, due, oldest, failing } = rows[0]!;
    const { rows: failures } = await db.query<FailingTimer & Record<string, unknown>>(
      `select case_id as "caseId", clock_id as "clockId", due, attempts, reason, first_at as "firstAt", last_at as "lastAt", retry_at as "retryAt"
       from ops.timer_failure order by first_at, due, case_id limit 10`,
    );
    return { open: Number(open), due: Number(due), oldestDue: oldest, failing: Number(failing), failures };
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    return NO_TIMERS;
  }
}
