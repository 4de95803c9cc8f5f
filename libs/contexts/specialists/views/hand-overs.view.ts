import { eventTime, type RecordedEvent, type Sealed } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { CaseEvent } from '../../cases/contract.js';
import type { AssignmentEvent, HandOverEvent } from '../contract.js';

/** The row of the hand-over itself. */
const HEAD = '';

export type HandOverStep =
  | HandOverEvent
  | Extract<CaseEvent, { type: 'CaseHandedOver' }>
  | Extract<AssignmentEvent, { type: 'TalentPassedOn' }>;

export interface HandOverHead {
  readonly fromSpecialistId: string;
  readonly toSpecialistId: string;
  readonly note: Sealed;
  readonly startedAt: number;
  readonly completedAt: number | null;
  readonly revision: string;
}

export interface HandOverRow extends Row {
  hand_over_id: string;
  /** `case`, `talent`; empty for the hand-over itself. */
  kind: string;
  /** Of the case or talent; of the hand-over in its own row. */
  subject_id: string;
  handed_over_at: Date | null;
  head: HandOverHead | null;
}

/** Hand-overs of everything, row by row, as far as they have got. */
export const handOvers = projection<HandOverRow>({
  name: 'hand_overs',
  version: 1,
  table: {
    columns: { hand_over_id: 'uuid', kind: 'text', subject_id: 'uuid', handed_over_at: 'timestamptz null', head: 'jsonb null' },
    key: ['hand_over_id', 'kind', 'subject_id'],
    partition: 'hand_over_id',
  },
  partition: (event) => (event as RecordedEvent as HandOverStep).data.handOverId,
  fold: (rows, event) => {
    const step = event as RecordedEvent as HandOverStep;
    const at = eventTime(event).occurredAt;
    const id = step.data.handOverId;
    const row = (kind: string, subjectId: string, more: Partial<HandOverRow> = {}): HandOverRow => ({
      ...{ hand_over_id: id, kind, subject_id: subjectId, handed_over_at: null, head: null },
      ...more,
    });
    const revision = event.revision.toString();
    switch (step.type) {
      case 'HandOverStarted': {
        const { fromSpecialistId, toSpecialistId, note, caseIds, talentIds } = step.data;
        rows.put(row(HEAD, id, { head: { fromSpecialistId, toSpecialistId, note, startedAt: at, completedAt: null, revision } }));
        for (const caseId of caseIds) rows.put(row('case', caseId));
        for (const talentId of talentIds) rows.put(row('talent', talentId));
        return;
      }
      case 'HandOverCompleted': {
        const before = rows.all().find(({ kind }) => kind === HEAD);
        if (before?.head) rows.put({ ...before, head: { ...before.head, completedAt: at, revision } });
        return;
      }
      case 'CaseHandedOver':
        rows.put(row('case', event.stream.slice('case-'.length), { handed_over_at: new Date(at) }));
        return;
      case 'TalentPassedOn':
        rows.put(row('talent', step.data.talentId, { handed_over_at: new Date(at) }));
    }
  },
});

/** A hand-over with its rows; undefined when there is none. */
export async function findHandOver(
  db: Queryable,
  handOverId: string,
): Promise<{ readonly head: HandOverHead; readonly rows: readonly HandOverRow[] } | undefined> {
  const { rows } = await db.query<HandOverRow>(
    'select * from read.hand_overs where hand_over_id = $1 order by kind, subject_id',
    [handOverId],
  );
  const head = rows.find(({ kind }) => kind === HEAD)?.head;
  return head ? { head, rows: rows.filter(({ kind }) => kind !== HEAD) } : undefined;
}
