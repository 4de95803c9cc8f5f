import { ITEMS_2024 } from '../../catalogue/draft-2024.js';
import { TAGS_2026 } from '../../catalogue/tags-2026.js';
import { bigramsOf, isFoundIn, readSearch } from './vocabulary.js';

const search = (text: string) => readSearch(text, ITEMS_2024, TAGS_2026);

it('a text is found by its pairs of characters, whatever their width and case', () => {
  expect(bigramsOf('子女入学')).toEqual(['子女', '女入', '入学']);
  expect(bigramsOf('学')).toEqual(['学']);
  expect(bigramsOf(' ')).toEqual([]);
  expect(isFoundIn('ｔａｘ', 'Tax')).toBe(true);
  expect(isFoundIn('', 'Tax')).toBe(false);
});

it('words stand for the items and tags whose names have them', () => {
  expect(search('入学')).toEqual({ words: [{ itemCodes: ['05'], tags: [] }] });
  expect(search('子女')).toEqual({ words: [{ itemCodes: ['05'], tags: ['child-schooling'] }] });
  expect(search('保险 走访')).toEqual({
    words: [
      { itemCodes: ['03', '04'], tags: [] },
      { itemCodes: [], tags: ['visit'] },
    ],
  });
  expect(search('没有这个')).toEqual({ words: [{ itemCodes: [], tags: [] }] });
});

it('a name that has changed is found by both, once', () => {
  const renamed = [...ITEMS_2024, { code: '05', name: '子女教育' }];
  expect(readSearch('子女', renamed, [])).toEqual({ words: [{ itemCodes: ['05'], tags: [] }] });
  expect(readSearch('教育', renamed, [])).toEqual({ words: [{ itemCodes: ['05'], tags: [] }] });
});

it.each([
  ['ls-2026-0001', 'LS-2026-0001'],
  ['ＬＳ-２０２６', 'LS-2026'],
])('%s begins a number', (text, number) => {
  expect(search(text)).toEqual({ number });
});
