import { createdIdOf } from '@huicai/kernel';
import type { CaseInput, CaseStep } from '../contexts/cases/case.intake.js';
import type { Outcome, Satisfaction, Urgency } from '../contexts/cases/contract.js';
import type { Caller } from '../contexts/gateway.js';
import type { Draw } from './draw.js';
import { commandIdOf, type Specialist } from './staff.js';
import type { Step } from './steps.js';
import {
  CALLBACK_REMARKS,
  matterText,
  OPINIONS,
  RATING_COMMENTS,
  REASONS,
  RECTIFICATIONS,
  type ReasonedStep,
  replyText,
  SUPPLEMENT,
} from './texts.js';
import type { PlannedTalent, World } from './world.js';

export interface CaseSpec {
  readonly n: number;
  readonly talent: PlannedTalent;
  readonly itemCode: string;
  readonly departmentId: string;
  readonly channelId: string;
  readonly urgency: Urgency;
  readonly concerns: CaseInput['concerns'];
  readonly outcome: Outcome;
  /** Who takes it; drawn from the department when left out. */
  readonly specialist?: Specialist;
  readonly unreachableFirst: boolean;
  /** null: no rating is given. */
  readonly rating: Satisfaction | null;
}

/** Working days to hand in what is missing. */
const SUPPLEMENT_DAYS = 15;

type Minutes = readonly [min: number, max: number];

/**
 * Writes the steps of one case, each some minutes of office time after the one before. It keeps the due of the requester's promise
 * itself, so that a story can be told as on time or late.
 */
export class CaseScript {
  readonly steps: Step[] = [];
  readonly caseId: string;
  /** Instant of the last step. */
  at = 0;
  private acceptedAt = 0;
  private pauses: { from: number; to: number; cause: string }[] = [];
  private isSupplement = false;
  private addedWorkingDays = 0;
  private handling: Caller | undefined;
  private departmentId: string;

  constructor(
    private readonly world: World,
    readonly spec: CaseSpec,
    readonly draw: Draw,
  ) {
    this.departmentId = spec.departmentId;
    this.caseId = createdIdOf(commandIdOf(world.seed, this.key('register')), 'case');
  }

  /** Names one of its steps within the year. */
  key(what: string): string {
    return `case/${this.spec.n}/${what}`;
  }

  /** When the present cycle is due. */
  get due(): number {
    return this.world.office.due(this.spec.urgency, this.acceptedAt, this.pauses, this.addedWorkingDays);
  }

  register(at: number): this {
    const { talent, itemCode, channelId, urgency, concerns } = this.spec;
    const matter = matterText(this.draw, itemCode);
    const input: CaseInput = { talentId: talent.talentId, itemCode, channelId, urgency, matter, concerns };
    const by = { online: talent.caller, visit: talent.primary.caller }[channelId] ?? this.world.staff.window(this.draw);
    this.at = at;
    this.steps.push({ key: this.key('register'), at, caller: by, act: { kind: 'register-case', caseId: this.caseId, input } });
    return this;
  }

  accept(after: Minutes = this.spec.channelId === 'window' ? [1, 12] : [5, 60]): this {
    this.later(after).step(this.world.staff.window(this.draw), { type: 'AcceptCase' });
    this.acceptedAt = this.at;
    return this;
  }

  /** At the window or by telephone, without a department. */
  answerDirectly(after: Minutes = [3, 40]): this {
    const { itemCode, outcome } = this.spec;
    const reply = replyText(this.draw, itemCode, outcome);
    return this.later(after).step(this.world.staff.window(this.draw), { type: 'AnswerDirectly', reply });
  }

  decline(): this {
    return this.later([8, 200]).step(this.world.staff.window(this.draw), this.reasoned('DeclineCase'));
  }

  /** @param departmentId sent there by mistake; left out, the item's own lead */
  dispatch(after: Minutes = [2, 90], departmentId?: string): this {
    const { staff } = this.world;
    const lead = this.spec.departmentId;
    this.departmentId = departmentId ?? lead;
    const wantsCo = departmentId === undefined && this.spec.urgency === 'COMPLEX' && this.draw.chance(0.4);
    const coDepartmentIds = wantsCo ? [lead === 'spj' ? 'rsj' : 'spj'] : [];
    return this.later(after).step(staff.window(this.draw), {
      type: 'DispatchCase',
      departmentId: departmentId ?? null,
      coDepartmentIds,
    });
  }

