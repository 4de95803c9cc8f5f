import type { Sealed } from '@huicai/kernel';
import type { Limit } from '@huicai/working-time';
import type { ClockKind, Urgency } from '../calendar/contract.js';
import type { RoutingPriority } from '../channels/contract.js';
import type { TalentCategory } from '../talents/contract.js';
import type { CallbackAnswer, Outcome, Satisfaction } from './contract-answers.js';
import type { ApprovalCommand, ApprovalEvent, AskedPause, Deferred } from './contract-approvals.js';
import type { CorrectionCommand, CorrectionEvent } from './contract-corrections.js';

export type { ClockKind, Urgency } from '../calendar/contract.js';
export type { CallbackAnswer, Outcome, Reachability, Satisfaction } from './contract-answers.js';
export type { CorrectableStep } from './contract-corrections.js';

/** How the specialist of a case is found: named by a person, in turn, by who has least to do, or by who knows the item and has least to do. */
export type AssignmentMode = 'MANUAL' | 'ROUND_ROBIN' | 'LEAST_LOADED' | 'SKILL_MATCHED';
/** Why somebody got the case or did not; BEHIND could have had it, but another came first. */
export type AssignmentVerdict = 'CHOSEN' | 'BEHIND' | 'ABSENT' | 'OFF_HOURS' | 'AT_CAPACITY' | 'NOT_SKILLED' | 'OTHER_AREA';

/** One candidate for a case, with what they had in hand as the read models knew it. */
export interface Considered {
  readonly specialistId: string;
  readonly verdict: AssignmentVerdict;
  readonly open: number;
  readonly load: number;
}

/** What a rule of the channel says of a matter: which version, which rule of it, counted from 0. */
export interface RoutingProposal {
  readonly channelId: string;
  readonly version: number;
  readonly rule: number;
  readonly departmentId: string;
  readonly priority: RoutingPriority;
  readonly fastTrack: boolean;
}

export type Relation = 'SELF' | 'CHILD' | 'SPOUSE';
export type ContactMode = 'PHONE' | 'ON_SITE' | 'ONLINE';
/** Why a case is put under supervision (督办): said at the callback, or said again after the case had been reopened. */
export type SupervisionCause = 'DISSATISFIED' | 'STILL_DISSATISFIED' | 'OVERDUE' | 'ORDERED';

/** What a department did about a bad review: put it right, or explained why nothing is to be put right. */
export type RectificationMeasure = 'RECTIFIED' | 'EXPLAINED';

export type MessageDirection = 'TO_TALENT' | 'FROM_TALENT';

/** A person a case is about, under a key of their own. */
export interface CaseSubject {
  readonly subjectId: string;
  readonly relation: Relation;
  /** null for the talent, whose name is kept with the talent. */
  readonly name: Sealed | null;
}

/** What was promised when a clock started; the due of any later moment is derived. Instants are ISO 8601 UTC. */
export interface ClockStarted {
  /** `<kind>/<cycle>/<n>`, n counting the starts of that kind in the cycle. */
  readonly clockId: string;
  readonly kind: ClockKind;
  readonly limit: Limit;
  readonly calendarId: string;
  readonly calendarVersion: number;
  readonly policyVersion: number;
  readonly promisedDue: string | null;
  /** The talent's then, which the limit may depend on; events of long ago do not tell it. */
  readonly category?: TalentCategory;
  /** The due lies in, or was reached through, a year whose holidays were not published. */
  readonly provisional: boolean;
}

interface Reasoned {
  readonly reasonCode: string;
  readonly reason: Sealed | null;
}

/** A callback, and what was said besides. */
interface Callback extends CallbackAnswer {
  readonly remark: Sealed | null;
}

/** A rating is known to the province under an id of its own, or was not taken. */
export interface RatingReceipt {
  /** Of the event it was given by. */
  readonly ratingId: string;
  readonly externalRatingId: string;
  readonly status: RatingReceiptStatus;
}
export type RatingReceiptStatus = 'RECEIVED' | 'REJECTED';

/** Which supervision is meant. */
interface Supervised {
  readonly cycle: number;
  readonly cause: SupervisionCause;
}

type Ev<T extends string, D = Record<never, never>> = { readonly type: T; readonly data: D };

