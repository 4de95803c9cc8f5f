import type { ClockState } from '@huicai/working-time';
import type { CaseSubject, Outcome, Reachability, Satisfaction, SupervisionCause, Urgency } from './contract.js';

export type CaseStatus =
  | 'REGISTERED'
  | 'ACCEPTED'
  | 'DECLINED'
  | 'DISPATCHED'
  | 'SIGNED_FOR'
  | 'SUBMITTED'
  | 'RESULT_ACCEPTED'
  | 'CLOSED'
  | 'WITHDRAWN';

export interface Callback {
  readonly at: number;
  readonly reachability: Reachability;
  readonly resolved: boolean | null;
  readonly satisfaction: Satisfaction | null;
}

/** A case under the supervisor's eye (督办). */
export interface Supervision {
  readonly cycle: number;
  readonly cause: SupervisionCause;
  readonly raisedAt: number;
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
  readonly rating: Satisfaction | null;
  readonly closedAt: number | null;
}

/** A case as its events tell it. Plain JSON: read models keep it in a column and fold on. Instants in epoch milliseconds. */
export interface CaseFacts extends CycleFacts {
  readonly caseId: string;
  readonly number: string;
  readonly talentId: string;
  readonly itemCode: string;
  readonly catalogueVersion: string;
  readonly channelId: string;
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
  readonly pausedClockIds: readonly string[];
  readonly coDepartmentIds: readonly string[];
  readonly specialistId: string | null;
  readonly dispatchedAt: number | null;
  readonly returns: number;
  readonly extensionAsked: { readonly workingDays: number; readonly at: number } | null;
  readonly extensionsGranted: number;
  /** Who handled it; none of them may call back. */
  readonly handlers: readonly string[];
  /** All clocks of all cycles, in the order they started. */
  readonly clocks: readonly ClockState[];
  /** Which department a clock judges; the office's own clocks have none. By clock id. */
  readonly clockDepartments: Readonly<Record<string, string>>;
  /** Clocks with a breach that stands. */
  readonly standingBreaches: readonly string[];
  readonly sealedCycles: readonly SealedCycle[];
  /** Supervisions that stand, at most one a cycle. */
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
  closedAt: null,
};
