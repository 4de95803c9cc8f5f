import type { Actor, Role, Sealed } from '@huicai/kernel';
import { cnLanshanCalendar, formatInstant, parseInstant } from '@huicai/working-time';
import { frozen, type Past } from '../../kernel/spec-dsl.js';
import type { PolicyVersion } from '../calendar/contract.js';
import { DEFAULT_POLICY } from '../calendar/default-policy.js';
import { knownVersion, type TimeReference } from '../calendar/facts.js';
import { DRAFT_2024, ITEMS_2024 } from '../catalogue/draft-2024.js';
import { foldCatalogue, noCatalogue } from '../catalogue/facts.js';
import { TAGS_2026, TAGS_FROM } from '../catalogue/tags-2026.js';
import { foldChannels, noChannels } from '../channels/facts.js';
import { CHANNELS, DEPARTMENTS } from '../channels/lanshan.js';
import { colleague } from '../specialists/specialist.fixture.js';
import type { Candidate } from './assignment.js';
import { caseDecider } from './case.js';
import { dueOf } from './clocks.js';
import type { CaseCommand, CaseEvent } from './contract.js';
import type { CaseFacts } from './facts.js';
import type { CaseRuleFacts } from './rules/rule.js';

/** Wall time in Shanghai to epoch milliseconds, and back. */
export const at = (local: string): number => parseInstant(`${local}+08:00`);
export const local = (instant: number | null): string | null =>
  instant === null ? null : formatInstant(instant, 'Asia/Shanghai').replace(/(:00)?\+08:00$/, '');

/** An envelope as a rulebook sees it: something to carry, never to open. */
export const sealed = (what: string): Sealed => ({
  $enc: 1,
  s: 'talent-1',
  k: 1,
  a: 'A256GCM',
  iv: 'aXY',
  ct: Buffer.from(what).toString('base64url'),
  tag: 'dGFn',
  ctx: `case-1/command-1/${what}`,
});

export interface Person {
  readonly actor: Actor;
  readonly caller: CaseRuleFacts['caller'];
}

const person = (id: string, role: Role, caller: Partial<Person['caller']> = {}): Person => ({
  actor: { id, role },
  caller: { talentId: null, departmentId: null, specialistId: null, employerId: null, ...caller },
});

/** Those the sample case is the business of, one of each role. */
export const who = {
  talent: person('user-talent', 'talent', { talentId: 'talent-1' }),
  employer: person('user-employer', 'employer', { employerId: 'employer-1' }),
  window: person('user-window', 'window'),
  department: person('user-department', 'department', { departmentId: 'ybj' }),
  specialist: person('user-specialist', 'specialist', { departmentId: 'ybj', specialistId: 'specialist-1' }),
  supervisor: person('user-supervisor', 'supervisor'),
  auditor: person('user-auditor', 'auditor'),
  venue: person('user-venue', 'venue'),
  admin: person('user-admin', 'admin'),
  system: person('timer', 'system'),
} satisfies Record<Role, Person>;

/** The same roles, of people the sample case is none of the business of. */
export const stranger = {
  talent: person('user-talent-2', 'talent', { talentId: 'talent-2' }),
  employer: person('user-employer-2', 'employer', { employerId: 'employer-2' }),
  department: person('user-department-2', 'department', { departmentId: 'jtj' }),
  colleague: person('user-specialist-2', 'specialist', { departmentId: 'ybj', specialistId: 'specialist-2' }),
  specialist: person('user-specialist-3', 'specialist', { departmentId: 'jtj', specialistId: 'specialist-3' }),
};

export const timeUnder = (...policies: PolicyVersion[]): TimeReference =>
  frozen({ calendar: { versions: [knownVersion(cnLanshanCalendar(), 0)] }, policy: { versions: policies } });

const { opinion: _o, callback: _c, rectification: _r, ...rest } = DEFAULT_POLICY;
const plain = { ...rest, returnWindow: { workingDays: 1 } };

/**
 * As the office starts, but without a limit for opinion, callback and rectification, and without a hard stop behind the return
 * window: whatever is about these says so itself.
 */
export const PLAIN_POLICY: typeof plain & Pick<PolicyVersion, 'opinion' | 'callback' | 'rectification'> = plain;

/** As {@link PLAIN_POLICY}, but for pauses of some reasons and results of all matters somebody has to agree. */
export const STRICT_POLICY: PolicyVersion = {
  ...PLAIN_POLICY,
  pauseApproval: ['THIRD_PARTY'],
  resultApproval: ['ENQUIRY', 'NORMAL', 'COMPLEX'],
};

/** The calendar the office starts with, and {@link PLAIN_POLICY}. */
export const TIME = timeUnder(PLAIN_POLICY);

const version = DRAFT_2024.version;
const catalogue = [
  { type: 'CatalogueVersionDrafted' as const, data: { version, items: ITEMS_2024 } },
  { type: 'CatalogueVersionPublished' as const, data: DRAFT_2024 },
  { type: 'TagsPublished' as const, data: { version: 1, effectiveFrom: TAGS_FROM, tags: TAGS_2026 } },
].reduce(foldCatalogue, noCatalogue);