export type CaseEvent =
  | CorrectionEvent
  | ApprovalEvent
  | Ev<
      'CaseRegistered',
      {
        readonly caseId: string;
        readonly number: string;
        readonly talentId: string;
        readonly itemCode: string;
        readonly catalogueVersion: string;
        readonly channelId: string;
        /** Area (片区) the matter is of, where somebody said. */
        readonly area?: string;
        readonly urgency: Urgency;
        readonly matter: Sealed;
        readonly subjects: readonly CaseSubject[];
        /** The talent's employer, where that registered it (单位代办), by its unified social credit code. */
        readonly employerId?: string;
        /** Who took the matter in and follows it to the end (首问负责). */
        readonly firstContactPerson: string;
      }
    >
  | Ev<'CaseAccepted', { readonly clocks: readonly ClockStarted[]; readonly deferred?: Deferred }>
  | Ev<'CaseDeclined', Reasoned>
  /** Answered by the window itself, without a department (直办). */
  | Ev<'CaseAnsweredDirectly', { readonly reply: Sealed }>
  | Ev<
      'CaseDispatched',
      {
        readonly departmentId: string;
        readonly coDepartmentIds: readonly string[];
        readonly routingVersion: number;
        /** What the channel's rules proposed, where it has any for the matter. */
        readonly routing?: RoutingProposal;
        readonly clocks: readonly ClockStarted[];
      }
    >
  | Ev<'CaseSignedFor', { readonly departmentId: string }>
  | Ev<
      'CaseReturned',
      Reasoned & {
        readonly departmentId: string;
        readonly proposedDepartmentId: string | null;
        /** After the return window and before its hard stop. */
        readonly late?: true;
      }
    >
  /** `returnDue`: when it goes back to the queue unless somebody acts before. */
  | Ev<
      'ReturnRefused',
      Reasoned & {
        readonly departmentId: string;
        readonly coDepartmentIds: readonly string[];
        readonly specialistId: string | null;
      }
    >
  | Ev<
      'CaseReassigned',
      Reasoned & {
        readonly fromDepartmentId: string;
        readonly departmentId: string;
        readonly coDepartmentIds: readonly string[];
        readonly clocks: readonly ClockStarted[];
      }
    >
  /** Another department is asked what it says of the matter (会办意见); from then on it is a co-department. */
  | Ev<'OpinionRequested', { readonly departmentId: string; readonly question: Sealed; readonly clocks: readonly ClockStarted[] }>
  /** By the lead department on how it will handle the matter (办理意见), or by one that was asked. */
  | Ev<'OpinionGiven', { readonly departmentId: string; readonly clockId: string; readonly opinion: Sealed }>
  | Ev<'CaseTaken', { readonly specialistId: string; readonly returnDue?: string }>
  | Ev<
      'CaseAssigned',
      {
        readonly specialistId: string;
        readonly departmentId: string;
        readonly mode: AssignmentMode;
        /** Who came into question, and why they got it or not. */
        readonly considered: readonly Considered[];
        /** Who was named and is absent, when the deputy got it. */
        readonly standsInFor?: string;
        readonly returnDue?: string;
      }
    >
  | Ev<
      'CaseHandedOver',
      {
        readonly fromSpecialistId: string;
        readonly toSpecialistId: string;
        /** The hand-over of all they had, which this was part of. */
        readonly handOverId: string;
        readonly returnDue?: string;
      }
    >
  | Ev<'CaseReturnedToQueue', { readonly specialistId: string; readonly due: string }>
  | Ev<'RequesterContacted', { readonly mode: ContactMode }>
  | Ev<
      'ClockPaused',
      Reasoned & {
        readonly clockIds: readonly string[];
        /** When it ends by itself at the latest, ISO 8601 UTC; left out where nothing was said. */
        readonly endsAt?: string;
        /** Who agreed to it, where the policy asks for that, and when it was asked for, ISO 8601 UTC. */
        readonly approvedBy?: string;
        readonly requestedAt?: string;
      }
    >
  | Ev<'RequesterReplied', { readonly reply: Sealed }>
  | Ev<
      'SupplementRequested',
      {
        readonly materials: Sealed;
        /** Last day of the office to hand them in, YYYY-MM-DD. */
        readonly until: string;
        readonly reason: Sealed | null;
        /** Not the first notice of the cycle, which breaks the duty to say it all at once. */
        readonly repeated: boolean;
        readonly clockIds: readonly string[];
      }
    >
  | Ev<'SupplementReceived', { readonly received: Sealed | null; readonly clockIds: readonly string[] }>
  | Ev<'CaseClosedUnanswered', { readonly until: string }>
  | Ev<'ReminderSent'>
  /** For those who handle it alone. */
  | Ev<'NoteAdded', { readonly note: Sealed }>
  | Ev<'MessageSent', { readonly message: Sealed; readonly direction: MessageDirection }>
  /** A controlled word is put on it (标签), as the version of the tags had it that day. */
  | Ev<'CaseTagged', { readonly tag: string; readonly tagsVersion: number }>
  | Ev<'CaseUntagged', { readonly tag: string }>
  | Ev<'CaseArchived'>
  | Ev<'ClockResumed', { readonly clockIds: readonly string[] }>
  | Ev<'ExtensionRequested', Reasoned & { readonly workingDays: number }>
  | Ev<'ExtensionGranted', { readonly workingDays: number; readonly clockIds: readonly string[] }>
  | Ev<'ExtensionRefused', Reasoned>
  | Ev<
      'ResultSubmitted',
      {
        readonly outcome: Outcome;
        readonly reply: Sealed;
        /** Who of the department agreed to it, where the policy asks for that. */
        readonly approvedBy?: string;
      }
    >
  | Ev<
      'ResultAccepted',
      {
        /** Where the policy limits the callback. */
        readonly clocks?: readonly ClockStarted[];
      }
    >
  | Ev<'ResultSentBack', Reasoned>
  | Ev<'CallbackRecorded', Callback>
  | Ev<'CaseRated', { readonly satisfaction: Satisfaction; readonly comment: Sealed | null }>
  /** A bad review is to be put right (整改). */
  | Ev<
      'RectificationOpened',
      {
        readonly cycle: number;
        /** Who handled that cycle; null where the window answered itself. */
        readonly departmentId: string | null;
        /** Where the policy limits it. */
        readonly clocks: readonly ClockStarted[];
      }
    >
  | Ev<'RectificationSubmitted', { readonly cycle: number; readonly measure: RectificationMeasure; readonly report: Sealed }>
  /** The requester was asked about what was put right, or could not be. */
  | Ev<'RectificationCalledBack', { readonly cycle: number } & Callback>
  /** The department says that the review is mistaken or malicious (申诉). */
  | Ev<'RatingAppealed', Reasoned & { readonly cycle: number }>
  /** The review does not count, and what followed from it is withdrawn. */
  | Ev<'RatingAppealUpheld', Reasoned & { readonly cycle: number }>
  | Ev<'RatingAppealDismissed', Reasoned & { readonly cycle: number }>
  /** What the provincial rating system (省“好差评”) says of a rating it was given. */
  | Ev<'RatingReceiptRecorded', RatingReceipt & { readonly cycle: number }>
  | Ev<'CaseClosed'>
  | Ev<'CaseWithdrawn', Reasoned>
  | Ev<'CaseReopened', Reasoned & { readonly cycle: number; readonly clocks: readonly ClockStarted[] }>
  | Ev<'BreachRecorded', { readonly clockId: string; readonly due: string; readonly departmentId: string | null }>
  | Ev<'BreachWithdrawn', { readonly clockId: string }>
  | Ev<
      'BreachExcused',
      Reasoned & {
        readonly clockId: string;
        /** The supervisor who answers for it. */
        readonly approvedBy: string;
      }
    >
  | Ev<'ExcuseWithdrawn', Reasoned & { readonly clockId: string }>
  | Ev<
      'SupervisionRaised',
      {
        readonly cause: SupervisionCause;
        readonly cycle: number;
        /** Who handled that cycle. */
        readonly departmentId: string | null;
        /** Where a supervisor ordered it. */
        readonly reasonCode?: string;
        readonly reason?: Sealed | null;
      }
    >
  | Ev<'SupervisionWorkedOff', Supervised & { readonly report: Sealed }>
  | Ev<
      'SupervisionClosed',
      Supervised & {
        readonly remark: Sealed | null;
        /** There is no cause for it any more. */
        readonly withdrawn?: true;
      }
    >;

