import { startClock } from '../clocks.js';
import { provided, rule } from './rule.js';

export const submitResult = rule({
  command: 'SubmitResult',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: (data) => [{ type: 'ResultSubmitted', data }],
});

export const acceptResult = rule({
  command: 'AcceptResult',
  from: ['SUBMITTED'],
  roles: ['window'],
  needs: ['time', 'category'],
  decide: (_, state, facts) => {
    const callback = startClock('callback', state, facts);
    return [{ type: 'ResultAccepted', data: callback.limit.kind === 'none' ? {} : { clocks: [callback] } }];
  },
});

export const sendBackResult = rule({
  command: 'SendBackResult',
  from: ['SUBMITTED'],
  roles: ['window'],
  decide: (data) => [{ type: 'ResultSentBack', data }],
});
