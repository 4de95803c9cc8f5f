import { type BaseFacts, type Decider, illegal, invalid, member, notFound } from '@huicai/kernel';
import { checkDay } from '../calendar/facts.js';
import type { CatalogueCommand, CatalogueEvent, ServiceItem, TagList } from './contract.js';
import { type CatalogueFacts, foldCatalogue, noCatalogue } from './facts.js';

/** The service list (清单) in versions; a published version never changes, a case keeps the one it was opened under. */
export const catalogue: Decider<CatalogueCommand, CatalogueEvent, CatalogueFacts, BaseFacts> = {
  aggregate: 'catalogue',
  initialState: () => noCatalogue,
  evolve: foldCatalogue,
  decide: (command, state) => {
    if (command.type === 'PublishTags') return publishTags(command.data, state);
    const { version } = command.data;
    const known = member(state.versions, version);
    switch (command.type) {
      case 'DraftCatalogueVersion':
        if (known?.effectiveFrom != null) throw illegal('catalogue-version-published', { params: { version } });
        checkItems(command.data.items);
        return [{ type: 'CatalogueVersionDrafted', data: { version, items: command.data.items } }];
      case 'PublishCatalogueVersion':
        if (!known) throw notFound('catalogue-version-not-found', { field: 'version', params: { version } });
        if (known.effectiveFrom !== null) throw illegal('catalogue-version-published', { params: { version } });
        checkDay(command.data.effectiveFrom, 'effectiveFrom');
        return [{ type: 'CatalogueVersionPublished', data: { version, effectiveFrom: command.data.effectiveFrom } }];
    }
  },
};

function publishTags({ effectiveFrom, tags }: Omit<TagList, 'version'>, { tagLists }: CatalogueFacts): CatalogueEvent[] {
  checkDay(effectiveFrom, 'effectiveFrom');
  const seen = new Set<string>();
  tags.forEach(({ code }, i) => {
    if (seen.has(code)) throw invalid('tag-repeated', `tags[${i}].code`, { code });
    seen.add(code);
  });
  return [{ type: 'TagsPublished', data: { version: tagLists.length + 1, effectiveFrom, tags } }];
}

function checkItems(items: readonly ServiceItem[]): void {
  if (items.length === 0) throw invalid('catalogue-empty', 'items');
  const seen = new Set<string>();
  items.forEach((item, i) => {
    if (seen.has(item.code)) throw invalid('item-code-repeated', `items[${i}].code`, { code: item.code });
    seen.add(item.code);
  });
}
