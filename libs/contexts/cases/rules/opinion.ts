import { illegal, invalid, member } from '@huicai/kernel';
import { startClock } from '../clocks.js';
import type { ClockKind, ClockStarted } from '../contract.js';
import type { CaseFacts } from '../state.js';
import { type CaseRuleFacts, provided, rule } from './rule.js';

const DEPARTMENT_CLOCKS = ['signFor', 'firstContact', 'opinion', 'handling'] as const satisfies readonly ClockKind[];

/**
 * The clocks of the department a case is dispatched to. Its opinion (办理意见, domain.md section 2.3) is waited for only where the
 * policy limits it; without a limit nobody would ever be told that there is none.
 */
export function departmentClocks(state: CaseFacts, facts: CaseRuleFacts): ClockStarted[] {
  return DEPARTMENT_CLOCKS.map((kind) => startClock(kind, state, facts)).filter(
    ({ kind, limit }) => kind !== 'opinion' || limit.kind !== 'none',
  );
}

/** The clock of the opinion that is waited for from a department. */
function awaitedFrom(state: CaseFacts, departmentId: string | null) {
  return state.clocks.find(
    ({ kind, clockId, stoppedAt }) =>
      kind === 'opinion' && stoppedAt === null && state.clockDepartments[clockId] === departmentId,
  );
}

/**
 * Another department is asked for its opinion (会办意见). It is not asked twice at a time; with the result, or when the case goes to
 * another lead department, what was not answered lapses.
 */
export const requestOpinion = rule({
  command: 'RequestOpinion',
  from: ['SIGNED_FOR'],
  roles: ['department', 'specialist'],
  needs: ['time', 'channels', 'category'],
  when: provided('the clocks are not paused', (state) => state.pausedSince === null),
  decide: (data, state, facts) => {
    const { departmentId } = data;
    if (member(facts.channels.departments, departmentId) === undefined)
      throw invalid('department-not-found', 'departmentId', { id: departmentId });
    if (departmentId === state.departmentId) throw invalid('opinion-of-lead', 'departmentId', { id: departmentId });
    if (awaitedFrom(state, departmentId)) throw illegal('opinion-asked-already', { field: 'departmentId' });
    return [{ type: 'OpinionRequested', data: { ...data, clocks: [startClock('opinion', state, facts)] } }];
  },
});

/** By whoever's opinion is waited for: the lead department, or one that was asked. */
export const giveOpinion = rule({
  command: 'GiveOpinion',
  from: ['DISPATCHED', 'SIGNED_FOR'],
  roles: ['department', 'specialist'],
  coDepartments: (state, departmentId) => awaitedFrom(state, departmentId) !== undefined,
  when: provided('an opinion is waited for', ({ clocks }) =>
    clocks.some(({ kind, stoppedAt }) => kind === 'opinion' && stoppedAt === null),
  ),
  decide: (data, state, { caller, actor }) => {
    // Whoever has the case in hand speaks for its department.
    const departmentId = actor.role === 'specialist' ? state.departmentId! : caller.departmentId!;
    const clock = awaitedFrom(state, departmentId);
    if (!clock) throw illegal('opinion-not-asked');
    return [{ type: 'OpinionGiven', data: { ...data, departmentId, clockId: clock.clockId } }];
  },
});
