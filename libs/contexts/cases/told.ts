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
