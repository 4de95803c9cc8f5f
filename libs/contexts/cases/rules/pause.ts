import { forbidden, illegal, invalid } from '@huicai/kernel';
import { officeDay, policyInForce, startOfOfficeDay } from '../../calendar/facts.js';
import { runningClocks, windowCloses } from '../clocks.js';
import type { AskedPause } from '../contract-approvals.js';
import { type CaseFacts, ONCE_ACCEPTED } from '../state.js';
import { type CaseRuleFacts, provided, rule } from './rule.js';

const running = (state: CaseFacts): string[] => runningClocks(state.clocks).map((clock) => clock.clockId);

/** When a pause that begins now ends by itself. */
function endOf({ resumeOn, maxWorkingDays }: AskedPause, facts: CaseRuleFacts): { readonly endsAt?: string } {
  const ends = [...dayOfResuming(resumeOn, facts), ...lastDay(maxWorkingDays, facts)];
  return ends.length > 0 ? { endsAt: new Date(Math.min(...ends)).toISOString() } : {};
}

/**
 * Waiting for somebody else does not count (中止计时). Minutes and working days inside the pause are added by the clock's own rules. A
 * pause may say when it ends by itself: as a day begins, at the close of its nth working day, or at the earlier of the two. Where the
 * policy wants somebody to agree to its reason it is only asked for, and the clocks run on.
 */
export const pause = rule({
  command: 'PauseClock',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  needs: ['time'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: (data, state, facts) => {
    const endsAt = endOf(data, facts);
    if (policyInForce(facts.time.policy, officeDay(facts.now))?.pauseApproval?.includes(data.reasonCode)) {
      if (state.pauseAsked) throw illegal('pause-asked-already');
      return [{ type: 'PauseRequested', data }];
    }
    const { resumeOn: _, maxWorkingDays: __, ...reasoned } = data;
    return [{ type: 'ClockPaused', data: { ...reasoned, clockIds: running(state), ...endsAt } }];
  },
});

/** Agreed to by a supervisor or, where a specialist asked, by the department; it counts from now on. Never by who asked. */
export const approvePause = rule({
  command: 'ApprovePause',
  from: ['SIGNED_FOR'],
  roles: ['supervisor', 'department'],
  needs: ['time'],
  when: provided(
    'a pause is asked for, and the clocks are not paused',
    (state) => state.pauseAsked !== null && state.pausedSince === null,
  ),
  decide: (_, state, facts) => {
    const { at, by, role, resumeOn, maxWorkingDays, ...reasoned } = state.pauseAsked!;
    refuseAsker({ by, role }, facts);
    // A day that has passed while nobody agreed leaves a pause that somebody has to end.
    const dated = resumeOn !== undefined && resumeOn > officeDay(facts.now) ? { resumeOn } : {};
    const ends = endOf({ ...reasoned, ...dated, ...(maxWorkingDays === undefined ? {} : { maxWorkingDays }) }, facts);
    const consent = { approvedBy: facts.actor.id, requestedAt: new Date(at).toISOString() };
    return [{ type: 'ClockPaused', data: { ...reasoned, clockIds: running(state), ...ends, ...consent } }];
  },
});

export const refusePause = rule({
  command: 'RefusePause',
  from: ['SIGNED_FOR'],
  roles: ['supervisor', 'department'],
  when: provided('a pause is asked for', (state) => state.pauseAsked !== null),
  decide: (data, state, facts) => {
    refuseAsker(state.pauseAsked!, facts);
    return [{ type: 'PauseRefused', data }];
  },
});

function refuseAsker(asked: { readonly by: string; readonly role: string }, { actor }: CaseRuleFacts): void {
  if (asked.by === actor.id || asked.role === actor.role) throw forbidden('asker-may-not-approve');
}

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
  roles: ['talent', 'employer', 'window'],
  when: provided('the clocks are paused', (state) => state.pausedSince !== null),
  decide: (data) => [{ type: 'RequesterReplied', data }],
});
