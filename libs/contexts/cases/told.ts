import type { CaseEvent } from './contract.js';

/** What those who handle a case settle among themselves; the talent is told what came of it. */
const INTERNAL: ReadonlySet<string> = new Set<CaseEvent['type']>([
  'NoteAdded',
  'PauseRequested',
  'PauseRefused',
  'ResultProposed',
  'ProposalSentBack',
  'OpinionRequested',
  'OpinionGiven',
  'SupervisionWorkedOff',
  'SupervisionClosed',
  'CaseTagged',
  'CaseUntagged',
]);

/** Whether a reader of this role is told of an event of a case that is theirs to see. */
export const isToldTo = (role: string, type: string): boolean =>
  (role !== 'talent' && role !== 'employer') || !INTERNAL.has(type);

/**
 * Results of a case the window has not accepted (审核, domain.md section 2.1), and what was put right about them before it did: they may
 * be wrong, and are no answer to the talent. Those it sent back never become one.
 *
 * @param types of the events of one case, in their order
 * @returns places in that list
 */
export function unacceptedResults(types: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  let waiting: number[] = [];
  types.forEach((type, place) => {
    if (type === 'ResultAccepted') for (const each of waiting) found.delete(each);
    if (type === 'ResultAccepted' || type === 'ResultSubmitted') waiting = [];
    if (type === 'ResultSubmitted' || (type === 'ResultCorrected' && waiting.length > 0)) {
      waiting.push(place);
      found.add(place);
    }
  });
  return found;
}
