import type { Sealed } from '@huicai/kernel';
import type { Outcome } from './contract-answers.js';

type Ev<T extends string, D = Record<never, never>> = { readonly type: T; readonly data: D };

interface Reasoned {
  readonly reasonCode: string;
  readonly reason: Sealed | null;
}

/** Materials that were missing at acceptance and may come later (容缺受理). */
export interface Deferred {
  readonly materials: Sealed;
  /** Last day of the office to hand them in, YYYY-MM-DD. */
  readonly until: string;
}

/** A pause as it is asked for. */
export interface AskedPause extends Reasoned {
  /** Day of the office it goes on, YYYY-MM-DD. */
  readonly resumeOn?: string;
  readonly maxWorkingDays?: number;
}

/** What is handed in later, and what somebody else has to agree to before it counts. */
export type ApprovalEvent =
  | Ev<'DeferredMaterialsReceived', { readonly received: Sealed | null; readonly late: boolean }>
  | Ev<'PauseRequested', AskedPause>
  | Ev<'PauseRefused', Reasoned>
  /** The handler's result, which the department has not agreed to yet. */
  | Ev<'ResultProposed', { readonly outcome: Outcome; readonly reply: Sealed }>
  | Ev<'ProposalSentBack', Reasoned>;

export type ApprovalCommand =
  | Ev<'ReceiveDeferredMaterials', { readonly received: Sealed | null }>
  | Ev<'ApprovePause'>
  | Ev<'RefusePause', Reasoned>
  | Ev<'ApproveResult'>
  | Ev<'SendBackProposal', Reasoned>;
