import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson, systemCommandId } from '@huicai/kernel';
import { isOutage } from '@huicai/projections';
import { type DueTimer, dueTimers } from '../contexts/cases/views/sla-timers.view.js';
import type { HuicaiSystem } from './system.js';

/**
 * Records a missed due. The command id is made of what is missed, so however often and by whomever it is fired it happens once;
 * the rulebook drops it when the clock has meanwhile stopped in time or moved on.
 */
export async function fireBreachTimer(system: HuicaiSystem, timer: DueTimer, backfill = false): Promise<void> {
  const data = { clockId: timer.clockId, due: new Date(timer.due).toISOString() };
  await system.send({
    aggregate: 'case',
    id: timer.caseId,
    command: { type: 'RecordBreach', data },
    caller: { id: 'timer', role: 'system' },
    context: {
      commandId: commandIdOf(timer),
      commandHash: await system.vault.commandHash(canonicalJson(data), null),
      correlationId: timer.cause,
      causationId: timer.cause,
      occurredAt: timer.due,
      ...(backfill ? { backfill } : {}),
    },
  });
}

const commandIdOf = ({ caseId, clockId, due, withdrawn }: DueTimer): string =>
  systemCommandId('timer', caseId, clockId, 'breach', new Date(due).toISOString(), withdrawn);

/** Timers taken in one round. */
const ROUND = 200;
/** How long a timer that was fired, and still stands as due, is left alone, milliseconds. */
const REST_MS = 60_000;

/** Fires what is due, in due order, round after round. */
export class TimerLoop {
  /** Fired, but not yet gone from the view of what is due, which is always a little behind; by command id, until when. */
  private readonly resting = new Map<string, number>();
  private trouble: string | undefined;

  constructor(
    private readonly system: HuicaiSystem,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Runs until the signal aborts. While a full round was due the next one follows at once.
   *
   * @param held true while timers must wait
   * @param intervalMs milliseconds between two looks
   */
  async run(signal: AbortSignal, held: () => Promise<boolean>, intervalMs: number): Promise<void> {
    while (!signal.aborted) {
      let more = false;
      try {
        if (!(await held())) more = (await this.round(signal)) === ROUND;
        if (this.trouble !== undefined) this.log('timers are fired again');
        this.trouble = undefined;
      } catch (error) {
        if (this.trouble === undefined) this.log(`timers wait: ${(error as Error).message}`);
        this.trouble = (error as Error).message;
      }
      if (!more) await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** How many were fired. @throws StoreUnavailableError and whatever else says that a server is away */
  private async round(signal: AbortSignal): Promise<number> {
    const due = await dueTimers(this.system.pool, new Date(this.system.clock.now()), ROUND + this.resting.size);
    this.forget(due);
    // Those at rest are passed over, so that one which never goes away does not stand in the way of the others.
    const fresh = due.filter((timer) => !this.resting.has(commandIdOf(timer))).slice(0, ROUND);
    for (const timer of fresh) {
      if (signal.aborted) break;
      try {
        await fireBreachTimer(this.system, timer);
      } catch (error) {
        if (isOutage(error)) throw error;
        this.log(`timer ${timer.clockId} of case ${timer.caseId}: ${(error as Error).message}`);
      }
      this.resting.set(commandIdOf(timer), Date.now() + REST_MS);
    }
    return fresh.length;
  }

  private forget(due: readonly DueTimer[]): void {
    const present = new Set(due.map(commandIdOf));
    for (const [id, until] of this.resting) if (until < Date.now() || !present.has(id)) this.resting.delete(id);
  }
}
