import type { RatingReceipt, Satisfaction } from './contract.js';

/** Where ratings go: departments build no rating system of their own, but call the provincial one (domain.md section 2.6). */
export const PROVINCE = 'province';

/**
 * A rating as the province is given it. The standard asks for what was rated and how; whom it is from, and what they wrote, are
 * personal and stay here.
 */
export interface ExportedRating {
  /** Of the event it was given by; the province's answer names it. */
  readonly ratingId: string;
  readonly caseId: string;
  readonly caseNumber: string;
  readonly cycle: number;
  readonly itemCode: string;
  readonly channelId: string;
  /** null where the window answered itself. */
  readonly departmentId: string | null;
  readonly satisfaction: Satisfaction;
  /** ISO 8601 UTC. */
  readonly ratedAt: string;
}

export interface ExportRating {
  readonly type: 'ExportRating';
  readonly data: ExportedRating;
}

/** That a rating does not count: a supervisor has upheld the department's appeal against it. Why in words stays here. */
export interface ExportedAppeal {
  /** Of the rating as it was handed over. */
  readonly ratingId: string;
  readonly caseId: string;
  readonly caseNumber: string;
  readonly cycle: number;
  readonly appeal: 'UPHELD';
  readonly reasonCode: string;
  /** ISO 8601 UTC. */
  readonly decidedAt: string;
}

export interface ExportAppeal {
  readonly type: 'ExportAppeal';
  readonly data: ExportedAppeal;
}

/** The provincial rating system (省“好差评”) as this one knows it. */
export interface ProvincialRatings {
  /** Hands a rating over, or that one does not count. Handing it over again must not hand it over twice. @throws Error when it can not be handed over now */
  export(what: ExportedRating | ExportedAppeal): Promise<void>;
}

/** An answer of the province to one rating. */
export interface ProvincialReply extends RatingReceipt {
  readonly caseId: string;
}
