import { illegal, notFound } from '@huicai/kernel';
import { ONCE_ACCEPTED } from '../state.js';
import { provided, rule } from './rule.js';

/**
 * The province's answer to a rating it was given (domain.md section 2.6); also of cases in the archive, whose own matter it does not
 * touch. Nothing is written when it is on record already. One that was received is not known under another id, nor rejected, later.
 */
export const recordRatingReceipt = rule({
  command: 'RecordRatingReceipt',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  when: provided('it was rated', (state) => state.ratings.length > 0),
  decide: (data, state) => {
    const rating = state.ratings.find(({ ratingId }) => ratingId === data.ratingId);
    if (!rating) throw notFound('rating-not-found', { field: 'ratingId' });
    const { cycle, receipt } = rating;
    if (receipt?.externalRatingId === data.externalRatingId && receipt.status === data.status) return [];
    if (receipt?.status === 'RECEIVED') throw illegal('rating-received-otherwise', { field: 'externalRatingId' });
    return [{ type: 'RatingReceiptRecorded', data: { ...data, cycle } }];
  },
});
