import type { Sealed } from '@huicai/kernel';
import type { ClockState } from '@huicai/working-time';
import type {
  CaseSubject,
  Outcome,
  RatingReceiptStatus,
  Reachability,
  RectificationMeasure,
  RoutingProposal,
  Satisfaction,
  SupervisionCause,
  Urgency,
} from './contract.js';
import type { AskedPause } from './contract-approvals.js';

export const CASE_STATUSES = [
  'REGISTERED',
  'ACCEPTED',
  'DISPATCHED',
  'SIGNED_FOR',
  'SUBMITTED',
  'RESULT_ACCEPTED',
  'CLOSED',
  'DECLINED',
  'WITHDRAWN',
  'ARCHIVED',
] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

/** Where something can still be done about a case. */
export const NOT_ARCHIVED: readonly CaseStatus[] = CASE_STATUSES.filter((status) => status !== 'ARCHIVED');

/** Where a case can be that was accepted once. The system's own steps come to it in any of these, and mostly have nothing left to do. */
export const ONCE_ACCEPTED: readonly CaseStatus[] = CASE_STATUSES.filter(
  (status) => status !== 'REGISTERED' && status !== 'DECLINED',
);

/** The same, as long as it is not archived. */
export const JUDGED: readonly CaseStatus[] = ONCE_ACCEPTED.filter((status) => status !== 'ARCHIVED');

export interface Callback {
  readonly at: number;
  readonly reachability: Reachability;
  readonly resolved: boolean | null;
  readonly satisfaction: Satisfaction | null;
}

/** A bad review that is, or was, to be put right (整改). */
export interface Rectification {
  readonly cycle: number;
  readonly departmentId: string | null;
  readonly openedAt: number;
  /** null where the policy set no limit to it. */
  readonly clockId: string | null;
  readonly submittedAt: number | null;
  readonly measure: RectificationMeasure | null;
  readonly callbacks: readonly Callback[];
  /** Why there is nothing to put right any more: the review does not count, or the case is handled again. */
  readonly ended: 'APPEAL_UPHELD' | 'REOPENED' | null;
}

/** A rating, and what became of it in the provincial system. */
export interface RatingOnRecord {
  readonly ratingId: string;
  readonly cycle: number;
  readonly receipt: { readonly externalRatingId: string; readonly status: RatingReceiptStatus; readonly at: number } | null;
}

/** The department's appeal against a bad review (申诉). */
export interface Appeal {
  readonly at: number;
  readonly decidedAt: number | null;
  readonly upheld: boolean | null;
}

/** A case under the supervisor's eye (督办). */
export interface Supervision {
  readonly cycle: number;
  readonly cause: SupervisionCause;
  readonly raisedAt: number;
  /** When those in charge said what was done about it. */
  readonly workedOffAt: number | null;
  readonly closedAt: number | null;
  /** Its cause has fallen away. */
  readonly withdrawn?: true;
}

/** Where a case lay that was given back, and which event did so. */
export interface Returned {
  readonly status: CaseStatus;
  readonly departmentId: string;
  readonly coDepartmentIds: readonly string[];
  readonly specialistId: string | null;
  readonly contactedAt: number | null;
  readonly cause: string;
}

/** An opinion that is or was waited for. It lapses when its clock is stopped by anything but an answer. */
export interface Opinion {
  readonly clockId: string;
  readonly departmentId: string;
  /** Asked of another department, rather than expected of the one in charge. */
  readonly asked: boolean;
  readonly givenAt: number | null;
}

/** A standing breach that is not counted against anybody (豁免). */
export interface Excuse {
  readonly clockId: string;
  readonly at: number;
  readonly reasonCode: string;
  readonly approvedBy: string;
}

/** A cycle that is over: how it was accepted, answered and judged, before the case was opened again. */
export interface SealedCycle extends CycleFacts {
  readonly cycle: number;
}

/** What reports count of one cycle. Instants in epoch milliseconds. */
export interface CycleFacts {
  readonly acceptedAt: number | null;
  readonly departmentId: string | null;
  readonly contactedAt: number | null;
  readonly submittedAt: number | null;
  readonly outcome: Outcome | null;
  readonly callbacks: readonly Callback[];
  /** As it was given, whether it counts or not. */
  readonly rating: Satisfaction | null;
  /** Against the rating; once it is upheld, the rating does not count. */
  readonly appeal: Appeal | null;
  readonly closedAt: number | null;
}

