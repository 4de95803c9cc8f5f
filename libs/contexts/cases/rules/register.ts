import { forbidden, invalid, member, notFound } from '@huicai/kernel';
import { officeDay } from '../../calendar/facts.js';
import { catalogueInForce, itemOf } from '../../catalogue/facts.js';
import { startClock } from '../clocks.js';
import { rule } from './rule.js';

export const register = rule({
  command: 'RegisterCase',
  from: ['NEW'],
  // An employer may, once talents name theirs in a way that can be checked.
  roles: ['talent', 'window', 'specialist'],
  needs: ['catalogue', 'channels'],
  decide: (data, _, facts) => {
    if (facts.actor.role === 'talent' && facts.caller.talentId !== data.talentId) throw forbidden('not-yours');
    if (!facts.talentKnown) throw notFound('talent-not-found', { field: 'talentId' });
    if (!member(facts.channels.channels, data.channelId)) throw invalid('channel-not-found', 'channelId', { id: data.channelId });
    const version = catalogueInForce(facts.catalogue, officeDay(facts.now));
    const item = version && itemOf(version, data.itemCode);
    if (!item) throw invalid('item-not-offered', 'itemCode', { code: data.itemCode });
    if (item.kind === 'U') throw invalid('item-used-on-site', 'itemCode', { code: data.itemCode });
    if (facts.number === null) throw new Error('A case can not be registered without a number');
    return [
      {
        type: 'CaseRegistered',
        data: {
          ...data,
          number: facts.number,
          catalogueVersion: version.version,
          firstContactPerson: facts.actor.id,
        },
      },
    ];
  },
});

export const accept = rule({
  command: 'AcceptCase',
  from: ['REGISTERED'],
  roles: ['window'],
  needs: ['time', 'category'],
  decide: (_, state, facts) => [{ type: 'CaseAccepted', data: { clocks: [startClock('total', state, facts)] } }],
});

export const decline = rule({
  command: 'DeclineCase',
  from: ['REGISTERED'],
  roles: ['window'],
  decide: (data) => [{ type: 'CaseDeclined', data }],
});
