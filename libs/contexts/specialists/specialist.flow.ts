import { flow } from '@huicai/projections';
import type { AssignmentEvent, SpecialistEvent } from './contract.js';
import { handEverythingOver } from './reactions/hand-everything-over-when-hand-over-starts.js';
import { assignments } from './views/assignments.view.js';
import { type HandOverStep, handOvers } from './views/hand-overs.view.js';
import { specialists } from './views/specialists.view.js';

export const specialistFlow = flow<SpecialistEvent | AssignmentEvent | HandOverStep>('specialists', {
  SpecialistEnrolled: { views: [specialists] },
  SpecialistSkillsSet: { views: [specialists] },
  SpecialistCapacitySet: { views: [specialists] },
  SpecialistHoursSet: { views: [specialists] },
  LeavePlanned: { views: [specialists] },
  LeaveCancelled: { views: [specialists] },
  PrimarySpecialistAssigned: { views: [assignments] },
  TalentHandedOver: { views: [assignments] },
  TalentPassedOn: { views: [assignments, handOvers] },
  HandOverStarted: { views: [handOvers], reactions: [handEverythingOver] },
  CaseHandedOver: { views: [handOvers] },
  HandOverCompleted: { views: [handOvers] },
});
