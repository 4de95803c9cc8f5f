import { flow } from '@huicai/projections';
import type { CatalogueEvent } from './contract.js';
import { catalogueVersions } from './views/catalogue-versions.view.js';

export const catalogueFlow = flow<CatalogueEvent>('catalogue', {
  CatalogueVersionDrafted: { views: [catalogueVersions] },
  CatalogueVersionPublished: { views: [catalogueVersions] },
});
