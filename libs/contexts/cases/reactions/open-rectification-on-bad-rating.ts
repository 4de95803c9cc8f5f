import { reaction, splitStreamName } from '@huicai/kernel';
import type { CaseCommand, CaseEvent } from '../contract.js';
import { type CaseFacts, foldCase } from '../facts.js';

type CaseRated = Extract<CaseEvent, { type: 'CaseRated' }>;
type OpenRectification = Extract<CaseCommand, { type: 'OpenRectification' }>;

/** A bad review (差评) is put right by whoever handled the case, while a supervisor has an eye on it. */
export const openRectificationOnBadRating = reaction<CaseRated, OpenRectification, CaseFacts | null>({
  name: 'open-rectification-on-bad-rating',
  asks: ({ stream }) => ({ stream, initial: null, fold: foldCase }),
  react: ({ stream, data }, facts) => {
    if (!facts || data.satisfaction > 2) return [];
    const { aggregate, id } = splitStreamName(stream);
    return [{ aggregate, id, command: { type: 'OpenRectification', data: { cycle: facts.cycle } } }];
  },
});