export type CaseCommand =
  | CorrectionCommand
  | ApprovalCommand
  | Ev<
      'RegisterCase',
      {
        readonly caseId: string;
        readonly talentId: string;
        readonly itemCode: string;
        readonly channelId: string;
        readonly area?: string;
        readonly urgency: Urgency;
        readonly matter: Sealed;
        readonly subjects: readonly CaseSubject[];
      }
    >
  | Ev<'AcceptCase', { readonly deferred?: Deferred }>
  | Ev<'DeclineCase', Reasoned>
  | Ev<'DispatchCase', { readonly departmentId: string | null; readonly coDepartmentIds: readonly string[] }>
  | Ev<'SignForCase'>
  | Ev<'ReturnCase', Reasoned & { readonly proposedDepartmentId: string | null }>
  | Ev<'TakeCase'>
  | Ev<'AssignCase', { readonly mode: AssignmentMode; readonly specialistId: string | null }>
  | Ev<'ContactRequester', { readonly mode: ContactMode }>
  | Ev<'PauseClock', AskedPause>
  | Ev<'EndPause', { readonly endsAt: string }>
  | Ev<'ReplyInPause', { readonly reply: Sealed }>
  | Ev<'ResumeClock'>
  | Ev<'RequestExtension', Reasoned & { readonly workingDays: number }>
  | Ev<'GrantExtension'>
  | Ev<'RefuseExtension', Reasoned>
  | Ev<'SubmitResult', { readonly outcome: Outcome; readonly reply: Sealed }>
  | Ev<'AcceptResult'>
  | Ev<'SendBackResult', Reasoned>
  | Ev<'RecordCallback', Callback>
  | Ev<'RecordRatingReceipt', RatingReceipt>
  | Ev<'OpenRectification', { readonly cycle: number }>
  | Ev<'SubmitRectification', { readonly measure: RectificationMeasure; readonly report: Sealed }>
  | Ev<'CallBackRectification', Callback>
  | Ev<'AppealRating', Reasoned>
  | Ev<'UpholdAppeal', Reasoned>
  | Ev<'DismissAppeal', Reasoned>
  | Ev<'RateCase', { readonly satisfaction: Satisfaction; readonly comment: Sealed | null }>
  | Ev<'CloseCase'>
  | Ev<'WithdrawCase', Reasoned>
  | Ev<'ReopenCase', Reasoned>
  | Ev<'HandOverCase', { readonly fromSpecialistId: string; readonly toSpecialistId: string; readonly handOverId: string }>
  | Ev<'ReturnToQueue', { readonly specialistId: string; readonly due: string }>
  | Ev<'RecordBreach', { readonly clockId: string; readonly due: string }>
  | Ev<'ExcuseBreach', Reasoned & { readonly clockId: string }>
  | Ev<'WithdrawExcuse', Reasoned & { readonly clockId: string }>
  | Ev<'AnswerDirectly', { readonly reply: Sealed }>
  | Ev<'RefuseReturn', Reasoned>
  | Ev<'ReassignCase', Reasoned & { readonly departmentId: string; readonly coDepartmentIds: readonly string[] }>
  | Ev<'RequestOpinion', { readonly departmentId: string; readonly question: Sealed }>
  | Ev<'GiveOpinion', { readonly opinion: Sealed }>
  | Ev<'RequestSupplement', { readonly materials: Sealed; readonly until: string; readonly reason: Sealed | null }>
  | Ev<'ReceiveSupplement', { readonly received: Sealed | null }>
  | Ev<'CloseUnanswered', { readonly until: string }>
  | Ev<'RemindCase'>
  | Ev<'TagCase', { readonly tag: string }>
  | Ev<'UntagCase', { readonly tag: string }>
  | Ev<'AddNote', { readonly note: Sealed }>
  | Ev<'SendMessage', { readonly message: Sealed }>
  | Ev<'ArchiveCase'>
  | Ev<'SuperviseCase', Reasoned>
  | Ev<'WorkOffSupervision', { readonly report: Sealed }>
  | Ev<'CloseSupervision', { readonly remark: Sealed | null }>
  /** For what the requester said of a cycle or, where it says so, of its rectification, or because its promise was broken. */
  | Ev<'RaiseSupervision', { readonly cycle: number; readonly overdue?: true; readonly rectified?: true }>;
