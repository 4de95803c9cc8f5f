import { specOf } from '../../kernel/spec-dsl.js';
import { DEPARTMENTS } from '../channels/lanshan.js';
import { catalogue } from './catalogue.js';
import type { CatalogueEvent } from './contract.js';
import { DRAFT_2024, ITEMS_2024 } from './draft-2024.js';
import { catalogueInForce, itemOf, tagsInForce } from './facts.js';

const { given } = specOf(catalogue);
const facts = { now: 0, actor: { id: 'user-admin', role: 'admin' } } as const;
const [first, second] = ITEMS_2024 as [(typeof ITEMS_2024)[number], (typeof ITEMS_2024)[number]];

const drafted = (version: string, items = [first]): CatalogueEvent => ({
  type: 'CatalogueVersionDrafted',
  data: { version, items },
});
const published = (version: string, effectiveFrom: string): CatalogueEvent => ({
  type: 'CatalogueVersionPublished',
  data: { version, effectiveFrom },
});

describe('a version of the service list', () => {
  it('is drafted, drafted again, then published', () => {
    given([])
      .when({ type: 'DraftCatalogueVersion', data: { version: 'v1', items: [first] } }, facts)
      .then([drafted('v1')]);
    const state = given([drafted('v1')])
      .when({ type: 'DraftCatalogueVersion', data: { version: 'v1', items: [first, second] } }, facts)
      .then([drafted('v1', [first, second])]);
    expect(state.versions.v1).toMatchObject({ version: 'v1', items: [first, second], effectiveFrom: null });
    given([drafted('v1')])
      .when({ type: 'PublishCatalogueVersion', data: { version: 'v1', effectiveFrom: '2026-01-01' } }, facts)
      .then([published('v1', '2026-01-01')]);
  });

  it('never changes once published', () => {
    const history = [drafted('v1'), published('v1', '2026-01-01')];
    given(history)
      .when({ type: 'DraftCatalogueVersion', data: { version: 'v1', items: [second] } }, facts)
      .thenRefused('catalogue-version-published', { params: { version: 'v1' } });
    given(history)
      .when({ type: 'PublishCatalogueVersion', data: { version: 'v1', effectiveFrom: '2027-01-01' } }, facts)
      .thenRefused('catalogue-version-published');
  });

  it('has items, each code once', () => {
    given([])
      .when({ type: 'DraftCatalogueVersion', data: { version: 'v1', items: [] } }, facts)
      .thenRefused('catalogue-empty', { field: 'items' });
    given([])
      .when({ type: 'DraftCatalogueVersion', data: { version: 'v1', items: [first, second, first] } }, facts)
      .thenRefused('item-code-repeated', { field: 'items[2].code', params: { code: '01' } });
  });

  it.each(['v2', 'constructor'])('is not published when %s was never drafted', (version) => {
    given([drafted('v1')])
      .when({ type: 'PublishCatalogueVersion', data: { version, effectiveFrom: '2026-01-01' } }, facts)
      .thenRefused('catalogue-version-not-found', { field: 'version', params: { version } });
  });

  it('takes effect on a day that exists', () => {
    for (const effectiveFrom of ['2026-1-1', '2026-02-30', 'tomorrow'])
      given([drafted('v1')])
        .when({ type: 'PublishCatalogueVersion', data: { version: 'v1', effectiveFrom } }, facts)
        .thenRefused('date-invalid', { field: 'effectiveFrom' });
  });
});

describe('tags', () => {
  const tag = (code: string) => ({ code, name: code.toUpperCase() });
  const list = (version: number, effectiveFrom: string, ...codes: string[]) => ({ version, effectiveFrom, tags: codes.map(tag) });

  it('are published in versions, each in place of the one before from its day on', () => {
    const first = { type: 'TagsPublished' as const, data: list(1, '2026-01-01', 'a', 'b') };
    given([])
      .when({ type: 'PublishTags', data: { effectiveFrom: '2026-01-01', tags: ['a', 'b'].map(tag) } }, facts)
      .then([first]);
    const state = given([drafted('v1'), first])
      .when({ type: 'PublishTags', data: { effectiveFrom: '2026-07-01', tags: [tag('c')] } }, facts)
      .then([{ type: 'TagsPublished', data: list(2, '2026-07-01', 'c') }]);
    expect(['2025-12-31', '2026-06-30', '2026-07-01'].map((day) => tagsInForce(state, day)?.version)).toEqual([undefined, 1, 2]);
    expect(Object.keys(state.versions)).toEqual(['v1']);
  });

  it('have each code once, and a day that exists', () => {
    given([])
      .when({ type: 'PublishTags', data: { effectiveFrom: '2026-01-01', tags: ['a', 'b', 'a'].map(tag) } }, facts)
      .thenRefused('tag-repeated', { field: 'tags[2].code', params: { code: 'a' } });
    given([])
      .when({ type: 'PublishTags', data: { effectiveFrom: '2026-02-30', tags: [] } }, facts)
      .thenRefused('date-invalid', { field: 'effectiveFrom' });
  });
});

describe('the version in force', () => {
  const { state } = given([
    drafted('v1'),
    drafted('draft'),
    published('v1', '2026-01-01'),
    drafted('v2', [second]),
    published('v2', '2026-07-01'),
  ]);

  it.each([
    ['2025-12-31', undefined],
    ['2026-01-01', 'v1'],
    ['2026-06-30', 'v1'],
    ['2026-07-01', 'v2'],
    ['2030-01-01', 'v2'],
  ])('on %s is %s', (day, version) => {
    expect(catalogueInForce(state, day)?.version).toBe(version);
  });

  it('is the one published last when two take effect on the same day, whatever they are called', () => {
    const tied = given([drafted('b'), drafted('2026'), published('b', '2026-01-01'), published('2026', '2026-01-01')]).state;
    expect(catalogueInForce(tied, '2026-01-01')?.version).toBe('2026');
  });
});

describe('the first service list', () => {
  const { state } = given([
    drafted(DRAFT_2024.version, [...ITEMS_2024]),
    published(DRAFT_2024.version, DRAFT_2024.effectiveFrom),
  ]);
  const inForce = catalogueInForce(state, '2026-09-30')!;

  it('has the 27 items, numbered in order, and is accepted by the rules', () => {
    expect(ITEMS_2024.map((item) => item.code)).toEqual(Array.from({ length: 27 }, (_, i) => String(i + 1).padStart(2, '0')));
    given([])
      .when({ type: 'DraftCatalogueVersion', data: { version: DRAFT_2024.version, items: ITEMS_2024 } }, facts)
      .then([drafted(DRAFT_2024.version, [...ITEMS_2024])]);
  });

  it('names departments that exist', () => {
    const known = DEPARTMENTS.map(([id]) => id);
    expect(ITEMS_2024.filter((item) => !known.includes(item.leadDepartmentId))).toEqual([]);
  });

  it('knows which items are used on site and which are seasonal', () => {
    expect(ITEMS_2024.filter((item) => item.kind === 'U').map((item) => item.code)).toEqual(['02', '24', '25', '26', '27']);
    expect(ITEMS_2024.filter((item) => item.kind === 'CU').map((item) => item.code)).toEqual(['01', '22']);
    expect(ITEMS_2024.filter((item) => item.seasonal).map((item) => item.code)).toEqual(['05']);
  });

  it('finds an item by its code', () => {
    expect(itemOf(inForce, '05')?.name).toBe('子女入学');
    expect(itemOf(inForce, '28')).toBeUndefined();
  });
});
