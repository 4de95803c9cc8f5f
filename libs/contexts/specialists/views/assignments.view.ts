import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { AssignmentEvent } from '../contract.js';
import { foldAssignment, unassigned } from '../facts.js';

export interface AssignmentRow extends Row {
  talent_id: string;
  specialist_id: string;
  since: Date;
  revision: string;
}

/** Each talent's primary specialist. */
export const assignments = projection<AssignmentRow>({
  name: 'specialist_assignments',
  version: 2,
  table: {
    columns: { talent_id: 'uuid', specialist_id: 'uuid', since: 'timestamptz', revision: 'int8' },
    key: ['talent_id'],
    partition: 'talent_id',
    indexes: ['(specialist_id)'],
  },
  partition: (event) => event.stream.slice('specialistAssignment-'.length),
  fold: (rows, event) => {
    const change = event as RecordedEvent as AssignmentEvent;
    rows.put({
      talent_id: change.data.talentId,
      specialist_id: foldAssignment(unassigned, change).specialistId!,
      since: new Date(event.metadata.occurredAt),
      revision: event.revision.toString(),
    });
  },
});

export async function assignmentOf(db: Queryable, talentId: string): Promise<AssignmentRow | undefined> {
  return (await db.query<AssignmentRow>('select * from read.specialist_assignments where talent_id = $1', [talentId])).rows[0];
}

/** Talents whose primary specialist somebody is. */
export async function talentsOf(db: Queryable, specialistId: string): Promise<string[]> {
  const { rows } = await db.query<{ talent_id: string }>(
    'select talent_id from read.specialist_assignments where specialist_id = $1 order by talent_id',
    [specialistId],
  );
  return rows.map(({ talent_id }) => talent_id);
}
