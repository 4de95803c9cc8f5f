import { fireTimer, type HuicaiSystem } from '@huicai/composition';
import { type AnsweredEvent, type CommandResult, eventTime, splitStreamName } from '@huicai/kernel';
import type { TimeReference } from '../contexts/calendar/facts.js';
import type { CaseEvent } from '../contexts/cases/contract.js';
import { type CaseFacts, foldCase } from '../contexts/cases/facts.js';
import { dueTimerOf, nextMiss } from '../contexts/cases/views/sla-timers.view.js';
import type { YearClock } from './year-clock.js';

/** How long after a due its timer fires, milliseconds: the pause between two looks of a worker. */
const FIRING_DELAY_MS = 500;

interface Miss {
  readonly caseId: string;
  readonly clockId: string;
  readonly due: number;
}

/** The timers of a year being played: follows every case and records what is missed, as the worker does in present time. */
export class BreachTimers {
  /** Timers fired so far. */
  fired = 0;
  private readonly cases = new Map<string, { facts: CaseFacts; revision: bigint }>();
  private readonly misses = new Map<string, Miss>();
  private time!: TimeReference;

  constructor(
    private readonly system: HuicaiSystem,
    private readonly clock: YearClock,
  ) {}

  /** Reads the calendar and the limits the dues are derived from. */
  async open(): Promise<void> {
    this.time = await this.system.facts.time();
  }

  factsOf(caseId: string): CaseFacts | undefined {
    return this.cases.get(caseId)?.facts;
  }

  /** Takes in what a command on a case has recorded. */
  follow({ stream, events, revision }: CommandResult): void {
    this.take(splitStreamName(stream).id, events as readonly AnsweredEvent[], revision);
  }

  /** Fires, in due order, every timer whose due lies before an instant. @param at epoch milliseconds */
  async fireBefore(at: number): Promise<void> {
    for (let miss = this.earliest(); miss && miss.due < at; miss = this.earliest()) {
      // A result sent back can bring to light a due that is long past.
      this.clock.moveTo(Math.min(at, Math.max(this.clock.now(), miss.due) + FIRING_DELAY_MS));
      await this.fire(miss);
    }
  }

  private earliest(): Miss | undefined {
    let first: Miss | undefined;
    for (const miss of this.misses.values())
      if (!first || miss.due < first.due || (miss.due === first.due && miss.caseId < first.caseId)) first = miss;
    return first;
  }

  private async fire({ caseId, clockId, due }: Miss): Promise<void> {
    const { facts, revision } = this.cases.get(caseId)!;
    await fireTimer(this.system, dueTimerOf(facts, clockId, due), true);
    const recorded = this.system.store.readStream(`case-${caseId}`, { from: revision + 1n, maxCount: 1 });
    for await (const event of recorded) {
      if (event.type !== 'BreachRecorded') break;
      this.fired++;
      this.take(caseId, [event as unknown as AnsweredEvent], event.revision);
      return;
    }
    throw new Error(`The timer of ${clockId} of case ${caseId} recorded nothing`);
  }

  private take(caseId: string, events: readonly AnsweredEvent[], revision: bigint): void {
    let facts: CaseFacts | null = this.cases.get(caseId)?.facts ?? null;
    for (const event of events) facts = foldCase(facts, event as unknown as CaseEvent, eventTime(event));
    if (!facts) return;
    this.cases.set(caseId, { facts, revision });
    const miss = nextMiss(facts, this.time);
    if (miss) this.misses.set(caseId, { caseId, ...miss });
    else this.misses.delete(caseId);
  }
}
