import { forbidden, invalid, member, notFound } from '@huicai/kernel';
import { checkDay, officeDay } from '../../calendar/facts.js';
import { catalogueInForce, itemOf } from '../../catalogue/facts.js';
import { startClock } from '../clocks.js';
import { type CaseRuleFacts, provided, rule } from './rule.js';

export const register = rule({
  command: 'RegisterCase',
  from: ['NEW'],
  roles: ['talent', 'employer', 'window', 'specialist'],
  needs: ['catalogue', 'channels'],
  decide: (data, _, facts) => {
    if (facts.actor.role === 'talent' && facts.caller.talentId !== data.talentId) throw forbidden('not-yours');
    const employerId = facts.actor.role === 'employer' ? employerOf(facts) : null;
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
          ...(employerId === null ? {} : { employerId }),
          firstContactPerson: facts.actor.id,
        },
      },
    ];
  },
});

/** Employers register for their own talents alone (单位代办). @throws Refusal `employer-unknown`, `not-yours` */
function employerOf({ caller, talentEmployerId }: CaseRuleFacts): string {
  if (caller.employerId === null) throw forbidden('employer-unknown');
  if (caller.employerId !== talentEmployerId) throw forbidden('not-yours');
  return caller.employerId;
}

/** Accepted, where need be although something is missing that comes by a day that is said (容缺受理). */
export const accept = rule({
  command: 'AcceptCase',
  from: ['REGISTERED'],
  roles: ['window'],
  needs: ['time', 'category'],
  decide: ({ deferred }, state, facts) => {
    const today = officeDay(facts.now);
    if (deferred && checkDay(deferred.until, 'deferred.until') <= today)
      throw invalid('until-not-later', 'deferred.until', { today });
    return [{ type: 'CaseAccepted', data: { clocks: [startClock('total', state, facts)], ...(deferred ? { deferred } : {}) } }];
  },
});

export const receiveDeferred = rule({
  command: 'ReceiveDeferredMaterials',
  from: ['ACCEPTED', 'DISPATCHED', 'SIGNED_FOR', 'SUBMITTED', 'RESULT_ACCEPTED'],
  roles: ['window', 'specialist', 'department'],
  when: provided('materials are still to come', ({ deferred }) => deferred?.receivedAt === null),
  decide: (data, { deferred }, { now }) => [
    { type: 'DeferredMaterialsReceived', data: { ...data, late: officeDay(now) > deferred!.until } },
  ],
});

export const decline = rule({
  command: 'DeclineCase',
  from: ['REGISTERED'],
  roles: ['window'],
  decide: (data) => [{ type: 'CaseDeclined', data }],
});