  signFor(after: Minutes = [4, 55]): this {
    return this.later(after).step(this.world.staff.department(this.departmentId), { type: 'SignForCase' });
  }

  returnToDispatcher(after: Minutes = [20, 300]): this {
    const reason = this.reason('ReturnCase');
    const proposedDepartmentId = this.spec.departmentId;
    return this.later(after).step(this.world.staff.department(this.departmentId), {
      type: 'ReturnCase',
      ...reason,
      proposedDepartmentId,
    });
  }

  /** A specialist takes it, or the department's own desk goes on with it. */
  take(): this {
    const { staff } = this.world;
    const specialist =
      this.spec.specialist ?? (this.draw.chance(0.85) ? staff.specialist(this.draw, this.departmentId) : undefined);
    this.handling = specialist?.caller ?? staff.department(this.departmentId);
    return specialist ? this.later([1, 20]).step(specialist.caller, { type: 'TakeCase' }) : this;
  }

  contact(): this {
    const mode = this.draw.weighted(['PHONE', 'ONLINE', 'ON_SITE'] as const, (m) => ({ PHONE: 7, ONLINE: 2, ON_SITE: 1 })[m]);
    return this.later([1, 25]).step(this.by, { type: 'ContactRequester', mode });
  }

  /** The department says how it means to go about it. */
  giveOpinion(after: Minutes = [10, 110]): this {
    return this.later(after).step(this.by, { type: 'GiveOpinion', opinion: this.draw.pick(OPINIONS) });
  }

  /** Waits for somebody; what is missing is told at once (一次性告知), with more time than any of these stories needs. */
  pauseAt(at: number): this {
    const { office } = this.world;
    const reason = this.reason('PauseClock');
    this.moveTo(at);
    this.isSupplement = reason.reasonCode === 'AWAITING_MATERIALS';
    if (!this.isSupplement) return this.step(this.by, { type: 'PauseClock', ...reason });
    const until = office.dateOf(office.workingDay(office.dayOf(at), SUPPLEMENT_DAYS));
    return this.step(this.by, { type: 'RequestSupplement', materials: SUPPLEMENT.materials, until, reason: null });
  }

  resume(afterMinutes: Minutes): this {
    const from = this.at;
    const received: CaseStep = { type: 'ReceiveSupplement', received: SUPPLEMENT.received };
    this.later(afterMinutes).step(this.by, this.isSupplement ? received : { type: 'ResumeClock' });
    this.pauses.push({ from, to: this.at, cause: this.key('pause') });
    return this;
  }

  askExtension(at: number, workingDays: number): this {
    return this.moveTo(at).step(this.by, { type: 'RequestExtension', ...this.reason('RequestExtension'), workingDays });
  }

  grantExtension(at: number, workingDays: number): this {
    this.moveTo(at).step(this.world.staff.supervisor(this.draw), { type: 'GrantExtension' });
    this.addedWorkingDays += workingDays;
    return this;
  }

  refuseExtension(after: Minutes): this {
    return this.later(after).step(this.world.staff.supervisor(this.draw), this.reasoned('RefuseExtension'));
  }

  submitAt(at: number): this {
    const { itemCode, outcome } = this.spec;
    return this.moveTo(at).step(this.by, { type: 'SubmitResult', outcome, reply: replyText(this.draw, itemCode, outcome) });
  }

  /** Submits when a part of the office time that is left has passed. */
  submitInTime(min = 0.15, max = 0.92): this {
    return this.submitAt(this.world.office.part(this.at, this.due, this.draw.between(min, max)));
  }

  acceptResult(after: Minutes = [10, 240]): this {
    return this.later(after).step(this.world.staff.window(this.draw), { type: 'AcceptResult' });
  }

  sendBack(): this {
    return this.later([20, 150]).step(this.world.staff.window(this.draw), this.reasoned('SendBackResult'));
  }

  notReached(after: Minutes = [60, 500]): this {
    const remark = this.draw.pick(CALLBACK_REMARKS.unreachable);
    const nothing = { resolved: null, satisfaction: null };
    return this.later(after).step(this.world.staff.callback(this.draw), {
      type: 'RecordCallback',
      reachability: 'UNREACHABLE',
      ...nothing,
      remark,
    });
  }

