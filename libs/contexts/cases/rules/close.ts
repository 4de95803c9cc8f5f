import { startClock } from '../clocks.js';
import { provided, rule } from './rule.js';

/** After a callback, reached or not; a rating is not required. */
export const close = rule({
  command: 'CloseCase',
  from: ['RESULT_ACCEPTED'],
  roles: ['window'],
  when: provided('somebody has called back, or tried to', (state) => state.callbacks.length > 0),
  decide: () => [{ type: 'CaseClosed', data: {} }],
});

export const withdraw = rule({
  command: 'WithdrawCase',
  from: ['REGISTERED', 'ACCEPTED', 'DISPATCHED', 'SIGNED_FOR', 'SUBMITTED'],
  roles: ['talent', 'employer', 'window'],
  decide: (data) => [{ type: 'CaseWithdrawn', data }],
});

/** Handled again (重办): the first cycle stays as it was judged, a second one begins. */
export const reopen = rule({
  command: 'ReopenCase',
  from: ['RESULT_ACCEPTED', 'CLOSED'],
  roles: ['window', 'supervisor'],
  needs: ['time', 'category'],
  decide: (data, state, facts) => {
    const cycle = state.cycle + 1;
    return [{ type: 'CaseReopened', data: { ...data, cycle, clocks: [startClock('total', { ...state, cycle }, facts)] } }];
  },
});
