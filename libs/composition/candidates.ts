import type { CaseCommand } from '../contexts/cases/contract.js';
import type { Candidate, CaseFacts } from '../contexts/cases/facts.js';
import type { CaseNeed } from '../contexts/cases/rules/rule.js';
import type { Caller } from '../contexts/gateway.js';
import type { AdvisoryFacts } from './advisory.js';
import type { FactSources } from './facts.js';

interface Asked {
  readonly needs: readonly CaseNeed[];
  readonly command: CaseCommand;
  readonly state: CaseFacts | null;
  readonly caller: Caller;
  /** Epoch milliseconds. */
  readonly now: number;
}

const NOTHING = { open: 0, load: 0, lastAssignedAt: null };

/**
 * Who might have a case: the specialists of its department, or the caller alone. That they belong there, are there, and what they take
 * at most is folded from their own streams; who there is, and what each has in hand, is as the read models know it.
 */
export async function candidatesFor(
  { facts, advisory }: { readonly facts: FactSources; readonly advisory: AdvisoryFacts },
  { needs, command, state, caller, now }: Asked,
): Promise<Candidate[]> {
  const ofDepartment = needs.includes('specialists');
  if (!ofDepartment && !needs.includes('own-work')) return [];
  const departmentId = state?.departmentId ?? null;
  // Whoever is named has a stream, though the read models may not know them yet.
  const named = command.type === 'AssignCase' ? command.data.specialistId : (caller.specialistId ?? null);
  const known = ofDepartment && departmentId !== null ? await advisory.specialistsOf(departmentId) : [];
  const ids = [...new Set(named === null ? known : [...known, named])];
  const found = (await Promise.all(ids.map(async (id) => ({ id, facts: await facts.specialist(id) })))).flatMap(
    ({ id, facts: one }) =>
      one && (!ofDepartment || one.departmentId === departmentId) ? [{ specialistId: id, facts: one }] : [],
  );
  // What somebody has in hand who takes a case themselves is asked only where it is limited.
  const matters = ofDepartment || found.some((one) => one.facts.capacity !== null);
  const inHand = matters ? await advisory.workInHand(ids, now) : [];
  return found.map((one) => {
    const { open, load, lastAssignedAt } = inHand.find(({ specialistId }) => specialistId === one.specialistId) ?? NOTHING;
    return { ...one, open, load, lastAssignedAt };
  });
}
