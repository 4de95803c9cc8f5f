import { runningClocks } from '../clocks.js';
import { rule } from './rule.js';

/** Waiting for somebody else does not count (中止计时). Minutes and working days inside the pause are added by the clock's own rules. */
export const pause = rule({
  command: 'PauseClock',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  when: (state) => state.pausedSince === null,
  decide: (data, state) => [
    { type: 'ClockPaused', data: { ...data, clockIds: runningClocks(state.clocks).map((clock) => clock.clockId) } },
  ],
});

export const resume = rule({
  command: 'ResumeClock',
  from: ['SIGNED_FOR'],
  roles: ['specialist', 'department'],
  when: (state) => state.pausedSince !== null,
  decide: (_, state) => [{ type: 'ClockResumed', data: { clockIds: state.pausedClockIds } }],
});
