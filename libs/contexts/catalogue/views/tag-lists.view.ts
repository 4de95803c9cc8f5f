import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { CatalogueEvent, Tag } from '../contract.js';

export interface TagListRow extends Row {
  catalogue: string;
  version: number;
  tags: readonly Tag[];
  effective_from: string;
  revision: string;
}

/** The controlled tags in all their versions. */
export const tagLists = projection<TagListRow>({
  name: 'tag_lists',
  version: 1,
  appendOnly: true,
  table: {
    columns: { catalogue: 'text', version: 'int4', tags: 'jsonb', effective_from: 'date', revision: 'int8' },
    key: ['catalogue', 'version'],
    partition: 'catalogue',
  },
  partition: (event) => event.stream,
  fold: (rows, event) => {
    const { data } = event as RecordedEvent as Extract<CatalogueEvent, { type: 'TagsPublished' }>;
    const { version, tags, effectiveFrom } = data;
    rows.put({ catalogue: event.stream, version, tags, effective_from: effectiveFrom, revision: event.revision.toString() });
  },
});

/** All versions, the oldest first. */
export async function listTags(db: Queryable): Promise<TagListRow[]> {
  return (await db.query<TagListRow>('select * from read.tag_lists order by version')).rows;
}