  reached(resolved: boolean, satisfaction: Satisfaction, after: Minutes = [60, 700]): this {
    const remarks = satisfaction >= 3 ? CALLBACK_REMARKS.content : CALLBACK_REMARKS.unhappy;
    const remark = this.draw.chance(0.6) ? this.draw.pick(remarks) : null;
    return this.later(after).step(this.world.staff.callback(this.draw), {
      type: 'RecordCallback',
      reachability: 'VALID',
      resolved,
      satisfaction,
      remark,
    });
  }

  close(): this {
    return this.later([2, 90]).step(this.world.staff.window(this.draw), { type: 'CloseCase' });
  }

  /** In the evening or on one of the next days: it is the talent who writes. */
  rate(satisfaction: Satisfaction): this {
    const { office } = this.world;
    const days = this.draw.int(0, 2);
    const at = office.moment(office.dayOf(this.at) + days, this.draw, days === 0 ? '17:30' : '08:00', '22:30');
    const comment = this.draw.chance(0.4) ? this.draw.pick(RATING_COMMENTS) : null;
    return this.moveTo(at).step(this.spec.talent.caller, { type: 'RateCase', satisfaction, comment });
  }

  /** A bad review is put right, mostly in time, and asked about. */
  putRight(): this {
    this.at += 1000;
    const caller: Caller = { id: 'reaction', role: 'system' };
    const act = { kind: 'open-rectification', caseId: this.caseId, cycle: 1 } as const;
    this.steps.push({ key: this.key(`${this.steps.length}-OpenRectification`), at: this.at, caller, act });
    const report = this.draw.pick(RECTIFICATIONS);
    this.later([300, 2_600]).step(this.by, { type: 'SubmitRectification', measure: 'RECTIFIED', report });
    const satisfaction = this.draw.pick([3, 4] as const);
    const answer = { reachability: 'VALID', resolved: true, satisfaction, remark: null } as const;
    return this.later([60, 700]).step(this.world.staff.callback(this.draw), { type: 'CallBackRectification', ...answer });
  }

  reopen(): this {
    this.later([15, 300]).step(this.world.staff.supervisor(this.draw), this.reasoned('ReopenCase'));
    this.acceptedAt = this.at;
    this.pauses = [];
    this.addedWorkingDays = 0;
    return this;
  }

  /** The office's own promise, once it was missed. */
  excuse(after: Minutes): this {
    return this.later(after).step(this.world.staff.supervisor(this.draw), this.about('ExcuseBreach'));
  }

  withdrawExcuse(after: Minutes): this {
    return this.later(after).step(this.world.staff.supervisor(this.draw), this.about('WithdrawExcuse'));
  }

  withdraw(after: Minutes): this {
    const by = this.draw.chance(0.6) ? this.spec.talent.caller : this.world.staff.window(this.draw);
    return this.later(after).step(by, this.reasoned('WithdrawCase'));
  }

  /** A department the matter does not belong to. */
  wrongDepartment(): string {
    return this.world.staff.wrongDepartment(this.draw, this.spec.departmentId);
  }

  private get by(): Caller {
    return this.handling!;
  }

  private later([min, max]: Minutes): this {
    return this.moveTo(this.world.office.after(this.at, this.draw.between(min, max)));
  }

  private moveTo(at: number): this {
    if (at <= this.at) throw new RangeError(`Case ${this.spec.n} would go back in time`);
    this.at = at;
    return this;
  }

  private reason<T extends ReasonedStep>(type: T): { reasonCode: string; reason: string | null } {
    const [reasonCode, sentence] = this.draw.pick<readonly [string, string]>(REASONS[type]);
    return { reasonCode, reason: this.draw.chance(0.8) ? sentence : null };
  }

  private reasoned<T extends Exclude<ReasonedStep, 'ReturnCase' | 'RequestExtension' | 'ExcuseBreach' | 'WithdrawExcuse'>>(
    type: T,
  ): CaseStep {
    return { type, ...this.reason(type) };
  }

  private about(type: 'ExcuseBreach' | 'WithdrawExcuse'): CaseStep {
    return { type, clockId: 'total/1/1', ...this.reason(type) };
  }

  private step(caller: Caller, step: CaseStep): this {
    const key = this.key(`${this.steps.length}-${step.type}`);
    this.steps.push({ key, at: this.at, caller, act: { kind: 'step-case', caseId: this.caseId, step } });
    return this;
  }
}