/** A case as its events tell it. Plain JSON: read models keep it in a column and fold on. Instants in epoch milliseconds. */
export interface CaseFacts extends CycleFacts {
  readonly caseId: string;
  readonly number: string;
  readonly talentId: string;
  /** The talent's employer, where that registered it (单位代办). */
  readonly employerId: string | null;
  readonly itemCode: string;
  readonly catalogueVersion: string;
  readonly channelId: string;
  readonly area: string | null;
  readonly urgency: Urgency;
  readonly subjects: readonly CaseSubject[];
  readonly firstContactPerson: string;
  readonly status: CaseStatus;
  readonly registeredAt: number;
  /** The latest business time of its events. */
  readonly lastAt: number;
  readonly cycle: number;
  readonly pausedSince: number | null;
  readonly pauseReasonCode: string | null;
  /** When the pause ends by itself; null where nothing was said. */
  readonly pauseEndsAt: number | null;
  /** When the requester first answered in the pause that lasts. */
  readonly repliedAt: number | null;
  readonly pausedClockIds: readonly string[];
  readonly coDepartmentIds: readonly string[];
  readonly specialistId: string | null;
  /** When it goes back to the queue unless the specialist acts before, and the event that gave it to them. */
  readonly takeBack: { readonly due: number; readonly cause: string } | null;
  /** What the channel's rules said at the latest dispatch. */
  readonly routing: RoutingProposal | null;
  readonly dispatchedAt: number | null;
  readonly returns: number;
  /** Departments that gave it back, one for each time. */
  readonly returnedBy: readonly string[];
  /** When, one for each of those. Epoch milliseconds. */
  readonly returnedAt: readonly number[];
  /** The latest return, as long as the dispatcher has neither dispatched it again nor refused to take it back. */
  readonly returned: Returned | null;
  /** Materials that are missing, and until which day of the office they can be handed in. */
  readonly supplement: { readonly until: string; readonly at: number } | null;
  /** Notices of missing materials in the present cycle; one is what the duty allows. */
  readonly supplementsAsked: number;
  readonly reminders: readonly { readonly at: number; readonly by: string }[];
  /** When somebody of the desk last wrote, as long as the talent has not written since. */
  readonly deskWroteAt: number | null;
  /** When the talent first wrote since somebody of the desk did. */
  readonly talentWroteAt: number | null;
  /** Controlled words on it, in order of their codes. */
  readonly tags: readonly string[];
  /** The present cycle ended without an answer that counts: withdrawn, or closed because materials never came. */
  readonly dropped: boolean;
  /** Answered by the window itself in the present cycle. */
  readonly direct: boolean;
  /** Of all cycles, in the order they were waited for. */
  readonly opinions: readonly Opinion[];
  readonly extensionAsked: { readonly workingDays: number; readonly reasonCode?: string; readonly at: number } | null;
  readonly extensionsGranted: number;
  /** Who handled it; none of them may call back. */
  readonly handlers: readonly string[];
  /** All clocks of all cycles, in the order they started. */
  readonly clocks: readonly ClockState[];
  /** Which department a clock judges; the office's own clocks have none. By clock id. */
  readonly clockDepartments: Readonly<Record<string, string>>;
  /** Clocks with a breach that stands. */
  readonly standingBreaches: readonly string[];
  /** At most one for each standing breach; a breach that is withdrawn takes its excuse along. */
  readonly excuses: readonly Excuse[];
  /** Every rating of the case, with the latest word of the province about it. */
  readonly ratings: readonly RatingOnRecord[];
  /** At most one for each cycle. */
  readonly rectifications: readonly Rectification[];
  readonly sealedCycles: readonly SealedCycle[];
  /** Materials that come after acceptance, until which day of the office, and when they came. */
  readonly deferred: { readonly until: string; readonly at: number; readonly receivedAt: number | null } | null;
  /** A pause that somebody has to agree to first. */
  readonly pauseAsked: (AskedPause & { readonly at: number; readonly by: string; readonly role: string }) | null;
  /** A result the department has to agree to first. */
  readonly proposal: { readonly outcome: Outcome; readonly reply: Sealed; readonly at: number; readonly by: string } | null;
  /** Why the promise moved, by the event that moved it; its words are with the event. */
  readonly reasons: Readonly<Record<string, string>>;
  /** How often something was put right. */
  readonly corrections: number;
  /** All there were; of each cycle and cause at most one stands. */
  readonly supervisions: readonly Supervision[];
}

