import { illegal } from '@huicai/kernel';
import { officeDay, policyInForce } from '../../calendar/facts.js';
import { startClock } from '../clocks.js';
import type { Outcome } from '../contract.js';
import type { CaseFacts } from '../state.js';
import { type CaseRuleFacts, provided, rule } from './rule.js';

/**
 * What came of it (反馈). Where the policy wants the department to agree, a specialist's result is only proposed, and the clocks run on.
 * What was promised as solved waits for the materials that were to come later (容缺受理).
 */
export const submitResult = rule({
  command: 'SubmitResult',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  needs: ['time'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: (data, state, facts) => {
    refuseIncomplete(data.outcome, state);
    const proposes = facts.actor.role === 'specialist' && asksConsent(state, facts);
    return [{ type: proposes ? 'ResultProposed' : 'ResultSubmitted', data }];
  },
});

const asksConsent = ({ urgency }: CaseFacts, { time, now }: CaseRuleFacts): boolean =>
  policyInForce(time.policy, officeDay(now))?.resultApproval?.includes(urgency) ?? false;

function refuseIncomplete(outcome: Outcome, { deferred }: CaseFacts): void {
  if (outcome === 'SOLVED' && deferred?.receivedAt === null)
    throw illegal('deferred-materials-outstanding', { params: { until: deferred.until } });
}

export const approveResult = rule({
  command: 'ApproveResult',
  from: ['SIGNED_FOR'],
  roles: ['department'],
  when: provided(
    'a result is proposed, and the clocks are not paused',
    (state) => state.proposal !== null && state.pausedSince === null,
  ),
  decide: (_, state, { actor }) => {
    const { outcome, reply } = state.proposal!;
    refuseIncomplete(outcome, state);
    return [{ type: 'ResultSubmitted', data: { outcome, reply, approvedBy: actor.id } }];
  },
});

export const sendBackProposal = rule({
  command: 'SendBackProposal',
  from: ['SIGNED_FOR'],
  roles: ['department'],
  when: provided('a result is proposed', (state) => state.proposal !== null),
  decide: (data) => [{ type: 'ProposalSentBack', data }],
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
