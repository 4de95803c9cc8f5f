import { forbidden } from '@huicai/kernel';
import type { Directory } from './edge.js';
import type { Caller } from './gateway.js';

/**
 * Talents see themselves; a specialist those they are the primary specialist of, and like a department those they have a case of.
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
