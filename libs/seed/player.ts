import { formatCaseNumber, type HuicaiSystem, leaseNumbers } from '@huicai/composition';
import { type CommandResult, canonicalJson, Refusal } from '@huicai/kernel';
import { officeDay } from '../contexts/calendar/facts.js';
import * as cards from '../contexts/cards/card.intake.js';
import { registerCase, stepCase } from '../contexts/cases/case.intake.js';
import { OFFICE } from '../contexts/channels/office.js';
import type { CommandMeta, Gateway } from '../contexts/gateway.js';
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

/** A step whose command has been sent, and waits for its turn to be decided and recorded. */
interface BegunStep {
  readonly go: () => void;
  readonly cancel: (why: Error) => void;
  /** What its command recorded. Never left unhandled. */
  readonly done: Promise<CommandResult | undefined>;
}

class Player {
  private readonly system: HuicaiSystem;
  private readonly timers: BreachTimers;
  private readonly numbers = new Map<number, { next: number; last: number }>();
  private ahead: BegunStep | undefined;

  constructor(private readonly options: PlayOptions) {
    this.system = options.system;
    this.timers = new BreachTimers(options.system, options.clock);
  }

  async play(): Promise<SeedOutcome> {
    const { plan } = this.options;
    this.system.holdReferenceData();
    await this.timers.open();
    try {
      for (const index of plan.steps.keys()) await this.takeTurn(index);
    } finally {
      this.ahead?.cancel(new Error('Its turn never came'));
      await this.ahead?.done.catch(() => undefined);
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

  private async takeTurn(index: number): Promise<void> {
    const { plan, clock, signal, onStep } = this.options;
    const [step, next] = [plan.steps[index]!, plan.steps[index + 1]];
    signal?.throwIfAborted();
    await this.timers.fireBefore(step.at);
    clock.moveTo(step.at);
    const present = this.ahead ?? this.begin(step);
    present.go();
    // The next one's stream is read while this one is written.
    this.ahead = next && mayBegin(next, step) ? this.begin(next) : undefined;
    const result = await present.done;
    if (result && 'caseId' in step.act) this.timers.follow(result);
    onStep?.(index + 1, plan.steps.length);
  }

  private begin(step: Step): BegunStep {
    let go!: () => void;
    let cancel!: (why: Error) => void;
    const turn = new Promise<void>((resolve, reject) => {
      go = resolve;
      cancel = reject;
    });
    turn.catch(() => undefined);
    const done = this.take(step, turn);
    done.catch(() => undefined);
    return { go, cancel, done };
  }

  private async take(step: Step, turn: Promise<void>): Promise<CommandResult | undefined> {
    const { plan, clock } = this.options;
    const { system } = this;
    const commandId = commandIdOf(plan.seed, step.key);
    const meta: CommandMeta = { commandId, correlationId: commandId, backfill: true };
    const gateway: Gateway = {
      vault: system.vault,
      exists: (stream) => system.exists(stream),
      events: (stream) => system.events(stream),
      // The year is played in order already.
      inTurn: (_, work) => work(),
      // Nothing is decided before everything earlier is on record.
      send: (sent) => {
        const prepare = async () => {
          await turn;
          await sent.prepare?.();
        };
        return clock.readAt(step.at, () => (system as Gateway).send({ ...sent, prepare }));
      },
    };
    try {
      return await this.do(step, gateway, meta);
    } catch (error) {
      throw error instanceof Refusal ? new StepRefusedError(step.key, error) : error;
    }
  }

  private async do({ act, caller, at }: Step, gateway: Gateway, meta: CommandMeta): Promise<CommandResult | undefined> {
    switch (act.kind) {
      case 'lease-numbers': {
        const time = { occurredAt: at, backfill: true };
        const { from, to } = await leaseNumbers(this.system.runner, act.year, act.count, meta.commandId, time);
        this.numbers.set(act.year, { next: from, last: to });
        return undefined;
      }
      case 'register-case':
        this.takeNumber(at);
        return registerCase(gateway, caller, meta, act.input);
      case 'open-rectification': {
        const command = { type: 'OpenRectification', data: { cycle: act.cycle } } as const;
        const context = { ...meta, commandHash: { k: 'none', v: '' } };
        return gateway.send({ aggregate: 'case', id: act.caseId, command, caller, context });
      }
      case 'step-case': {
        const subjects = this.timers.factsOf(act.caseId)?.subjects;
        return stepCase(gateway, caller, meta, { caseId: act.caseId, subjects }, act.step);
      }
      case 'publish-routing': {
        const command = { type: 'PublishRoutingRules', data: act.rules } as const;
        // The office has been described since, at the present time; business time alone does not go back in a stream.
        const context = { ...meta, occurredAt: at, commandHash: await gateway.vault.commandHash(canonicalJson(act.rules), null) };
        const published = await gateway.send({ aggregate: 'channels', id: OFFICE, command, caller, context });
        await this.system.facts.renew();
        return published;
      }
      case 'enrol-specialist':
        return specialists.enrolSpecialist(gateway, caller, meta, act.input, act.specialistId);
      case 'register-talent':
        return talents.registerTalent(gateway, caller, meta, act.input, act.talentId);
      case 'correct-talent':
        return talents.correctTalent(gateway, caller, meta, act.talentId, { changes: act.changes, reason: act.reason });
      case 'assign-specialist': {
        const { talentId, specialistId } = act;
        return specialists.assignSpecialist(gateway, caller, meta, { talentId, specialistId });
      }
      case 'hand-over': {
        const { talentId, toSpecialistId, reason } = act;
        return specialists.handOverTalent(gateway, caller, meta, { talentId, toSpecialistId, reason });
      }
      default:
        return this.doCard(act, { gateway, caller, meta, talentId: act.talentId });
    }
  }

  /** The nth case of a year has the nth number of the year's blocks, whether it is recorded now or was before. */
  private takeNumber(at: number): void {
    const year = Number(officeDay(at).slice(0, 4));
    const block = this.numbers.get(year)!;
    const number = formatCaseNumber(year, block.next++);
    this.system.useNumbers({ next: () => Promise.resolve(number) });
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
}

/** Whether a step can be begun before the one ahead of it is on record: a step of another case, which needs nothing of it. */
function mayBegin(next: Step, present: Step): boolean {
  return next.act.kind === 'step-case' && !('caseId' in present.act && present.act.caseId === next.act.caseId);
}