const channels = [
  ...DEPARTMENTS.map(([departmentId, name]) => ({ type: 'DepartmentRegistered' as const, data: { departmentId, name } })),
  ...CHANNELS.map(([channelId, kind, name]) => ({ type: 'ChannelOpened' as const, data: { channelId, kind, name } })),
  ...ITEMS_2024.map(({ code, leadDepartmentId }, i) => ({
    type: 'ItemRouted' as const,
    data: { itemCode: code, leadDepartmentId, effectiveFrom: DRAFT_2024.effectiveFrom, routingVersion: i + 1 },
  })),
].reduce(foldChannels, noChannels);

/** The specialists of the sample case's department, with nothing in hand. */
export const CANDIDATES: readonly Candidate[] = ['specialist-1', 'specialist-2'].map((specialistId) => ({
  specialistId,
  facts: colleague(),
  open: 0,
  load: 0,
  lastAssignedAt: null,
}));

/** What the rules are told when this person asks at this wall time (or instant). */
export function told(by: Person, when: string | number, more: Partial<CaseRuleFacts> = {}): CaseRuleFacts {
  return {
    now: typeof when === 'number' ? when : at(when),
    actor: by.actor,
    caller: by.caller,
    time: TIME,
    catalogue,
    channels,
    candidates: CANDIDATES,
    talentKnown: true,
    talentEmployerId: 'employer-1',
    category: 'M',
    number: 'LS-2026-000001',
    ...more,
  };
}

type Data<T extends CaseCommand['type']> = Extract<CaseCommand, { type: T }>['data'];

/** A command with data that is right in itself, changed where the spec cares. */
export function command<T extends CaseCommand['type']>(type: T, changes: Partial<Data<T>> = {}): CaseCommand {
  return { type, data: { ...SAMPLES[type], ...changes } } as CaseCommand;
}

const reasoned = { reasonCode: 'OTHER', reason: sealed('reason') };
const judged = { reachability: 'VALID', resolved: true, satisfaction: 4, remark: null } as const;

const because = { reasonCode: 'RECORDED_LATE', reason: sealed('reason') };

const SAMPLES: { readonly [T in CaseCommand['type']]: Data<T> } = {
  RegisterCase: {
    caseId: 'case-1',
    talentId: 'talent-1',
    itemCode: '03',
    channelId: 'window',
    urgency: 'NORMAL',
    matter: sealed('matter'),
    subjects: [{ subjectId: 'talent-1', relation: 'SELF', name: null }],
  },
  AcceptCase: {},
  DeclineCase: reasoned,
  DispatchCase: { departmentId: null, coDepartmentIds: [] },
  SignForCase: {},
  ReturnCase: { ...reasoned, proposedDepartmentId: null },
  TakeCase: {},
  AssignCase: { mode: 'LEAST_LOADED', specialistId: null },
  ContactRequester: { mode: 'PHONE' },
  PauseClock: reasoned,
  ResumeClock: {},
  EndPause: { endsAt: '2026-10-09T16:00:00.000Z' },
  ReplyInPause: { reply: sealed('reply') },
  RequestExtension: { ...reasoned, workingDays: 5 },
  GrantExtension: {},
  RefuseExtension: reasoned,
  SubmitResult: { outcome: 'SOLVED', reply: sealed('reply') },
  AcceptResult: {},
  SendBackResult: reasoned,
  RecordCallback: judged,
  RateCase: { satisfaction: 5, comment: null },
  RecordRatingReceipt: { ratingId: 'rating-1', externalRatingId: 'SD-1', status: 'RECEIVED' },
  OpenRectification: { cycle: 1 },
  SubmitRectification: { measure: 'RECTIFIED', report: sealed('report') },
  CallBackRectification: judged,
  AppealRating: reasoned,
  UpholdAppeal: reasoned,
  DismissAppeal: reasoned,
  CloseCase: {},
  WithdrawCase: reasoned,
  ReopenCase: reasoned,
  RecordBreach: { clockId: 'total/1/1', due: '2026-10-13T09:00:00.000Z' },
  ExcuseBreach: { ...reasoned, clockId: 'handling/1/1' },
  WithdrawExcuse: { ...reasoned, clockId: 'handling/1/1' },
  RaiseSupervision: { cycle: 1 },
  AnswerDirectly: { reply: sealed('reply') },
  RefuseReturn: reasoned,
  ReassignCase: { ...reasoned, departmentId: 'rsj', coDepartmentIds: [] },
  RequestOpinion: { departmentId: 'jtj', question: sealed('question') },
  GiveOpinion: { opinion: sealed('opinion') },
  RequestSupplement: { materials: sealed('materials'), until: '2026-10-20', reason: null },
  ReceiveSupplement: { received: null },
  CloseUnanswered: { until: '2026-10-20' },
  RemindCase: {},
  TagCase: { tag: 'visit' },
  UntagCase: { tag: 'visit' },
  AddNote: { note: sealed('note') },
  SendMessage: { message: sealed('message') },
  ArchiveCase: {},
  SuperviseCase: reasoned,
  WorkOffSupervision: { report: sealed('report') },
  CloseSupervision: { remark: null },
  ReceiveDeferredMaterials: { received: null },
  ApprovePause: {},
  RefusePause: reasoned,
  ApproveResult: {},
  SendBackProposal: reasoned,
  CorrectStepTime: { ...because, step: 'ACCEPTED' },
  CorrectPause: { ...because, pauseId: 'event-0', voided: true },
  RecordLatePause: {
    ...because,
    pauseReasonCode: 'THIRD_PARTY',
    from: '2026-10-08T02:00:00.000Z',
    to: '2026-10-08T03:00:00.000Z',
  },
  CorrectResult: { ...because, outcome: 'UNSOLVABLE', reply: null },
  CorrectCallback: { ...because, n: 1, reachability: 'VALID', resolved: false, satisfaction: 2 },
  HandOverCase: { fromSpecialistId: 'specialist-1', toSpecialistId: 'specialist-2', handOverId: 'hand-over-1' },
  ReturnToQueue: { specialistId: 'specialist-1', due: '2026-09-30T04:00:00.000Z' },
};

