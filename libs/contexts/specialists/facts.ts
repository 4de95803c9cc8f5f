import type { WeeklyHours } from '../weekly-hours.js';
import type { AssignmentEvent, HandOverEvent, Leave, SpecialistEvent, SpecialistKind } from './contract.js';

export interface SpecialistFacts {
  readonly departmentId: string;
  readonly kind: SpecialistKind;
  readonly itemCodes: readonly string[];
  readonly areas: readonly string[];
  /** Open matters at most; null without a limit. */
  readonly capacity: number | null;
  /** null: the office's own hours. */
  readonly hours: WeeklyHours | null;
  /** In the order they were planned; none overlaps another. */
  readonly leaves: readonly Leave[];
}

/** The next state of a specialist; null only before the enrolment. */
export function foldSpecialist(state: SpecialistFacts | null, event: SpecialistEvent): SpecialistFacts | null {
  if (event.type === 'SpecialistEnrolled') {
    const { departmentId, kind } = event.data;
    return { departmentId, kind, itemCodes: [], areas: [], capacity: null, hours: null, leaves: [] };
  }
  if (!state) return null;
  switch (event.type) {
    case 'SpecialistSkillsSet':
      return { ...state, itemCodes: event.data.itemCodes, areas: event.data.areas };
    case 'SpecialistCapacitySet':
      return { ...state, capacity: event.data.openMatters };
    case 'SpecialistHoursSet':
      return { ...state, hours: event.data.weekly };
    case 'LeavePlanned':
      return { ...state, leaves: [...state.leaves, event.data] };
    case 'LeaveCancelled':
      return { ...state, leaves: state.leaves.flatMap((leave) => cancelled(leave, event.data)) };
  }
}

function cancelled(leave: Leave, { leaveId, on }: { readonly leaveId: string; readonly on: string }): Leave[] {
  if (leave.leaveId !== leaveId) return [leave];
  return leave.from < on ? [{ ...leave, to: dayBefore(on) }] : [];
}

const dayBefore = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);

/** The leave a specialist is on; undefined when they are there. @param day YYYY-MM-DD, office time */
export const leaveOn = ({ leaves }: Pick<SpecialistFacts, 'leaves'>, day: string): Leave | undefined =>
  leaves.find(({ from, to }) => from <= day && day <= to);

/** The first leave with a day in a stretch. @param from first day @param to last day, YYYY-MM-DD */
export const leaveWithin = ({ leaves }: Pick<SpecialistFacts, 'leaves'>, from: string, to: string): Leave | undefined =>
  leaves.find((leave) => leave.from <= to && from <= leave.to);

/**
 * Who stands in for somebody on a day: the deputy, or the deputy's own deputy when that one is away as well; null when nobody who is
 * there is left. Somebody who is there stands for themselves.
 *
 * @param day YYYY-MM-DD, office time
 * @param find the specialist of an id; undefined when not known
 */
export function standInFor(
  specialistId: string,
  day: string,
  find: (specialistId: string) => Pick<SpecialistFacts, 'leaves'> | undefined,
): string | null {
  const asked = new Set<string>();
  for (let id = specialistId; !asked.has(id); ) {
    asked.add(id);
    const one = find(id);
    if (!one) return null;
    const leave = leaveOn(one, day);
    if (!leave) return id;
    id = leave.deputyId;
  }
  return null;
}

export interface AssignmentFacts {
  readonly specialistId: string | null;
}

export const unassigned: AssignmentFacts = { specialistId: null };

export function foldAssignment(_: AssignmentFacts, event: AssignmentEvent): AssignmentFacts {
  return { specialistId: event.type === 'PrimarySpecialistAssigned' ? event.data.specialistId : event.data.toSpecialistId };
}

export interface HandOverFacts {
  readonly fromSpecialistId: string;
  readonly toSpecialistId: string;
  readonly completed: boolean;
}

export function foldHandOver(state: HandOverFacts | null, event: HandOverEvent): HandOverFacts | null {
  if (event.type === 'HandOverCompleted') return state && { ...state, completed: true };
  const { fromSpecialistId, toSpecialistId } = event.data;
  return { fromSpecialistId, toSpecialistId, completed: false };
}
