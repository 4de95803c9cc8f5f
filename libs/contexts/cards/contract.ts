import type { Sealed } from '@huicai/kernel';

export type CardType = 'YIMENG_HUICAI' | 'SHANDONG_HUICAI';
/** DIRECT: from an official list. REVIEW: after the district's review (domain.md section 1.2). */
export type IssueTrack = 'DIRECT' | 'REVIEW';

export type CardCommand =
  | {
      readonly type: 'ApplyForCard';
      readonly data: { readonly talentId: string; readonly cardId: string; readonly cardType: CardType };
    }
  | {
      readonly type: 'ReviewCard';
      readonly data: { readonly cardId: string; readonly decision: 'APPROVED' | 'REJECTED'; readonly reason: Sealed | null };
    }
  | {
      readonly type: 'IssueCard';
      readonly data: {
        readonly talentId: string;
        readonly cardId: string;
        readonly cardType: CardType;
        readonly track: IssueTrack;
        /** Ten random digits; the check digit is added by the rulebook. */
        readonly body: string;
      };
    }
  | { readonly type: 'ActivateCard'; readonly data: { readonly cardId: string } }
  | { readonly type: 'ReportCardLost'; readonly data: { readonly cardId: string } }
  | {
      readonly type: 'RevokeCard';
      readonly data: { readonly cardId: string; readonly reason: Sealed; readonly legalBasis: Sealed };
    };

export type CardEvent =
  | {
      readonly type: 'CardApplied';
      readonly data: { readonly talentId: string; readonly cardId: string; readonly cardType: CardType };
    }
  | {
      readonly type: 'CardReviewed';
      readonly data: { readonly cardId: string; readonly decision: 'APPROVED' | 'REJECTED'; readonly reason: Sealed | null };
    }
  | {
      readonly type: 'CardIssued';
      readonly data: {
        readonly talentId: string;
        readonly cardId: string;
        readonly cardType: CardType;
        readonly track: IssueTrack;
        readonly number: string;
        /** Last day it is good for, YYYY-MM-DD, office time. */
        readonly validUntil: string;
      };
    }
  | { readonly type: 'CardActivated'; readonly data: { readonly cardId: string } }
  | { readonly type: 'CardLossReported'; readonly data: { readonly cardId: string } }
  | {
      readonly type: 'CardRevoked';
      readonly data: { readonly cardId: string; readonly reason: Sealed; readonly legalBasis: Sealed };
    };
