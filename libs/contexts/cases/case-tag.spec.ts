import { specOf } from '../../kernel/spec-dsl.js';
import { noCatalogue } from '../catalogue/facts.js';
import { command, stories, stranger, told, who } from './case.fixture.js';
import { caseDecider } from './case.js';

const { given } = specOf(caseDecider);
const NOW = '2026-10-12T09:00';
const tag = (code: string) => command('TagCase', { tag: code });
const tagged = stories.taken.step(tag('visit'), who.specialist, NOW).step(tag('media'), who.window, NOW);

it('tags are put on a case and taken off, each under the version it was in', () => {
  given(stories.taken.past)
    .when(tag('visit'), told(who.specialist, NOW))
    .then([{ type: 'CaseTagged', data: { tag: 'visit', tagsVersion: 1 } }]);
  expect(tagged.facts.tags).toEqual(['media', 'visit']);
  const state = given(tagged.past)
    .when(command('UntagCase', { tag: 'visit' }), told(who.supervisor, NOW))
    .then([{ type: 'CaseUntagged', data: { tag: 'visit' } }]);
  expect(state?.tags).toEqual(['media']);
});

it('only words in force are put on, once; what was taken out of the list stays and can be taken off', () => {
  given(tagged.past)
    .when(tag('visit'), told(who.window, NOW))
    .thenRefused('tagged-already', { params: { code: 'visit' } });
  given(tagged.past)
    .when(tag('nonsense'), told(who.window, NOW))
    .thenRefused('tag-not-found', { field: 'tag', params: { code: 'nonsense' } });
  const replaced = (effectiveFrom: string) => {
    const { catalogue } = told(who.window, NOW);
    const list = { version: 2, effectiveFrom, tags: [{ code: 'new', name: '新词' }] };
    return { ...told(who.window, NOW), catalogue: { ...noCatalogue, tagLists: [...catalogue.tagLists, list] } };
  };
  given(stories.taken.past).when(tag('new'), replaced('2026-10-13')).thenRefused('tag-not-found');
  given(stories.taken.past)
    .when(tag('new'), replaced('2026-10-12'))
    .then([{ type: 'CaseTagged', data: { tag: 'new', tagsVersion: 2 } }]);
  given(stories.taken.past).when(tag('visit'), replaced('2026-10-12')).thenRefused('tag-not-found');
  given(tagged.past)
    .when(command('UntagCase', { tag: 'visit' }), replaced('2026-10-12'))
    .then([{ type: 'CaseUntagged', data: { tag: 'visit' } }]);
  given(tagged.past)
    .when(command('UntagCase', { tag: 'typical' }), told(who.window, NOW))
    .thenRefused('not-tagged', { params: { code: 'typical' } });
});

it('tags are the desk’s: no talent’s, no other department’s, and none are put on what is archived', () => {
  given(stories.taken.past).when(tag('visit'), told(who.talent, NOW)).thenRefused('role-not-allowed');
  given(stories.taken.past).when(tag('visit'), told(stranger.department, NOW)).thenRefused('not-yours');
  const archived = stories.closed.step('ArchiveCase', who.window, '2026-11-30T09:00');
  given(archived.past).when(tag('visit'), told(who.window, '2026-11-30T10:00')).thenRefused('illegal-step');
});

it('a tag is no work on the case: what nobody acts on still goes back', () => {
  expect(stories.taken.step(tag('visit'), who.specialist, NOW).facts.takeBack).toEqual(stories.taken.facts.takeBack);
});
