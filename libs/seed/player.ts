import { formatCaseNumber, type HuicaiSystem, leaseNumbers } from '@huicai/composition';
import { type CommandResult, Refusal } from '@huicai/kernel';
import { officeDay } from '../contexts/calendar/facts.js';
import * as cards from '../contexts/cards/card.intake.js';
import { registerCase, stepCase } from '../contexts/cases/case.intake.js';
import type { CommandMeta } from '../contexts/gateway.js';
import * as specialists from '../contexts/specialists/specialist.intake.js';
import * as talents from '../contexts/talents/talent.intake.js';
import { BreachTimers } from './breach-timers.js';
import type { YearPlan } from './plan.js';
import type { SeedOutcome } from './seed-stream.js';
import { commandIdOf } from './staff.js';
import type { Act, Step } from './steps.js';
import type { YearClock } from './year-clock.js';

export interface PlayOptions {
  readonly system: HuicaiSystem;
  /** The clock the system was opened with. */
  readonly clock: YearClock;
  readonly plan: YearPlan;
  /** Told after each step. */
  readonly onStep?: (done: number, of: number) => void;
  /** Stops before the next step when aborted. */
  readonly signal?: AbortSignal;
}

/** A step the system would not take: the plan and the rules disagree, or somebody else has been at the data. */
export class StepRefusedError extends Error {
  constructor(key: string, cause: Refusal) {
    super(`The year's step ${key} was refused: ${cause.message}`, { cause });
    this.name = 'StepRefusedError';
  }
}

/**
 * Plays a year: each step through the intake a person's request would take, at its own time, and between them the timers that fall
 * due. Steps recorded before are answered as repetitions, so playing again goes on where it was cut off.
 *
 * @throws StepRefusedError; StoreUnavailableError; the signal's reason when aborted
 */
export function playYear(options: PlayOptions): Promise<SeedOutcome> {
  return new Player(options).play();
}

class Player {
  private readonly system: HuicaiSystem;
  private readonly timers: BreachTimers;
  private readonly numbers = new Map<number, { next: number; last: number }>();

  constructor(private readonly options: PlayOptions) {
    this.system = options.system;
    this.timers = new BreachTimers(options.system, options.clock);
  }

  async play(): Promise<SeedOutcome> {
    const { plan, clock, signal, onStep } = this.options;
    await this.timers.open();
    for (const [i, step] of plan.steps.entries()) {
      signal?.throwIfAborted();
      await this.timers.fireBefore(step.at);
      clock.moveTo(step.at);
      await this.take(step);
      onStep?.(i + 1, plan.steps.length);
    }
    await this.timers.fireBefore(plan.span.to);
    const count = (kind: Act['kind']) => plan.steps.filter(({ act }) => act.kind === kind).length;
    return {
      commands: plan.steps.length + this.timers.fired,
      talents: count('register-talent'),
      cards: count('issue-card'),
      cases: count('register-case'),
    };
  }

  private async take(step: Step): Promise<void> {
    const commandId = commandIdOf(this.options.plan.seed, step.key);
    const meta: CommandMeta = { commandId, correlationId: commandId, backfill: true };
    try {
      await this.do(step, meta);
    } catch (error) {
      throw error instanceof Refusal ? new StepRefusedError(step.key, error) : error;
    }
  }

  private async do({ act, caller, at }: Step, meta: CommandMeta): Promise<void> {
    const { system } = this;
    switch (act.kind) {
      case 'lease-numbers': {
        const { from, to } = await leaseNumbers(system.runner, act.year, act.count, meta.commandId, {
          occurredAt: at,
          backfill: true,
        });
        this.numbers.set(act.year, { next: from, last: to });
        return;
      }
      case 'register-case':
        return this.follow(await this.register(act, caller, meta, at));
      case 'step-case':
        return this.follow(
          await stepCase(
            system,
            caller,
            meta,
            { caseId: act.caseId, subjects: this.timers.factsOf(act.caseId)?.subjects },
            act.step,
          ),
        );
      case 'enrol-specialist':
        await specialists.enrolSpecialist(system, caller, meta, act.input, act.specialistId);
        return;
      case 'register-talent':
        await talents.registerTalent(system, caller, meta, act.input, act.talentId);
        return;
      case 'correct-talent':
        await talents.correctTalent(system, caller, meta, act.talentId, { changes: act.changes, reason: act.reason });
        return;
      case 'assign-specialist':
        await specialists.assignSpecialist(system, caller, meta, { talentId: act.talentId, specialistId: act.specialistId });
        return;
      case 'hand-over': {
        const { talentId, toSpecialistId, reason } = act;
        await specialists.handOverTalent(system, caller, meta, { talentId, toSpecialistId, reason });
        return;
      }
      default:
        await this.doCard(act, { gateway: system, caller, meta, talentId: act.talentId });
    }
  }

  private doCard(
    act: Extract<Act, { kind: `${string}-card` | 'report-card-lost' }>,
    call: Parameters<typeof cards.applyForCard>[0],
  ): Promise<CommandResult> {
    switch (act.kind) {
      case 'apply-for-card':
        return cards.applyForCard(call, act.cardType);
      case 'review-card':
        return cards.reviewCard(call, act.cardId, { decision: act.decision, reason: act.reason });
      case 'issue-card': {
        const { cardType, applicationId, body } = act;
        return cards.issueCard(call, applicationId === undefined ? { cardType } : { cardType, applicationId }, body);
      }
      case 'activate-card':
        return cards.activateCard(call, act.cardId);
      case 'report-card-lost':
        return cards.reportCardLost(call, act.cardId);
      case 'revoke-card':
        return cards.revokeCard(call, act.cardId, { reason: act.reason, legalBasis: act.legalBasis });
    }
  }

  /** The nth case of a year has the nth number of the year's blocks, whether it is recorded now or was before. */
  private register(
    act: Extract<Act, { kind: 'register-case' }>,
    caller: Step['caller'],
    meta: CommandMeta,
    at: number,
  ): Promise<CommandResult> {
    const year = Number(officeDay(at).slice(0, 4));
    const block = this.numbers.get(year)!;
    const number = formatCaseNumber(year, block.next++);
    this.system.useNumbers({ next: () => Promise.resolve(number) });
    return registerCase(this.system, caller, meta, act.input);
  }

  private follow(result: CommandResult): void {
    this.timers.follow(result);
  }
}
