import type { CardType } from '../contexts/cards/contract.js';
import type { CaseInput, CaseStep } from '../contexts/cases/case.intake.js';
import type { ChannelsCommand } from '../contexts/channels/contract.js';
import type { Caller } from '../contexts/gateway.js';
import type { SpecialistInput } from '../contexts/specialists/specialist.intake.js';
import type { TalentInput } from '../contexts/talents/talent.intake.js';

type RoutingRules = Extract<ChannelsCommand, { type: 'PublishRoutingRules' }>['data'];

/** What is done in one step: the input of one intake, in clear. */
export type Act =
  | { readonly kind: 'publish-routing'; readonly rules: RoutingRules }
  | { readonly kind: 'enrol-specialist'; readonly specialistId: string; readonly input: SpecialistInput }
  | { readonly kind: 'register-talent'; readonly talentId: string; readonly input: TalentInput }
  | {
      readonly kind: 'correct-talent';
      readonly talentId: string;
      readonly changes: Partial<TalentInput>;
      readonly reason: string;
    }
  | { readonly kind: 'assign-specialist'; readonly talentId: string; readonly specialistId: string }
  | { readonly kind: 'hand-over'; readonly talentId: string; readonly toSpecialistId: string; readonly reason: string }
  | { readonly kind: 'apply-for-card'; readonly talentId: string; readonly cardType: CardType }
  | {
      readonly kind: 'review-card';
      readonly talentId: string;
      readonly cardId: string;
      readonly decision: 'APPROVED' | 'REJECTED';
      readonly reason: string | null;
    }
  | {
      readonly kind: 'issue-card';
      readonly talentId: string;
      readonly cardType: CardType;
      /** The approved application; undefined for a card issued directly. */
      readonly applicationId?: string;
      readonly body: string;
    }
  | { readonly kind: 'activate-card' | 'report-card-lost'; readonly talentId: string; readonly cardId: string }
  | {
      readonly kind: 'revoke-card';
      readonly talentId: string;
      readonly cardId: string;
      readonly reason: string;
      readonly legalBasis: string;
    }
  | { readonly kind: 'lease-numbers'; readonly year: number; readonly count: number }
  | { readonly kind: 'register-case'; readonly caseId: string; readonly input: CaseInput }
  /** What the system does by itself about a bad review. */
  | { readonly kind: 'open-rectification'; readonly caseId: string; readonly cycle: number }
  | { readonly kind: 'step-case'; readonly caseId: string; readonly step: CaseStep };

/** One thing somebody does at one instant. */
export interface Step {
  /** Names it within the year; its command id is made of it. */
  readonly key: string;
  /** Epoch milliseconds, whole seconds. */
  readonly at: number;
  readonly caller: Caller;
  readonly act: Act;
}
