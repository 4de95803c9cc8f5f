import type { Sealed } from '@huicai/kernel';
import type { Limit } from '@huicai/working-time';
import type { ClockKind, Urgency } from '../calendar/contract.js';

export type { ClockKind, Urgency } from '../calendar/contract.js';

export type Outcome = 'SOLVED' | 'ANSWERED' | 'REFERRED' | 'UNSOLVABLE';
export type Relation = 'SELF' | 'CHILD' | 'SPOUSE';
export type ContactMode = 'PHONE' | 'ON_SITE' | 'ONLINE';
export type Reachability = 'VALID' | 'UNREACHABLE';
/** 1 very dissatisfied to 5 very satisfied (GB/T 39735-2020 order); 1 and 2 are bad reviews. */
export type Satisfaction = 1 | 2 | 3 | 4 | 5;
/** Why a case is put under supervision (督办): said at the callback, or said again after the case had been reopened. */
export type SupervisionCause = 'DISSATISFIED' | 'STILL_DISSATISFIED';

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
  /** The due lies in, or was reached through, a year whose holidays were not published. */
  readonly provisional: boolean;
}

interface Reasoned {
  readonly reasonCode: string;
  readonly reason: Sealed | null;
}

type Ev<T extends string, D = Record<never, never>> = { readonly type: T; readonly data: D };

export type CaseEvent =
  | Ev<
      'CaseRegistered',
      {
        readonly caseId: string;
        readonly number: string;
        readonly talentId: string;
        readonly itemCode: string;
        readonly catalogueVersion: string;
        readonly channelId: string;
        readonly urgency: Urgency;
        readonly matter: Sealed;
        readonly subjects: readonly CaseSubject[];
        /** Who took the matter in and follows it to the end (首问负责). */
        readonly firstContactPerson: string;
      }
    >
  | Ev<'CaseAccepted', { readonly clocks: readonly ClockStarted[] }>
  | Ev<'CaseDeclined', Reasoned>
  | Ev<
      'CaseDispatched',
      {
        readonly departmentId: string;
        readonly coDepartmentIds: readonly string[];
        readonly routingVersion: number;
        readonly clocks: readonly ClockStarted[];
      }
    >
  | Ev<'CaseSignedFor', { readonly departmentId: string }>
  | Ev<'CaseReturned', Reasoned & { readonly departmentId: string; readonly proposedDepartmentId: string | null }>
  | Ev<'CaseTaken', { readonly specialistId: string }>
  | Ev<'RequesterContacted', { readonly mode: ContactMode }>
  | Ev<'ClockPaused', Reasoned & { readonly clockIds: readonly string[] }>
  | Ev<'ClockResumed', { readonly clockIds: readonly string[] }>
  | Ev<'ExtensionRequested', Reasoned & { readonly workingDays: number }>
  | Ev<'ExtensionGranted', { readonly workingDays: number; readonly clockIds: readonly string[] }>
  | Ev<'ExtensionRefused', Reasoned>
  | Ev<'ResultSubmitted', { readonly outcome: Outcome; readonly reply: Sealed }>
  | Ev<'ResultAccepted'>
  | Ev<'ResultSentBack', Reasoned>
  | Ev<
      'CallbackRecorded',
      {
        readonly reachability: Reachability;
        /** null when the requester was not reached. */
        readonly resolved: boolean | null;
        readonly satisfaction: Satisfaction | null;
        readonly remark: Sealed | null;
      }
    >
  | Ev<'CaseRated', { readonly satisfaction: Satisfaction; readonly comment: Sealed | null }>
  | Ev<'CaseClosed'>
  | Ev<'CaseWithdrawn', Reasoned>
  | Ev<'CaseReopened', Reasoned & { readonly cycle: number; readonly clocks: readonly ClockStarted[] }>
  | Ev<'BreachRecorded', { readonly clockId: string; readonly due: string; readonly departmentId: string | null }>
  | Ev<'BreachWithdrawn', { readonly clockId: string }>
  | Ev<
      'SupervisionRaised',
      {
        readonly cause: SupervisionCause;
        readonly cycle: number;
        /** Who handled that cycle. */
        readonly departmentId: string | null;
      }
    >;

export type CaseCommand =
  | Ev<
      'RegisterCase',
      {
        readonly caseId: string;
        readonly talentId: string;
        readonly itemCode: string;
        readonly channelId: string;
        readonly urgency: Urgency;
        readonly matter: Sealed;
        readonly subjects: readonly CaseSubject[];
      }
    >
  | Ev<'AcceptCase'>
  | Ev<'DeclineCase', Reasoned>
  | Ev<'DispatchCase', { readonly departmentId: string | null; readonly coDepartmentIds: readonly string[] }>
  | Ev<'SignForCase'>
  | Ev<'ReturnCase', Reasoned & { readonly proposedDepartmentId: string | null }>
  | Ev<'TakeCase'>
  | Ev<'ContactRequester', { readonly mode: ContactMode }>
  | Ev<'PauseClock', Reasoned>
  | Ev<'ResumeClock'>
  | Ev<'RequestExtension', Reasoned & { readonly workingDays: number }>
  | Ev<'GrantExtension'>
  | Ev<'RefuseExtension', Reasoned>
  | Ev<'SubmitResult', { readonly outcome: Outcome; readonly reply: Sealed }>
  | Ev<'AcceptResult'>
  | Ev<'SendBackResult', Reasoned>
  | Ev<
      'RecordCallback',
      {
        readonly reachability: Reachability;
        readonly resolved: boolean | null;
        readonly satisfaction: Satisfaction | null;
        readonly remark: Sealed | null;
      }
    >
  | Ev<'RateCase', { readonly satisfaction: Satisfaction; readonly comment: Sealed | null }>
  | Ev<'CloseCase'>
  | Ev<'WithdrawCase', Reasoned>
  | Ev<'ReopenCase', Reasoned>
  | Ev<'RecordBreach', { readonly clockId: string; readonly due: string }>
  | Ev<'RaiseSupervision', { readonly cycle: number }>;