export const COMMANDS = Object.keys(SAMPLES) as CaseCommand['type'][];

/** A case lived through its own rules: every step is decided, never made up. */
export class Story {
  private constructor(readonly past: readonly Past<CaseEvent>[]) {}

  static readonly empty = new Story([]);

  /** The step taken by a person at a wall time (or instant). @throws Refusal */
  step(asked: CaseCommand | CaseCommand['type'], by: Person, when: string | number, more: Partial<CaseRuleFacts> = {}): Story {
    const facts = told(by, when, more);
    const events = caseDecider.decide(typeof asked === 'string' ? command(asked) : asked, this.state, facts);
    return new Story([...this.past, ...events.map((event) => ({ event, at: facts.now, actor: by.actor }))]);
  }

  get state(): CaseFacts | null {
    return this.past.reduce<CaseFacts | null>(
      (state, { event, at: when = 0, actor = who.system.actor }, i) =>
        caseDecider.evolve(state, event, { occurredAt: when, actor, eventId: `event-${i}` }),
      null,
    );
  }

  get facts(): CaseFacts {
    if (!this.state) throw new Error('The story has not begun');
    return this.state;
  }

  clock(clockId: string) {
    const found = this.facts.clocks.find((clock) => clock.clockId === clockId);
    if (!found) throw new Error(`No clock ${clockId} among ${this.facts.clocks.map((clock) => clock.clockId).join()}`);
    return found;
  }

  /** Derived due of a clock as wall time; null while paused or without a limit. */
  due(clockId: string, time: TimeReference = TIME): string | null {
    return local(dueOf(this.clock(clockId), time));
  }
}

/** The ordinary course of a case on Wednesday 30 September 2026, up to each step. Eight days off follow, Saturday 10 October works. */
const registered = Story.empty.step('RegisterCase', who.window, '2026-09-30T09:30');
const accepted = registered.step('AcceptCase', who.window, '2026-09-30T10:00');
const dispatched = accepted.step('DispatchCase', who.window, '2026-09-30T10:10');
const signedFor = dispatched.step('SignForCase', who.department, '2026-09-30T10:30');
const taken = signedFor.step('TakeCase', who.specialist, '2026-09-30T10:40');
const contacted = taken.step('ContactRequester', who.specialist, '2026-09-30T11:00');
const paused = contacted.step('PauseClock', who.specialist, '2026-10-08T10:00');
const extensionAsked = contacted.step('RequestExtension', who.specialist, '2026-10-09T10:00');
const submitted = contacted.step('SubmitResult', who.specialist, '2026-10-12T10:00');
const resultAccepted = submitted.step('AcceptResult', who.window, '2026-10-12T11:00');
const calledBack = resultAccepted.step('RecordCallback', who.window, '2026-10-12T14:00');
const closed = calledBack.step('CloseCase', who.window, '2026-10-12T15:00');
const rated = closed.step('RateCase', who.talent, '2026-10-12T16:00');
const declined = registered.step('DeclineCase', who.window, '2026-09-30T10:00');
const withdrawn = contacted.step('WithdrawCase', who.talent, '2026-10-09T10:00');
const reopened = rated.step('ReopenCase', who.supervisor, '2026-10-13T10:00');

export const stories = {
  empty: Story.empty,
  registered,
  accepted,
  dispatched,
  signedFor,
  taken,
  contacted,
  paused,
  extensionAsked,
  submitted,
  resultAccepted,
  calledBack,
  closed,
  rated,
  declined,
  withdrawn,
  reopened,
} as const;
