import { reaction, splitStreamName } from '@huicai/kernel';
import type { CaseCommand, CaseEvent } from '../contract.js';

type BreachRecorded = Extract<CaseEvent, { type: 'BreachRecorded' }>;
type RaiseSupervision = Extract<CaseCommand, { type: 'RaiseSupervision' }>;

/** What was promised to the talent is late (督办, domain.md section 2.1). */
export const superviseCaseOnBrokenPromise = reaction<BreachRecorded, RaiseSupervision>({
  name: 'supervise-case-on-broken-promise',
  react: ({ stream, data }) => {
    const [kind, cycle] = data.clockId.split('/');
    if (kind !== 'total') return [];
    const { aggregate, id } = splitStreamName(stream);
    return [{ aggregate, id, command: { type: 'RaiseSupervision', data: { cycle: Number(cycle), overdue: true } } }];
  },
});
