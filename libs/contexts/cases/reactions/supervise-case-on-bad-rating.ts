import { reaction, splitStreamName } from '@huicai/kernel';
import type { CaseCommand, CaseEvent } from '../contract.js';
import { type CaseFacts, foldCase } from '../facts.js';

type CaseRated = Extract<CaseEvent, { type: 'CaseRated' }>;
type RaiseSupervision = Extract<CaseCommand, { type: 'RaiseSupervision' }>;

/** A bad review (差评) is looked into, whoever was content at the callback. */
export const superviseCaseOnBadRating = reaction<CaseRated, RaiseSupervision, CaseFacts | null>({
  name: 'supervise-case-on-bad-rating',
  asks: ({ stream }) => ({ stream, initial: null, fold: foldCase }),
  react: ({ stream, data }, facts) => {
    if (!facts || data.satisfaction > 2) return [];
    const { aggregate, id } = splitStreamName(stream);
    return [{ aggregate, id, command: { type: 'RaiseSupervision', data: { cycle: facts.cycle } } }];
  },
});
