import { illegal, invalid } from '@huicai/kernel';
import { checkDay, officeDay, startOfOfficeDay } from '../../calendar/facts.js';
import { runningClocks } from '../clocks.js';
import { type CaseFacts, ONCE_ACCEPTED } from '../state.js';
import { provided, rule } from './rule.js';

const DAY_MS = 86_400_000;

/** The instant after which materials that were asked for are late; epoch milliseconds. */
export const supplementEnds = ({ until }: NonNullable<CaseFacts['supplement']>): number => startOfOfficeDay(until) + DAY_MS;

/**
 * All that is missing is told at once (一次性告知, domain.md section 2.2); the clocks wait. A second notice in one cycle is flagged
 * and says why the first was not enough.
 */
export const requestSupplement = rule({
  command: 'RequestSupplement',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: (data, state, { now }) => {
    const today = officeDay(now);
    if (checkDay(data.until, 'until') <= today) throw invalid('until-not-later', 'until', { today });
    const repeated = state.supplementsAsked > 0;
    if (repeated && data.reason === null) throw illegal('second-notice-needs-reason', { field: 'reason' });
    const clockIds = runningClocks(state.clocks).map((clock) => clock.clockId);
    return [{ type: 'SupplementRequested', data: { ...data, repeated, clockIds } }];
  },
});

export const receiveSupplement = rule({
  command: 'ReceiveSupplement',
  from: ['SIGNED_FOR'],
  roles: ['window', 'specialist', 'department'],
  when: provided('materials were asked for', (state) => state.supplement !== null),
  decide: (data, state) => [{ type: 'SupplementReceived', data: { ...data, clockIds: state.pausedClockIds } }],
});

/** Fired by the timer when the day is over. Nothing is written when something came, or another notice stands. */
export const closeUnanswered = rule({
  command: 'CloseUnanswered',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  decide: ({ until }, { supplement, repliedAt }, { now }) => {
    if (supplement?.until !== until || repliedAt !== null || now < supplementEnds(supplement)) return [];
    return [{ type: 'CaseClosedUnanswered', data: { until } }];
  },
});
