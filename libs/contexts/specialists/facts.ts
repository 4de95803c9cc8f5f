import type { AssignmentEvent, SpecialistEvent, SpecialistKind } from './contract.js';

export interface SpecialistFacts {
  readonly departmentId: string;
  readonly kind: SpecialistKind;
}

export function foldSpecialist(_: SpecialistFacts | null, event: SpecialistEvent): SpecialistFacts {
  return { departmentId: event.data.departmentId, kind: event.data.kind };
}

export interface AssignmentFacts {
  readonly specialistId: string | null;
}

export const unassigned: AssignmentFacts = { specialistId: null };

export function foldAssignment(_: AssignmentFacts, event: AssignmentEvent): AssignmentFacts {
  return { specialistId: event.type === 'PrimarySpecialistAssigned' ? event.data.specialistId : event.data.toSpecialistId };
}
