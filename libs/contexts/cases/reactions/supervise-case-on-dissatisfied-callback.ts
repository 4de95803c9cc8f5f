import { reaction, splitStreamName } from '@huicai/kernel';
import type { CaseCommand, CaseEvent } from '../contract.js';
import { type CaseFacts, foldCase } from '../facts.js';
import { isDissatisfied } from '../satisfaction.js';

type CallbackRecorded = Extract<CaseEvent, { type: 'CallbackRecorded' | 'CallbackCorrected' }>;
type RaiseSupervision = Extract<CaseCommand, { type: 'RaiseSupervision' }>;

/** A requester who says at the callback that the matter is not resolved, or that it was handled badly, is listened to (督办). */
export const superviseCaseOnDissatisfiedCallback = reaction<CallbackRecorded, RaiseSupervision, CaseFacts | null>({
  name: 'supervise-case-on-dissatisfied-callback',
  // The cycle that was spoken of; the case may have been opened again by the time this is handled.
  asks: ({ stream }) => ({ stream, initial: null, fold: foldCase }),
  react: ({ stream, data }, facts) => {
    if (!facts || !isDissatisfied(data)) return [];
    const { aggregate, id } = splitStreamName(stream);
    return [{ aggregate, id, command: { type: 'RaiseSupervision', data: { cycle: facts.cycle } } }];
  },
});
