import type { Sealed } from '@huicai/kernel';

/** Groups of domain.md section 1.2; M: reviewed by the district, which is where experts helping enterprises (助企专家) come in. */
export type TalentCategory = 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'M';
export type EngagementMode = 'FULL_TIME' | 'FLEXIBLE';
export type IdentityDocument = 'RESIDENT_ID' | 'PASSPORT';

export interface TalentDetails {
  readonly name: Sealed;
  readonly documentType: IdentityDocument;
  readonly documentNumber: Sealed;
  readonly phone: Sealed;
  readonly category: TalentCategory;
  readonly engagement: EngagementMode;
  readonly employer: Sealed;
  /** Employer of record (用人单位) by its unified social credit code, which may act for the talent; null or left out where there is none. */
  readonly employerId?: string | null;
}

/** What a correction may change; a field left out stays. */
export type TalentChanges = Partial<TalentDetails>;

export type TalentCommand =
  | { readonly type: 'RegisterTalent'; readonly data: TalentDetails & { readonly talentId: string } }
  | { readonly type: 'CorrectTalent'; readonly data: { readonly changes: TalentChanges; readonly reason: Sealed } };

export type TalentEvent =
  | { readonly type: 'TalentRegistered'; readonly data: TalentDetails & { readonly talentId: string } }
  | { readonly type: 'TalentCorrected'; readonly data: { readonly changes: TalentChanges; readonly reason: Sealed } };
