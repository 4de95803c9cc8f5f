import { type Consequence, reaction, splitStreamName } from '@huicai/kernel';
import type { CaseCommand } from '../../cases/contract.js';
import type { AssignmentCommand, HandOverCommand, HandOverEvent } from '../contract.js';

type HandOverStarted = Extract<HandOverEvent, { type: 'HandOverStarted' }>;
type HandOn =
  | Extract<CaseCommand, { type: 'HandOverCase' }>
  | Extract<AssignmentCommand, { type: 'PassTalentOn' }>
  | Extract<HandOverCommand, { type: 'CompleteHandOver' }>;

/** Each case and each talent is handed over by a command of its own, whose id comes of the hand-over: cut off midway, it goes on and repeats nothing. */
export const handEverythingOver = reaction<HandOverStarted, HandOn>({
  name: 'hand-everything-over-when-hand-over-starts',
  react: ({ stream, data }): Consequence<HandOn>[] => {
    const { handOverId, fromSpecialistId, toSpecialistId, caseIds, talentIds } = data;
    const move = { fromSpecialistId, toSpecialistId, handOverId };
    const { aggregate, id } = splitStreamName(stream);
    return [
      ...caseIds.map((caseId) => ({ aggregate: 'case', id: caseId, command: { type: 'HandOverCase' as const, data: move } })),
      ...talentIds.map((talentId) => ({
        aggregate: 'specialistAssignment',
        id: talentId,
        command: { type: 'PassTalentOn' as const, data: { talentId, ...move } },
      })),
      { aggregate, id, command: { type: 'CompleteHandOver', data: { handOverId } } },
    ];
  },
});
