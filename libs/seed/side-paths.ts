import type { CaseStep } from '../contexts/cases/case.intake.js';
import type { Caller } from '../contexts/gateway.js';
import type { CaseScript } from './case-script.js';
import { Draw } from './draw.js';
import type { Step } from './steps.js';
import { SIDES } from './texts.js';
import type { World } from './world.js';

type StepType = CaseStep['type'];

/** Office time in which a side path finds a place, milliseconds. */
const ROOM_MS = 4 * 60 * 60_000;

/** Working days after which materials that were missing at acceptance are due, and after which a file is archived. */
const DEFERRED_DAYS = 10;
const ARCHIVE_DAYS = 30;

/**
 * The steps of a case with what happens beside its course: tags, reminders, materials that come after acceptance, the opinion of
 * another department, a time put right afterwards, the archive. Drawn apart, so that they move nothing else in the year.
 */
export function withSidePaths(world: World, script: CaseScript, steps: readonly Step[]): Step[] {
  return new SidePaths(world, script, steps).told();
}

class SidePaths {
  private readonly draw: Draw;
  private readonly added: Step[] = [];

  constructor(
    private readonly world: World,
    private readonly script: CaseScript,
    private steps: readonly Step[],
  ) {
    this.draw = new Draw(world.seed, 'sides', script.spec.n);
  }

  told(): Step[] {
    const { draw } = this;
    const opinion = this.find('GiveOpinion');
    const next = opinion && this.steps[this.steps.indexOf(opinion) + 1];
    if (opinion && next && this.world.office.calendar.officeTime(opinion.at, next.at) >= ROOM_MS) {
      const [from, to, handler] = [opinion.at, next.at, opinion.caller];
      if (draw.chance(0.08)) this.tag(from, to, handler);
      if (draw.chance(0.06)) this.remind(from, to);
      if (draw.chance(0.06)) this.deferMaterials(from, to, handler);
      if (this.script.spec.urgency === 'COMPLEX' && draw.chance(0.3)) this.askOpinion(from, to, handler);
    }
    this.appeal();
    this.supervise();
    if (this.isPlain) {
      if (draw.chance(0.05)) this.correctContact();
      if (draw.chance(0.8)) this.archive();
    }
    return [...this.steps, ...this.added].sort((a, b) => a.at - b.at);
  }

  /** Closed, and nobody has complained. */
  private get isPlain(): boolean {
    const bad = this.steps.some(({ act }) => act.kind === 'step-case' && isComplaint(act.step));
    return !bad && (this.find('CloseCase') ?? this.find('AnswerDirectly')) !== undefined;
  }

  /** Some of the bad reviews are appealed before they are put right, in vain. */
  private appeal(): void {
    const { act } = this.find('RateCase') ?? {};
    const report = this.find('SubmitRectification');
    if (act?.kind !== 'step-case' || !report || !this.draw.chance(0.4)) return;
    const opened = this.steps[this.steps.indexOf(report) - 1]!;
    const [appealed, dismissed] = [SIDES.appealed, SIDES.dismissed];
    this.add(this.part(opened.at, report.at, 0.2), report.caller, { type: 'AppealRating', ...appealed });
    const supervisor = this.world.staff.supervisor(this.draw);
    this.add(this.part(opened.at, report.at, 0.6), supervisor, { type: 'DismissAppeal', ...dismissed });
  }

  /** What is long late is looked into by order, worked off with the result, and left. */
  private supervise(): void {
    const result = this.find('SubmitResult');
    const next = result && this.steps[this.steps.indexOf(result) + 1];
    if (!result || !next) return;
    const { due } = this.script;
    if (result.at <= due || this.world.office.calendar.officeTime(due, result.at) < ROOM_MS || !this.draw.chance(0.6)) return;
    const supervisor = this.world.staff.supervisor(this.draw);
    this.add(this.part(due, result.at, 0.3), supervisor, { type: 'SuperviseCase', ...SIDES.supervised });
    this.add(this.part(due, result.at, 0.8), result.caller, { type: 'WorkOffSupervision', report: SIDES.workedOff });
    this.add(this.part(result.at, next.at, 0.5), supervisor, { type: 'CloseSupervision', remark: null });
  }

  private tag(from: number, to: number, handler: Caller): void {
    const tag = this.script.spec.channelId === 'visit' ? 'visit' : this.draw.pick(SIDES.tags);
    this.add(this.part(from, to, 0.1), handler, { type: 'TagCase', tag });
    if (this.draw.chance(0.3)) this.add(this.part(from, to, 0.9), handler, { type: 'UntagCase', tag });
  }

  private remind(from: number, to: number): void {
    this.add(this.part(from, to, 0.7), this.script.spec.talent.caller, { type: 'RemindCase' });
  }

  private deferMaterials(from: number, to: number, handler: Caller): void {
    const { office } = this.world;
    const accepted = this.find('AcceptCase')!;
    const until = office.dateOf(office.workingDay(office.dayOf(accepted.at), DEFERRED_DAYS));
    const deferred = { materials: SIDES.deferred, until };
    this.steps = this.steps.map((step) =>
      step === accepted
        ? { ...step, act: { kind: 'step-case', caseId: this.script.caseId, step: { type: 'AcceptCase', deferred } } }
        : step,
    );
    this.add(this.part(from, to, 0.5), handler, { type: 'ReceiveDeferredMaterials', received: SIDES.deferred });
  }

  private askOpinion(from: number, to: number, handler: Caller): void {
    const departmentId = this.script.spec.departmentId === 'rsj' ? 'ybj' : 'rsj';
    this.add(this.part(from, to, 0.2), handler, { type: 'RequestOpinion', departmentId, question: SIDES.question });
    const answer: CaseStep = { type: 'GiveOpinion', opinion: SIDES.opinion };
    this.add(this.part(from, to, 0.4), this.world.staff.department(departmentId), answer);
  }

  /** The talent was called some minutes before that was recorded. */
  private correctContact(): void {
    const { office, staff, span } = this.world;
    const contact = this.find('ContactRequester');
    if (!contact) return;
    const day = office.workingDay(office.dayOf(this.steps.at(-1)!.at), 1);
    const at = office.moment(day, this.draw, '09:30', '11:30');
    if (at >= span.to) return;
    const occurredAt = new Date(contact.at - 30_000).toISOString();
    const why = { reasonCode: 'RECORDED_LATE', reason: SIDES.recordedLate } as const;
    this.add(at, staff.supervisor(this.draw), { type: 'CorrectStepTime', step: 'CONTACTED', occurredAt, ...why });
  }

  private archive(): void {
    const { office, staff, span } = this.world;
    const day = office.workingDay(office.dayOf(this.steps.at(-1)!.at), ARCHIVE_DAYS);
    const at = office.moment(day, this.draw, '13:30', '16:30');
    if (at < span.to) this.add(at, staff.window(this.draw), { type: 'ArchiveCase' });
  }

  private find(type: StepType): Step | undefined {
    return this.steps.find(({ act }) => act.kind === 'step-case' && act.step.type === type);
  }

  private part(from: number, to: number, part: number): number {
    return this.world.office.part(from, to, part);
  }

  private add(at: number, caller: Caller, step: CaseStep): void {
    const key = this.script.key(`side-${this.added.length}-${step.type}`);
    this.added.push({ key, at, caller, act: { kind: 'step-case', caseId: this.script.caseId, step } });
  }
}

function isComplaint(step: CaseStep): boolean {
  if (step.type === 'RecordCallback' || step.type === 'RateCase') return (step.satisfaction ?? 5) < 3;
  return step.type === 'ReopenCase' || step.type === 'ExcuseBreach';
}
