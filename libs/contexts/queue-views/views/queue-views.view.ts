import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { QueueViewEvent, SharedWith } from '../contract.js';
import type { SavedView } from '../facts.js';

export interface QueueViewRow extends Row {
  view_id: string;
  /** Stream of the account it belongs to. */
  owner: string;
  name: string;
  queue: string | null;
  query: Readonly<Record<string, string>>;
  shared_with: SharedWith;
  department_id: string | null;
  /** Of the owner's views, all together. */
  revision: string;
}

/** Filters of the queue that were given names. */
export const queueViewRows = projection<QueueViewRow>({
  name: 'queue_views',
  version: 1,
  table: {
    columns: {
      view_id: 'uuid',
      owner: 'text',
      name: 'text',
      queue: 'text null',
      query: 'json',
      shared_with: 'text',
      department_id: 'text null',
      revision: 'int8',
    },
    key: ['view_id'],
    partition: 'owner',
    indexes: ['(owner)', "(shared_with, department_id) where shared_with <> 'NOBODY'"],
  },
  partition: (event) => event.stream,
  fold: (rows, event) => {
    const { type, data } = event as RecordedEvent as QueueViewEvent;
    const revision = event.revision.toString();
    const others = rows.all().filter(({ view_id }) => view_id !== data.viewId);
    for (const row of others) rows.put({ ...row, revision });
    if (type === 'QueueViewRemoved') {
      const gone = rows.all().find(({ view_id }) => view_id === data.viewId);
      if (gone) rows.delete(gone);
      return;
    }
    rows.put({
      view_id: data.viewId,
      owner: event.stream,
      name: data.name,
      queue: data.queue,
      query: data.query,
      shared_with: data.sharedWith,
      department_id: data.departmentId,
      revision,
    });
  },
});

/** The views somebody finds: their own first, those shared with their department, and those shared with everyone; by name. */
export async function listQueueViews(db: Queryable, owner: string, departmentId: string | null): Promise<SavedView[]> {
  const { rows } = await db.query<QueueViewRow>(
    `select * from read.queue_views
     where owner = $1 or shared_with = 'EVERYONE' or (shared_with = 'DEPARTMENT' and department_id = $2)
     order by owner <> $1, name, view_id`,
    [owner, departmentId],
  );
  return rows.map((row) => ({
    viewId: row.view_id,
    name: row.name,
    queue: row.queue,
    query: row.query,
    sharedWith: row.shared_with,
    departmentId: row.department_id,
    revision: row.owner === owner ? row.revision : null,
  }));
}
