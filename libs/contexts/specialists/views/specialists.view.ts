import type { RecordedEvent, Sealed } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { SpecialistEvent, SpecialistKind } from '../contract.js';

export interface SpecialistRow extends Row {
  specialist_id: string;
  department_id: string;
  kind: SpecialistKind;
  name: Sealed;
  revision: string;
}

export const specialists = projection<SpecialistRow>({
  name: 'specialists',
  version: 1,
  table: {
    columns: { specialist_id: 'uuid', department_id: 'text', kind: 'text', name: 'jsonb', revision: 'int8' },
    key: ['specialist_id'],
    partition: 'specialist_id',
    indexes: ['(department_id)'],
  },
  partition: (event) => event.stream.slice('specialist-'.length),
  fold: (rows, event) => {
    const { specialistId, departmentId, kind, name } = (event as RecordedEvent<SpecialistEvent>).data;
    rows.put({ specialist_id: specialistId, department_id: departmentId, kind, name, revision: event.revision.toString() });
  },
});

export async function listSpecialists(db: Queryable, departmentId: string | null): Promise<SpecialistRow[]> {
  const { rows } = await db.query<SpecialistRow>(
    'select * from read.specialists where $1::text is null or department_id = $1 order by department_id, specialist_id',
    [departmentId],
  );
  return rows;
}
