import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson, Refusal, systemCommandId } from '@huicai/kernel';
import { isOutage } from '@huicai/projections';
import type { CaseCommand } from '../contexts/cases/contract.js';
import { type DueTimer, dueTimers, RETURN, SUPPLEMENT } from '../contexts/cases/views/sla-timers.view.js';
import { inLanes } from './lanes.js';
import type { HuicaiSystem } from './system.js';
import { forgetFailure, reasonOf, recordFailure, timersToRetry } from './timer-failures.js';

/**
 * Records a missed due, withdraws the breach of one that was moved, ends a pause, gives a case nobody acted on back to its queue, or closes one whose materials never came.
 * The command id is made of what is to be seen to,
 * so however often and by whomever it is fired it happens once; the rulebook drops it when things have moved on meanwhile.
 */
export async function fireTimer(system: HuicaiSystem, timer: DueTimer, backfill = false): Promise<void> {
  const due = new Date(timer.due).toISOString();
  const command = commandOf(timer, due);
  await system.send({
    aggregate: 'case',
    id: timer.caseId,
    command,
    caller: { id: 'timer', role: 'system' },
    context: {
      commandId: commandIdOf(timer),
      commandHash: await system.vault.commandHash(canonicalJson(command.data), null),
      correlationId: timer.cause,
      causationId: timer.cause,
      ...(timer.rung === 'withdrawal' ? {} : { occurredAt: timer.due }),
      ...(backfill ? { backfill } : {}),
    },
  });
}

function commandOf({ rung, clockId }: DueTimer, due: string): CaseCommand {
  if (rung === 'resume') return { type: 'EndPause', data: { endsAt: due } };
  if (rung === 'return') return { type: 'ReturnToQueue', data: { specialistId: clockId.slice(RETURN.length), due } };
  if (rung === 'unanswered') return { type: 'CloseUnanswered', data: { until: clockId.slice(SUPPLEMENT.length) } };
  return { type: 'RecordBreach', data: { clockId, due } };
}

const commandIdOf = ({ caseId, clockId, rung, due, withdrawn }: DueTimer): string =>
  systemCommandId('timer', caseId, clockId, rung, new Date(due).toISOString(), withdrawn);

/** Timers read at once. */
const PAGE = 500;
/** Timers fired side by side, each of another case: they share the round trips to the store and its commits. */
const LANES = 16;
/** Failed timers tried again between two looks at the others. */
const RETRIES = 64;
/** How long a timer that was fired, and still stands as due, is left alone, milliseconds. */
const REST_MS = 60_000;
/** Pause after a look that found something: what a case has missed besides may have come to light. Milliseconds. */
const SOON_MS = 100;
/** Failures told in the log one by one; the rest of a look is counted. */
const TOLD = 10;

/** Fires what is due, in due order, look after look. */
export class TimerLoop {
  /** Fired, but not yet gone from the view of what is due, which is always a little behind; by command id, until when. */
  private readonly resting = new Map<string, number>();
  private trouble: string | undefined;
  private failedAtFirst = 0;
  /** Whether a timer was fired since a server was last found away. */
  private firedSince = false;

  constructor(
    private readonly system: HuicaiSystem,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Runs until the signal aborts.
   *
   * @param held true while timers must wait
   * @param intervalMs milliseconds between two looks that find nothing
   */
  async run(signal: AbortSignal, held: () => Promise<boolean>, intervalMs: number): Promise<void> {
    while (!signal.aborted) {
      let fired = 0;
      try {
        if (!(await held())) fired = await this.look(signal, held);
        if (this.trouble !== undefined) this.log('timers are fired again');
        this.trouble = undefined;
      } catch (error) {
        if (this.trouble === undefined) this.log(`timers wait: ${(error as Error).message}`);
        this.trouble = (error as Error).message;
      }
      await delay(fired > 0 ? Math.min(SOON_MS, intervalMs) : intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Fires all that is due, page by page. How many were tried. @throws whatever says that a server is away */
  private async look(signal: AbortSignal, held: () => Promise<boolean>): Promise<number> {
    const { pool, clock } = this.system;
    const now = new Date(clock.now());
    this.failedAtFirst = 0;
    this.forgetRested();
    let tried = 0;
    let page: DueTimer[];
    let after: DueTimer | undefined;
    do {
      page = await dueTimers(pool, now, PAGE, after);
      after = page.at(-1);
      tried += await this.fireAll(page, signal, false);
    } while (page.length === PAGE && !signal.aborted && !(await held()));
    tried += await this.fireAll(await timersToRetry(pool, now, RETRIES), signal, true);
    if (this.failedAtFirst > TOLD) this.log(`and ${this.failedAtFirst - TOLD} more timers failed`);
    return tried;
  }

  private async fireAll(timers: readonly DueTimer[], signal: AbortSignal, again: boolean): Promise<number> {
    const ready = timers.filter((timer) => again || !this.resting.has(commandIdOf(timer)));
    await inLanes(
      ready,
      LANES,
      ({ caseId }) => caseId,
      signal,
      (timer) => this.fire(timer, again),
    );
    return ready.length;
  }

  private async fire(timer: DueTimer, again: boolean): Promise<void> {
    // The clock may have been put back since the timers were read.
    if (timer.due >= this.system.clock.now()) return;
    try {
      await fireTimer(this.system, timer);
      this.firedSince = true;
      this.rest(commandIdOf(timer));
      if (again) await forgetFailure(this.system.pool, timer);
    } catch (error) {
      if (this.isAway(error)) throw error;
      const reason = reasonOf(error);
      const attempts = await recordFailure(this.system.pool, timer, reason);
      if (attempts === 1 && ++this.failedAtFirst <= TOLD) this.log(`timer ${timer.clockId} of case ${timer.caseId}: ${reason}`);
    }
  }

  /**
   * Whether to wait for a server. One that fails for this timer alone, while others are fired, is the timer's own trouble: waiting
   * would keep the others back for ever.
   */
  private isAway(error: unknown): boolean {
    if (!isOutage(error) && !(error instanceof Refusal && error.kind === 'unavailable')) return false;
    const alone = this.firedSince;
    this.firedSince = false;
    return !alone;
  }

  private rest(commandId: string): void {
    this.resting.delete(commandId);
    this.resting.set(commandId, performance.now() + REST_MS);
  }

  private forgetRested(): void {
    const now = performance.now();
    for (const [id, until] of this.resting) {
      // Oldest first: the first one that still rests ends the search.
      if (until > now) return;
      this.resting.delete(id);
    }
  }
}
