import type { Satisfaction } from './contract.js';

/** Whether an answer is a bad review (差评): not resolved, dissatisfied (2) or very dissatisfied (1). Nobody reached is no answer. */
export const isDissatisfied = (said: {
  readonly resolved: boolean | null;
  readonly satisfaction: Satisfaction | null;
}): boolean => said.resolved === false || (said.satisfaction !== null && said.satisfaction <= 2);
