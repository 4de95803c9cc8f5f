import { flow } from '@huicai/projections';
import type { AssignmentEvent, SpecialistEvent } from './contract.js';
import { assignments } from './views/assignments.view.js';
import { specialists } from './views/specialists.view.js';

export const specialistFlow = flow<SpecialistEvent | AssignmentEvent>('specialists', {
  SpecialistEnrolled: { views: [specialists] },
  PrimarySpecialistAssigned: { views: [assignments] },
  TalentHandedOver: { views: [assignments] },
});
