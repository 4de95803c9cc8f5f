import { reaction, splitStreamName } from '@huicai/kernel';
import type { CaseEvent } from '../contract.js';
import { type CaseFacts, foldCase } from '../facts.js';
import { type ExportRating, PROVINCE } from '../provincial-ratings.js';

type CaseRated = Extract<CaseEvent, { type: 'CaseRated' }>;

/** Ratings are handed over in full: also those given before this was known. */
export const exportRatingToProvince = reaction<CaseRated, ExportRating, CaseFacts | null>({
  name: 'export-rating-to-province',
  fromStart: true,
  asks: ({ stream }) => ({ stream, initial: null, fold: foldCase }),
  react: ({ id, stream, data, metadata }, facts) => {
    if (!facts) return [];
    const { number: caseNumber, cycle, itemCode, channelId, departmentId } = facts;
    const { satisfaction } = data;
    const caseId = splitStreamName(stream).id;
    const ratedAt = metadata.occurredAt;
    const rating = { ratingId: id, caseId, caseNumber, cycle, itemCode, channelId, departmentId, satisfaction, ratedAt };
    return [{ aggregate: PROVINCE, id: caseId, command: { type: 'ExportRating', data: rating } }];
  },
});
