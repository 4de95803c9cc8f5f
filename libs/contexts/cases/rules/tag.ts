import { illegal, invalid } from '@huicai/kernel';
import { officeDay } from '../../calendar/facts.js';
import { tagsInForce } from '../../catalogue/facts.js';
import { NOT_ARCHIVED } from '../state.js';
import { provided, rule } from './rule.js';

/** A controlled word is put on it (标签), to find it by; one that is no longer in the list can not be put on, but stays where it is. */
export const tagCase = rule({
  command: 'TagCase',
  from: NOT_ARCHIVED,
  roles: ['window', 'department', 'specialist', 'supervisor'],
  needs: ['catalogue'],
  decide: ({ tag }, state, { now, catalogue }) => {
    const list = tagsInForce(catalogue, officeDay(now));
    if (!list?.tags.some(({ code }) => code === tag)) throw invalid('tag-not-found', 'tag', { code: tag });
    if (state.tags.includes(tag)) throw illegal('tagged-already', { params: { code: tag } });
    return [{ type: 'CaseTagged', data: { tag, tagsVersion: list.version } }];
  },
});

export const untagCase = rule({
  command: 'UntagCase',
  from: NOT_ARCHIVED,
  roles: ['window', 'department', 'specialist', 'supervisor'],
  when: provided('there is a tag on it', (state) => state.tags.length > 0),
  decide: ({ tag }, state) => {
    if (!state.tags.includes(tag)) throw illegal('not-tagged', { params: { code: tag } });
    return [{ type: 'CaseUntagged', data: { tag } }];
  },
});
