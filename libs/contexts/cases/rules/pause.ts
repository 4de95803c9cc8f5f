import { invalid } from '@huicai/kernel';
import { officeDay, startOfOfficeDay } from '../../calendar/facts.js';
import { runningClocks, windowCloses } from '../clocks.js';
import { ONCE_ACCEPTED } from '../state.js';
import { type CaseRuleFacts, provided, rule } from './rule.js';

/**
 * Waiting for somebody else does not count (中止计时). Minutes and working days inside the pause are added by the clock's own rules. A
 * pause may say when it ends by itself: as a day begins, at the close of its nth working day, or at the earlier of the two.
 */
export const pause = rule({
  command: 'PauseClock',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  needs: ['time'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: ({ resumeOn, maxWorkingDays, ...reasoned }, state, facts) => {
    const ends = [...dayOfResuming(resumeOn, facts), ...lastDay(maxWorkingDays, facts)];
    const endsAt = ends.length > 0 ? { endsAt: new Date(Math.min(...ends)).toISOString() } : {};
    const clockIds = runningClocks(state.clocks).map((clock) => clock.clockId);
    return [{ type: 'ClockPaused', data: { ...reasoned, clockIds, ...endsAt } }];
  },
});

function dayOfResuming(day: string | undefined, { now }: CaseRuleFacts): number[] {
  if (day === undefined) return [];
  const today = officeDay(now);
  if (day <= today) throw invalid('resume-not-later', 'resumeOn', { today });
  return [startOfOfficeDay(day)];
}

function lastDay(workingDays: number | undefined, facts: CaseRuleFacts): number[] {
  return workingDays === undefined ? [] : [windowCloses(facts.now, workingDays, facts)];
}

export const resume = rule({
  command: 'ResumeClock',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  when: provided('the clocks are paused', (state) => state.pausedSince !== null),
  decide: (_, state) => [{ type: 'ClockResumed', data: { clockIds: state.pausedClockIds } }],
});

/** Fired by the timer when a pause has lasted as long as was said. Nothing is written when it has ended, or is another one. */
export const endPause = rule({
  command: 'EndPause',
  from: ONCE_ACCEPTED,
  roles: ['system'],
  decide: ({ endsAt }, state, { now }) => {
    const end = state.pauseEndsAt;
    if (end === null || end !== Date.parse(endsAt) || now < end) return [];
    return [{ type: 'ClockResumed', data: { clockIds: state.pausedClockIds } }];
  },
});

/** Whoever was waited for has answered. The clocks stay paused until somebody has looked at it. */
export const replyInPause = rule({
  command: 'ReplyInPause',
  from: ['SIGNED_FOR'],
  roles: ['talent', 'window'],
  when: provided('the clocks are paused', (state) => state.pausedSince !== null),
  decide: (data) => [{ type: 'RequesterReplied', data }],
});
