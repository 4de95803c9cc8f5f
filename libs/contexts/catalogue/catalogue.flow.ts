import { flow } from '@huicai/projections';
import type { CatalogueEvent } from './contract.js';
import { catalogueVersions } from './views/catalogue-versions.view.js';
import { tagLists } from './views/tag-lists.view.js';

export const catalogueFlow = flow<CatalogueEvent>('catalogue', {
  CatalogueVersionDrafted: { views: [catalogueVersions] },
  TagsPublished: { views: [tagLists] },
  CatalogueVersionPublished: { views: [catalogueVersions] },
});
