import { forbidden, type Role } from '@huicai/kernel';
import { maskIdNumber, maskName, maskPhone, type OpenDeepOptions } from '@huicai/vault';
import type { CaseFacts } from './cases/facts.js';
import type { Directory, Reads } from './edge.js';
import type { Caller } from './gateway.js';

/**
 * Talents see themselves; a specialist those they are the primary specialist of, and like a department those they have an open case of.
 *
 * @param exists whether there is such a talent at all; strangers to nobody are told so by whoever asks
 * @throws Refusal `not-yours`
 */
export async function refuseForeignTalent(
  { caller, directory }: { readonly caller: Caller; readonly directory: Directory },
  talentId: string,
  exists: boolean,
): Promise<void> {
  if (caller.role === 'talent' && caller.talentId !== talentId) throw forbidden('not-yours');
  if (!exists || (caller.role !== 'specialist' && caller.role !== 'department')) return;
  if (caller.role === 'specialist' && caller.specialistId !== undefined) {
    if ((await directory.primarySpecialistOf(talentId)) === caller.specialistId) return;
  }
  if (!(await directory.handlesCaseOf(talentId))) throw forbidden('not-yours');
}

/** @throws Refusal `not-yours` unless the case is the caller's own, the caller's department's, or open to the caller's role */
export async function refuseForeignCase(reads: Pick<Reads, 'caller' | 'department'>, facts: CaseFacts): Promise<void> {
  const { caller } = reads;
  switch (caller.role) {
    case 'window':
    case 'supervisor':
    case 'auditor':
      return;
    case 'talent':
      if (caller.talentId !== facts.talentId) throw forbidden('not-yours');
      return;
    case 'department': {
      const department = await reads.department();
      if (department !== facts.departmentId && !facts.coDepartmentIds.includes(department)) throw forbidden('not-yours');
      return;
    }
    case 'specialist': {
      const untaken = facts.specialistId === null && (await reads.department()) === facts.departmentId;
      if (!untaken && (caller.specialistId === undefined || facts.specialistId !== caller.specialistId))
        throw forbidden('not-yours');
      return;
    }
    default:
      throw forbidden('role-not-allowed', { params: { role: caller.role } });
  }
}

const MASKS = { name: maskName, phone: maskPhone, documentNumber: maskIdNumber } as const;

/** Shows fields of these names masked; what was erased says so instead. */
export const masking =
  (fields: readonly (keyof typeof MASKS)[]): NonNullable<OpenDeepOptions['present']> =>
  (clear, path) => {
    const field = fields.find((name) => path.endsWith(`/${name}`));
    return field && typeof clear === 'string' ? MASKS[field](clear) : clear;
  };

/** What stays masked of a person on a page of their own: the document always; those who handle a case must be able to call. */
export function maskedFor(role: Role): readonly (keyof typeof MASKS)[] {
  if (role === 'auditor') return ['name', 'phone', 'documentNumber'];
  return ['documentNumber'];
}
