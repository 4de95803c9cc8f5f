import { FreeText, OneOf, Uuid, WholeNumber, YesNo } from '@huicai/http';
import { InstantField } from '../instant-field.js';
import { REASON_CODES } from '../reason-codes.js';
import { OUTCOMES, REACHABILITIES, SATISFACTION } from './case.bodies.js';
import type { CorrectableStep, Outcome, Reachability, Satisfaction } from './contract.js';

const STEPS = ['ACCEPTED', 'SIGNED_FOR', 'CONTACTED', 'SUBMITTED'] as const satisfies readonly CorrectableStep[];

class CorrectionBody {
  @OneOf(REASON_CODES.CorrectCase, 'Why, as a code')
  readonly reasonCode!: string;
  @FreeText('Why, and how it is known')
  readonly reason!: string;
}

export class StepTimeBody extends CorrectionBody {
  @OneOf(STEPS, 'The step; a contact may be one nobody had recorded')
  readonly step!: CorrectableStep;
  @InstantField('When it really happened')
  readonly occurredAt!: string;
}

export class CorrectPauseBody extends CorrectionBody {
  @Uuid('The event that began the pause, as history and explanation name it')
  readonly pauseId!: string;
  @YesNo('There was no such pause', { optional: true })
  readonly voided?: boolean;
  @InstantField('When it really began', { optional: true })
  readonly from?: string;
  @InstantField('When it really ended', { optional: true })
  readonly to?: string;
  @OneOf(REASON_CODES.PauseClock, 'What was really waited for', { optional: true })
  readonly pauseReasonCode?: string;
}

export class LatePauseBody extends CorrectionBody {
  @OneOf(REASON_CODES.PauseClock, 'What was waited for')
  readonly pauseReasonCode!: string;
  @InstantField('When it began')
  readonly from!: string;
  @InstantField('When it ended')
  readonly to!: string;
}

export class CorrectResultBody extends CorrectionBody {
  @OneOf(OUTCOMES, 'What really came of it')
  readonly outcome!: Outcome;
  @FreeText('The reply as it should have read; left out, it stays', { optional: true })
  readonly reply?: string;
}

export class CorrectCallbackBody extends CorrectionBody {
  @WholeNumber(1, 1_000, 'Which callback of the cycle, from 1')
  readonly n!: number;
  @OneOf(REACHABILITIES, 'Whether the requester was reached')
  readonly reachability!: Reachability;
  @YesNo('Whether the requester says it is resolved; only when reached', { optional: true })
  readonly resolved?: boolean;
  @WholeNumber(1, 5, `${SATISFACTION}; only when reached`, { optional: true })
  readonly satisfaction?: Satisfaction;
}
