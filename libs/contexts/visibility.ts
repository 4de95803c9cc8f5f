import { forbidden, type Role } from '@huicai/kernel';
import { maskIdNumber, maskName, maskPhone, type OpenDeepOptions } from '@huicai/vault';
import { audienceOf, type CaseFacts, isSeen, type Sight, sightOf } from './cases/facts.js';
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

/** Roles that see cases at all. */
export const CASE_ROLES = ['talent', 'department', 'specialist', 'window', 'supervisor', 'auditor'] as const;

/** @throws Refusal `not-yours` unless the case is the caller's own, the caller's department's, or open to the caller's role */
export async function refuseForeignCase(reads: Pick<Reads, 'caller' | 'department'>, facts: CaseFacts): Promise<void> {
  const { caller } = reads;
  const { role } = caller;
  if (!CASE_ROLES.some((one) => one === role)) throw forbidden('role-not-allowed', { params: { role } });
  const byDepartment = role === 'department' || (role === 'specialist' && facts.specialistId === null);
  const sight = sightOf(caller, byDepartment ? await reads.department() : undefined);
  if (!isSeen(audienceOf(facts), sight)) throw forbidden('not-yours');
}

/** What a caller sees of all cases. @throws Refusal when the account lacks what its role needs */
export async function caseSight(reads: Pick<Reads, 'caller' | 'department'>): Promise<Sight> {
  const { caller } = reads;
  if (caller.role === 'talent' && caller.talentId === undefined) throw forbidden('talent-unknown');
  if (caller.role === 'specialist' && caller.specialistId === undefined) throw forbidden('specialist-unknown');
  if (caller.role === 'employer' && caller.employerId === undefined) throw forbidden('employer-unknown');
  const byDepartment = caller.role === 'department' || caller.role === 'specialist';
  return sightOf(caller, byDepartment ? await reads.department() : undefined);
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
