import type { Satisfaction } from './contract.js';
import type { CycleFacts } from './state.js';

/** Whether an answer is a bad review (差评): not resolved, dissatisfied (2) or very dissatisfied (1). Nobody reached is no answer. */
export const isDissatisfied = (said: {
  readonly resolved: boolean | null;
  readonly satisfaction: Satisfaction | null;
}): boolean => said.resolved === false || (said.satisfaction !== null && said.satisfaction <= 2);

/** Whether a cycle has a bad review (差评) that counts: 1 or 2 of five, and no appeal upheld. */
export const isBadlyRated = ({ rating, appeal }: Pick<CycleFacts, 'rating' | 'appeal'>): boolean =>
  rating !== null && rating <= 2 && appeal?.upheld !== true;
