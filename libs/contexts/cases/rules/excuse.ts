import { forbidden, illegal } from '@huicai/kernel';
import { type CaseFacts, JUDGED } from '../state.js';
import { provided, rule } from './rule.js';

const excused = (state: CaseFacts, clockId: string): boolean => state.excuses.some((excuse) => excuse.clockId === clockId);

/**
 * Lets a breach stand without counting it against anybody; reports show the rate with and without. Never by somebody who handled the
 * case, in whichever cycle.
 */
export const excuseBreach = rule({
  command: 'ExcuseBreach',
  from: JUDGED,
  roles: ['supervisor'],
  when: provided('a breach stands that is not excused', (state) =>
    state.standingBreaches.some((clockId) => !excused(state, clockId)),
  ),
  decide: (data, state, { actor }) => {
    const { clockId } = data;
    if (state.handlers.includes(actor.id)) throw forbidden('handler-may-not-excuse');
    if (!state.standingBreaches.includes(clockId)) throw illegal('breach-not-standing', { field: 'clockId' });
    if (excused(state, clockId)) throw illegal('breach-already-excused', { field: 'clockId' });
    return [{ type: 'BreachExcused', data: { ...data, approvedBy: actor.id } }];
  },
});

export const withdrawExcuse = rule({
  command: 'WithdrawExcuse',
  from: JUDGED,
  roles: ['supervisor'],
  when: provided('a breach is excused', (state) => state.excuses.length > 0),
  decide: (data, state) => {
    if (!excused(state, data.clockId)) throw illegal('breach-not-excused', { field: 'clockId' });
    return [{ type: 'ExcuseWithdrawn', data }];
  },
});
