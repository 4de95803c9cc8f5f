import type { RecordedEvent, Sealed } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { SpecialistEvent, SpecialistKind } from '../contract.js';
import { foldSpecialist, type SpecialistFacts } from '../facts.js';

export interface SpecialistRow extends Row {
  specialist_id: string;
  department_id: string;
  kind: SpecialistKind;
  name: Sealed;
  facts: SpecialistFacts;
  revision: string;
}

export const specialists = projection<SpecialistRow>({
  name: 'specialists',
  version: 2,
  table: {
    columns: { specialist_id: 'uuid', department_id: 'text', kind: 'text', name: 'jsonb', facts: 'jsonb', revision: 'int8' },
    key: ['specialist_id'],
    partition: 'specialist_id',
    indexes: ['(department_id)'],
  },
  partition: (event) => event.stream.slice('specialist-'.length),
  fold: (rows, event) => {
    const before = rows.one();
    const change = event as RecordedEvent as SpecialistEvent;
    const facts = foldSpecialist(before?.facts ?? null, change);
    const name = change.type === 'SpecialistEnrolled' ? change.data.name : before?.name;
    if (!facts || !name) return;
    rows.put({
      specialist_id: event.stream.slice('specialist-'.length),
      department_id: facts.departmentId,
      kind: facts.kind,
      name,
      facts,
      revision: event.revision.toString(),
    });
  },
});

export async function listSpecialists(db: Queryable, departmentId: string | null): Promise<SpecialistRow[]> {
  const { rows } = await db.query<SpecialistRow>(
    'select * from read.specialists where $1::text is null or department_id = $1 order by department_id, specialist_id',
    [departmentId],
  );
  return rows;
}

/** Leaves, of whomever, in which a specialist stands in. */
export async function dutiesAsDeputy(db: Queryable, specialistId: string): Promise<{ from: string; to: string }[]> {
  const { rows } = await db.query<{ from: string; to: string }>(
    `select leave ->> 'from' as "from", leave ->> 'to' as "to" from read.specialists, jsonb_array_elements(facts -> 'leaves') leave
     where leave ->> 'deputyId' = $1 order by 1, 2`,
    [specialistId],
  );
  return rows;
}
