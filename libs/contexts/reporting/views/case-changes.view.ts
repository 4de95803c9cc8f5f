import type { RecordedEvent } from '@huicai/kernel';
import { projection, type Row } from '@huicai/projections';
import type { CaseEvent } from '../../cases/contract.js';
import { audienceOf, type CasePlace, movedBy } from '../../cases/facts.js';

export interface CaseChangeRow extends Row {
  case_id: string;
  talent_id: string;
  /** The employer that registered it. */
  employer_id: string | null;
  department_id: string | null;
  co_department_ids: readonly string[];
  specialist_id: string | null;
  /** Who may see the case now; see `audienceOf`. */
  audience: readonly string[];
  /** Who could see it once and can no longer, with the position of the event that ended it. */
  lost: Readonly<Record<string, string>>;
  /** Of the latest event, decimal; several cases never share one. */
  position: string;
  revision: string;
}

/** When each case changed last, and for whom: what a reader who has seen everything up to a position has yet to be told. */
export const caseChanges = projection<CaseChangeRow>({
  name: 'case_changes',
  version: 8,
  table: {
    columns: {
      case_id: 'uuid',
      talent_id: 'uuid',
      employer_id: 'text null',
      department_id: 'text null',
      co_department_ids: 'jsonb',
      specialist_id: 'uuid null',
      audience: 'jsonb',
      lost: 'jsonb',
      position: 'int8',
      revision: 'int8',
    },
    key: ['case_id'],
    partition: 'case_id',
    indexes: ['(position)'],
  },
  partition: (event) => event.stream.slice('case-'.length),
  fold: (rows, event) => {
    const before = rows.one();
    const caseEvent = event as RecordedEvent as CaseEvent;
    const place = placeAfter(before && placeOf(before), caseEvent);
    if (!place) return;
    const position = event.position.toString();
    const audience = audienceOf(place);
    rows.put({
      case_id: event.stream.slice('case-'.length),
      talent_id: place.talentId,
      employer_id: place.employerId ?? null,
      department_id: place.departmentId,
      co_department_ids: place.coDepartmentIds,
      specialist_id: place.specialistId,
      audience,
      lost: lostAfter(before, audience, position),
      position,
      revision: event.revision.toString(),
    });
  },
});

const placeOf = (row: CaseChangeRow): CasePlace => ({
  talentId: row.talent_id,
  employerId: row.employer_id,
  departmentId: row.department_id,
  coDepartmentIds: row.co_department_ids,
  specialistId: row.specialist_id,
});

/** Undefined only before the registration. */
function placeAfter(before: CasePlace | undefined, event: CaseEvent): CasePlace | undefined {
  const talentId = event.type === 'CaseRegistered' ? event.data.talentId : before?.talentId;
  if (talentId === undefined) return undefined;
  const from = before ?? { departmentId: null, coDepartmentIds: [], specialistId: null };
  const employerId = event.type === 'CaseRegistered' ? (event.data.employerId ?? null) : (before?.employerId ?? null);
  return { ...from, ...movedBy(event, from), talentId, employerId };
}

function lostAfter(before: CaseChangeRow | undefined, audience: readonly string[], position: string): CaseChangeRow['lost'] {
  const lost = { ...before?.lost };
  for (const one of before?.audience ?? []) lost[one] = position;
  for (const one of audience) delete lost[one];
  return lost;
}