export const freshCycle: CycleFacts = {
  acceptedAt: null,
  departmentId: null,
  contactedAt: null,
  submittedAt: null,
  outcome: null,
  callbacks: [],
  rating: null,
  appeal: null,
  closedAt: null,
};

/** What a case has in the beginning, besides what its registration tells. */
export const freshCase = {
  ...freshCycle,
  pausedSince: null,
  pauseReasonCode: null,
  pauseEndsAt: null,
  repliedAt: null,
  pausedClockIds: [],
  coDepartmentIds: [],
  specialistId: null,
  takeBack: null,
  routing: null,
  employerId: null,
  dispatchedAt: null,
  returns: 0,
  returnedBy: [],
  returnedAt: [],
  returned: null,
  supplement: null,
  supplementsAsked: 0,
  reminders: [],
  talentWroteAt: null,
  deskWroteAt: null,
  tags: [],
  dropped: false,
  direct: false,
  opinions: [],
  extensionAsked: null,
  extensionsGranted: 0,
  handlers: [],
  clocks: [],
  clockDepartments: {},
  standingBreaches: [],
  excuses: [],
  ratings: [],
  rectifications: [],
  sealedCycles: [],
  deferred: null,
  pauseAsked: null,
  proposal: null,
  reasons: {},
  corrections: 0,
  supervisions: [],
} satisfies Partial<CaseFacts>;

/**
 * A copy that can be changed. Field by field, because then all states have one shape, whichever steps led to them: read models fold
 * by the million, and what has many shapes is copied a tenth as fast.
 */
export const copyOf = (state: CaseFacts): { -readonly [K in keyof CaseFacts]: CaseFacts[K] } => ({
  caseId: state.caseId,
  number: state.number,
  talentId: state.talentId,
  employerId: state.employerId,
  itemCode: state.itemCode,
  catalogueVersion: state.catalogueVersion,
  channelId: state.channelId,
  area: state.area,
  urgency: state.urgency,
  subjects: state.subjects,
  firstContactPerson: state.firstContactPerson,
  status: state.status,
  registeredAt: state.registeredAt,
  lastAt: state.lastAt,
  cycle: state.cycle,
  pausedSince: state.pausedSince,
  pauseReasonCode: state.pauseReasonCode,
  pauseEndsAt: state.pauseEndsAt,
  repliedAt: state.repliedAt,
  pausedClockIds: state.pausedClockIds,
  coDepartmentIds: state.coDepartmentIds,
  specialistId: state.specialistId,
  takeBack: state.takeBack,
  routing: state.routing,
  dispatchedAt: state.dispatchedAt,
  returns: state.returns,
  returnedBy: state.returnedBy,
  returnedAt: state.returnedAt,
  returned: state.returned,
  supplement: state.supplement,
  supplementsAsked: state.supplementsAsked,
  reminders: state.reminders,
  deskWroteAt: state.deskWroteAt,
  talentWroteAt: state.talentWroteAt,
  tags: state.tags,
  dropped: state.dropped,
  direct: state.direct,
  opinions: state.opinions,
  extensionAsked: state.extensionAsked,
  extensionsGranted: state.extensionsGranted,
  handlers: state.handlers,
  clocks: state.clocks,
  clockDepartments: state.clockDepartments,
  standingBreaches: state.standingBreaches,
  excuses: state.excuses,
  ratings: state.ratings,
  rectifications: state.rectifications,
  sealedCycles: state.sealedCycles,
  deferred: state.deferred,
  pauseAsked: state.pauseAsked,
  proposal: state.proposal,
  reasons: state.reasons,
  corrections: state.corrections,
  supervisions: state.supervisions,
  acceptedAt: state.acceptedAt,
  departmentId: state.departmentId,
  contactedAt: state.contactedAt,
  submittedAt: state.submittedAt,
  outcome: state.outcome,
  callbacks: state.callbacks,
  rating: state.rating,
  appeal: state.appeal,
  closedAt: state.closedAt,
});
