import { flow } from '@huicai/projections';
import type { TalentEvent } from './contract.js';
import { talents } from './views/talents.view.js';

export const talentFlow = flow<TalentEvent>('talents', {
  TalentRegistered: { views: [talents] },
  TalentCorrected: { views: [talents] },
});
