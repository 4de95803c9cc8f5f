import { reaction, splitStreamName } from '@huicai/kernel';
import type { CaseCommand, CaseEvent } from '../contract.js';
import { isDissatisfied } from '../satisfaction.js';

type RectificationCalledBack = Extract<CaseEvent, { type: 'RectificationCalledBack' }>;
type RaiseSupervision = Extract<CaseCommand, { type: 'RaiseSupervision' }>;

/** A requester who is not content with what was put right is listened to again (督办, domain.md section 2.1). */
export const superviseCaseOnVainRectification = reaction<RectificationCalledBack, RaiseSupervision>({
  name: 'supervise-case-on-vain-rectification',
  react: ({ stream, data }) => {
    if (!isDissatisfied(data)) return [];
    const { aggregate, id } = splitStreamName(stream);
    return [{ aggregate, id, command: { type: 'RaiseSupervision', data: { cycle: data.cycle, rectified: true } } }];
  },
});
