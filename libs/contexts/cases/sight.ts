import type { CaseEvent } from './contract.js';

/** Where a case lies: whose it is and who works on it. */
export interface CasePlace {
  readonly talentId: string;
  /** The employer that registered it. */
  readonly employerId?: string | null;
  readonly departmentId: string | null;
  readonly coDepartmentIds: readonly string[];
  readonly specialistId: string | null;
}

type Moved = Omit<CasePlace, 'talentId' | 'employerId'>;

const NOWHERE: Moved = { departmentId: null, coDepartmentIds: [], specialistId: null };

/** The state of a case is wider than its place, so what it was is not copied whole. */
const withSpecialist = ({ departmentId, coDepartmentIds }: Moved, specialistId: string | null): Moved => ({
  departmentId,
  coDepartmentIds,
  specialistId,
});

/** Where an event moves a case to; undefined when it leaves it where it is. */
export function movedBy(event: CaseEvent, from: Moved): Moved | undefined {
  switch (event.type) {
    case 'CaseDispatched':
      return { departmentId: event.data.departmentId, coDepartmentIds: event.data.coDepartmentIds, specialistId: null };
    case 'CaseReassigned':
      return { departmentId: event.data.departmentId, coDepartmentIds: event.data.coDepartmentIds, specialistId: null };
    case 'ReturnRefused': {
      const { departmentId, coDepartmentIds, specialistId } = event.data;
      return { departmentId, coDepartmentIds, specialistId };
    }
    case 'OpinionRequested': {
      const { departmentId, coDepartmentIds, specialistId } = from;
      const asked = event.data.departmentId;
      if (coDepartmentIds.includes(asked)) return undefined;
      return { departmentId, coDepartmentIds: [...coDepartmentIds, asked], specialistId };
    }
    case 'CaseTaken':
    case 'CaseAssigned':
      return withSpecialist(from, event.data.specialistId);
    case 'CaseHandedOver':
      return withSpecialist(from, event.data.toSpecialistId);
    case 'CaseReturnedToQueue':
      return withSpecialist(from, null);
    case 'CaseRegistered':
    case 'CaseReturned':
    case 'CaseReopened':
      return NOWHERE;
    default:
      return undefined;
  }
}

/**
 * Who may see a case besides those who see all: its talent, the employer that registered it for as long as the talent is its own, its departments, the specialist who has it; as long as nobody has, the
 * specialists of its lead department.
 */
export function audienceOf({ talentId, employerId, departmentId, coDepartmentIds, specialistId }: CasePlace): string[] {
  const departments = departmentId === null ? coDepartmentIds : [departmentId, ...coDepartmentIds];
  const handler = specialistId === null ? departmentId !== null && `untaken:${departmentId}` : `specialist:${specialistId}`;
  const employer = employerId == null ? [] : [`employer:${employerId}`];
  return [
    `talent:${talentId}`,
    ...employer,
    ...new Set(departments.map((id) => `department:${id}`)),
    ...(handler === false ? [] : [handler]),
  ];
}

/** What somebody sees: every case, or those that have one of these in their audience. */
export type Sight = 'all' | readonly string[];

/** @param department the department of a department's or a specialist's account */
export function sightOf(
  caller: { readonly role: string; readonly talentId?: string; readonly specialistId?: string; readonly employerId?: string },
  department?: string,
): Sight {
  switch (caller.role) {
    case 'window':
    case 'supervisor':
    case 'auditor':
      return 'all';
    case 'talent':
      return caller.talentId === undefined ? [] : [`talent:${caller.talentId}`];
    case 'employer':
      return caller.employerId === undefined ? [] : [`employer:${caller.employerId}`];
    case 'department':
      return department === undefined ? [] : [`department:${department}`];
    case 'specialist':
      return [
        ...(department === undefined ? [] : [`untaken:${department}`]),
        ...(caller.specialistId === undefined ? [] : [`specialist:${caller.specialistId}`]),
      ];
    default:
      return [];
  }
}

export const isSeen = (audience: readonly string[], sight: Sight): boolean =>
  sight === 'all' || sight.some((one) => audience.includes(one));
