import { rule } from './rule.js';

export const submitResult = rule({
  command: 'SubmitResult',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  when: (state) => state.pausedSince === null,
  decide: (data) => [{ type: 'ResultSubmitted', data }],
});

export const acceptResult = rule({
  command: 'AcceptResult',
  from: ['SUBMITTED'],
  roles: ['window'],
  decide: () => [{ type: 'ResultAccepted', data: {} }],
});

export const sendBackResult = rule({
  command: 'SendBackResult',
  from: ['SUBMITTED'],
  roles: ['window'],
  decide: (data) => [{ type: 'ResultSentBack', data }],
});
