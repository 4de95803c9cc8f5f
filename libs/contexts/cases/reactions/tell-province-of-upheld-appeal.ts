import { reaction, splitStreamName } from '@huicai/kernel';
import type { CaseEvent } from '../contract.js';
import { type CaseFacts, foldCase } from '../facts.js';
import { type ExportAppeal, PROVINCE } from '../provincial-ratings.js';

type RatingAppealUpheld = Extract<CaseEvent, { type: 'RatingAppealUpheld' }>;

/** The province counts a rating until it is told that the appeal against it was upheld (申诉, domain.md section 2.6). */
export const tellProvinceOfUpheldAppeal = reaction<RatingAppealUpheld, ExportAppeal, CaseFacts | null>({
  name: 'tell-province-of-upheld-appeal',
  fromStart: true,
  asks: ({ stream }) => ({ stream, initial: null, fold: foldCase }),
  react: ({ stream, data, metadata }, facts) => {
    const { cycle, reasonCode } = data;
    const ratingId = facts?.ratings.find((rating) => rating.cycle === cycle)?.ratingId;
    if (!facts || !ratingId) return [];
    const caseId = splitStreamName(stream).id;
    const decidedAt = metadata.occurredAt;
    const appeal = { ratingId, caseId, caseNumber: facts.number, cycle, appeal: 'UPHELD', reasonCode, decidedAt } as const;
    return [{ aggregate: PROVINCE, id: caseId, command: { type: 'ExportAppeal', data: appeal } }];
  },
});
