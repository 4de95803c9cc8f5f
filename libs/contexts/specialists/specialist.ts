import { type BaseFacts, type Decider, illegal, invalid, notFound } from '@huicai/kernel';
import type { AssignmentCommand, AssignmentEvent, SpecialistCommand, SpecialistEvent } from './contract.js';
import { type AssignmentFacts, foldAssignment, foldSpecialist, type SpecialistFacts, unassigned } from './facts.js';

export interface EnrolFacts extends BaseFacts {
  readonly departmentKnown: boolean;
}

/** A named specialist (专员) of a department. */
export const specialist: Decider<SpecialistCommand, SpecialistEvent, SpecialistFacts | null, EnrolFacts> = {
  aggregate: 'specialist',
  initialState: () => null,
  evolve: foldSpecialist,
  decide: (command, state, facts) => {
    if (state) throw illegal('specialist-enrolled');
    if (!facts.departmentKnown) throw invalid('department-not-found', 'departmentId', { id: command.data.departmentId });
    return [{ type: 'SpecialistEnrolled', data: command.data }];
  },
};

export interface AssignFacts extends BaseFacts {
  readonly talentKnown: boolean;
  readonly specialistKnown: boolean;
}

/** Which specialist a talent turns to: exactly one at a time, every change with its reason (domain.md section 1.6). */
export const assignment: Decider<AssignmentCommand, AssignmentEvent, AssignmentFacts, AssignFacts> = {
  aggregate: 'specialistAssignment',
  initialState: () => unassigned,
  evolve: foldAssignment,
  decide: (command, state, facts) => {
    if (!facts.talentKnown) throw notFound('talent-not-found');
    switch (command.type) {
      case 'AssignPrimarySpecialist':
        if (!facts.specialistKnown) throw invalid('specialist-not-found', 'specialistId');
        if (state.specialistId !== null) throw illegal('talent-has-specialist');
        return [{ type: 'PrimarySpecialistAssigned', data: command.data }];
      case 'HandOverTalent': {
        const { talentId, toSpecialistId, reason } = command.data;
        if (!facts.specialistKnown) throw invalid('specialist-not-found', 'toSpecialistId');
        if (state.specialistId === null) throw illegal('talent-has-no-specialist');
        if (state.specialistId === toSpecialistId) throw invalid('handover-to-self', 'toSpecialistId');
        return [{ type: 'TalentHandedOver', data: { talentId, fromSpecialistId: state.specialistId, toSpecialistId, reason } }];
      }
    }
  },
};
