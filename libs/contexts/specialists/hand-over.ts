import { type BaseFacts, type Decider, illegal, invalid, notFound } from '@huicai/kernel';
import { officeDay } from '../calendar/facts.js';
import type { HandOverCommand, HandOverEvent } from './contract.js';
import { foldHandOver, type HandOverFacts, leaveOn, type SpecialistFacts } from './facts.js';

/** More than this is no hand-over of one person's work. */
export const MOST_ROWS = 5_000;

export interface HandOverRuleFacts extends BaseFacts {
  /** null when there is no such specialist. */
  readonly from: SpecialistFacts | null;
  readonly to: SpecialistFacts | null;
  /** What the one who gives has in hand, as the read models know it. */
  readonly caseIds: readonly string[];
  readonly talentIds: readonly string[];
}

/** Everything one specialist has, handed over to another at once (移交, domain.md section 1.6). Who has how much room is a person's to weigh. */
export const handOver: Decider<HandOverCommand, HandOverEvent, HandOverFacts | null, HandOverRuleFacts> = {
  aggregate: 'handOver',
  initialState: () => null,
  evolve: foldHandOver,
  decide: (command, state, facts) => {
    if (command.type === 'CompleteHandOver') {
      if (!state) throw notFound('hand-over-not-found');
      return state.completed ? [] : [{ type: 'HandOverCompleted', data: command.data }];
    }
    const { fromSpecialistId, toSpecialistId } = command.data;
    const { from, to, caseIds, talentIds } = facts;
    if (state) throw illegal('hand-over-started');
    if (!from) throw notFound('specialist-not-found');
    if (fromSpecialistId === toSpecialistId) throw invalid('handover-to-self', 'toSpecialistId');
    if (!to) throw invalid('specialist-not-found', 'toSpecialistId');
    if (to.departmentId !== from.departmentId) throw invalid('hand-over-to-other-department', 'toSpecialistId');
    const leave = leaveOn(to, officeDay(facts.now));
    if (leave) throw illegal('specialist-absent', { field: 'toSpecialistId', params: { to: leave.to } });
    const rows = caseIds.length + talentIds.length;
    if (rows === 0) throw illegal('nothing-to-hand-over');
    if (rows > MOST_ROWS) throw illegal('hand-over-too-large', { params: { rows, max: MOST_ROWS } });
    return [{ type: 'HandOverStarted', data: { ...command.data, caseIds, talentIds } }];
  },
};
