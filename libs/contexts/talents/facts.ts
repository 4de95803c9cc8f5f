import type { TalentCategory, TalentDetails, TalentEvent } from './contract.js';

export interface TalentFacts extends TalentDetails {
  readonly talentId: string;
  readonly category: TalentCategory;
}

/** The talent as corrected so far. */
export function foldTalent(facts: TalentFacts | null, event: TalentEvent): TalentFacts | null {
  if (event.type === 'TalentRegistered') return event.data;
  return facts && { ...facts, ...event.data.changes };
}
