import { eventTime, type RecordedEvent } from '@huicai/kernel';
import { projection, type Row } from '@huicai/projections';
import type { CaseEvent } from '../contract.js';
import { movedBy } from '../facts.js';

export interface CaseAssignmentRow extends Row {
  case_id: string;
  specialist_id: string;
  /** TAKE, HAND_OVER, or how it was assigned. */
  mode: string;
  /** When they had it last given to them. */
  assigned_at: Date;
  /** Whether they have it now. */
  current: boolean;
}

/** Which specialists have had which case, and since when: whose turn it is, and who has what. */
export const caseAssignments = projection<CaseAssignmentRow>({
  name: 'case_assignments',
  version: 1,
  table: {
    columns: { case_id: 'uuid', specialist_id: 'uuid', mode: 'text', assigned_at: 'timestamptz', current: 'bool' },
    key: ['case_id', 'specialist_id'],
    partition: 'case_id',
    indexes: ['(specialist_id, assigned_at desc)'],
  },
  partition: (event) => event.stream.slice('case-'.length),
  fold: (rows, event) => {
    const change = event as RecordedEvent as CaseEvent;
    const before = rows.all().find(({ current }) => current);
    const moved = movedBy(change, { departmentId: null, coDepartmentIds: [], specialistId: before?.specialist_id ?? null });
    if (!moved) return;
    if (before && before.specialist_id !== moved.specialistId) rows.put({ ...before, current: false });
    if (moved.specialistId === null || moved.specialistId === before?.specialist_id) return;
    rows.put({
      case_id: event.stream.slice('case-'.length),
      specialist_id: moved.specialistId,
      mode: modeOf(change),
      assigned_at: new Date(eventTime(event).occurredAt),
      current: true,
    });
  },
});

const modeOf = (event: CaseEvent): string =>
  event.type === 'CaseAssigned' ? event.data.mode : event.type === 'CaseHandedOver' ? 'HAND_OVER' : 'TAKE';
