import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { CatalogueEvent, ServiceItem } from '../contract.js';

export interface CatalogueVersionRow extends Row {
  catalogue: string;
  version: string;
  items: readonly ServiceItem[];
  effective_from: string | null;
  revision: string;
}

/** The service list in all its versions. */
export const catalogueVersions = projection<CatalogueVersionRow>({
  name: 'catalogue_versions',
  version: 1,
  table: {
    columns: { catalogue: 'text', version: 'text', items: 'jsonb', effective_from: 'date null', revision: 'int8' },
    key: ['catalogue', 'version'],
    partition: 'catalogue',
  },
  partition: (event) => event.stream,
  fold: (rows, event) => {
    const change = event as RecordedEvent as Exclude<CatalogueEvent, { type: 'TagsPublished' }>;
    const before = rows.all().find((row) => row.version === change.data.version);
    const items = change.type === 'CatalogueVersionDrafted' ? change.data.items : (before?.items ?? []);
    rows.put({
      catalogue: event.stream,
      version: change.data.version,
      items,
      effective_from: change.type === 'CatalogueVersionPublished' ? change.data.effectiveFrom : null,
      revision: event.revision.toString(),
    });
  },
});

export async function listCatalogue(db: Queryable): Promise<CatalogueVersionRow[]> {
  return (
    await db.query<CatalogueVersionRow>('select * from read.catalogue_versions order by effective_from nulls last, version')
  ).rows;
}
