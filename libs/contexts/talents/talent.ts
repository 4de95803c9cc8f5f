import { type BaseFacts, type Decider, illegal, invalid, notFound } from '@huicai/kernel';
import type { TalentCommand, TalentEvent } from './contract.js';
import { foldTalent, type TalentFacts } from './facts.js';

/** A person the office serves. That there is only one per identity document is held by the vault's claims. */
export const talent: Decider<TalentCommand, TalentEvent, TalentFacts | null, BaseFacts> = {
  aggregate: 'talent',
  initialState: () => null,
  evolve: foldTalent,
  decide: (command, state) => {
    switch (command.type) {
      case 'RegisterTalent':
        if (state) throw illegal('talent-registered');
        return [{ type: 'TalentRegistered', data: command.data }];
      case 'CorrectTalent':
        if (!state) throw notFound('talent-not-found');
        if (Object.values(command.data.changes).every((value) => value === undefined))
          throw invalid('nothing-to-correct', 'changes');
        return [{ type: 'TalentCorrected', data: command.data }];
    }
  },
};
