import type { Sealed } from '@huicai/kernel';
import type { CallbackAnswer, Outcome } from './contract-answers.js';

/** A step whose time a supervisor can put right. */
export type CorrectableStep = 'ACCEPTED' | 'SIGNED_FOR' | 'CONTACTED' | 'SUBMITTED';

interface Because {
  readonly reasonCode: string;
  readonly reason: Sealed;
}

type Ev<T extends string, D> = { readonly type: T; readonly data: D };

/** What a supervisor puts right about a case. What was recorded before stays; both are told, by when they were known. */
export type CorrectionEvent =
  /** It really happened when this event says it occurred. */
  | Ev<
      'StepTimeCorrected',
      Because & {
        readonly step: CorrectableStep;
        /** The event that recorded it, or put it right before; null for a contact nobody had recorded. */
        readonly corrects: string | null;
        readonly was: string | null;
        /** Clocks whose start, for ACCEPTED, or stop moves. */
        readonly clockIds: readonly string[];
      }
    >
  | Ev<
      'PauseCorrected',
      Because & {
        /** The event that began the pause. */
        readonly pauseId: string;
        /** There was no such pause. */
        readonly voided: boolean;
        readonly from: string;
        /** null while it lasts. */
        readonly to: string | null;
        readonly pauseReasonCode: string | null;
        readonly clockIds: readonly string[];
      }
    >
  | Ev<
      'PauseRecordedLate',
      Because & {
        readonly pauseReasonCode: string;
        readonly from: string;
        readonly to: string;
        readonly clockIds: readonly string[];
      }
    >
  | Ev<
      'ResultCorrected',
      Because & {
        readonly outcome: Outcome;
        readonly was: Outcome;
        /** null where the reply stays. */
        readonly reply: Sealed | null;
      }
    >
  /** `n` counts the callbacks of the cycle from 1. */
  | Ev<'CallbackCorrected', Because & CallbackAnswer & { readonly n: number; readonly was: CallbackAnswer }>;

export type CorrectionCommand =
  /** The time it really happened is the time of the command. */
  | Ev<'CorrectStepTime', Because & { readonly step: CorrectableStep }>
  | Ev<
      'CorrectPause',
      Because & {
        readonly pauseId: string;
        readonly voided: boolean;
        /** What is left out stays. */
        readonly from?: string;
        readonly to?: string;
        readonly pauseReasonCode?: string;
      }
    >
  | Ev<'RecordLatePause', Because & { readonly pauseReasonCode: string; readonly from: string; readonly to: string }>
  | Ev<'CorrectResult', Because & { readonly outcome: Outcome; readonly reply: Sealed | null }>
  | Ev<'CorrectCallback', Because & CallbackAnswer & { readonly n: number }>;
