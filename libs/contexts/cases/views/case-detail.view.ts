import type { RecordedEvent, Sealed } from '@huicai/kernel';
import { projection, type Queryable, type Row } from '@huicai/projections';
import type { CaseEvent, Outcome } from '../contract.js';
import { type CaseFacts, type CaseStatus, caseDocument, factsAfter } from '../facts.js';

export interface CaseDetailRow extends Row {
  case_id: string;
  number: string;
  talent_id: string;
  /** The employer that registered it. */
  employer_id: string | null;
  department_id: string | null;
  specialist_id: string | null;
  status: CaseStatus;
  /** Revision of the last event, decimal. */
  revision: string;
  registered_at: Date;
  updated_at: Date;
  matter: Sealed;
  /** The latest result, sealed, with its outcome; null before one is submitted. An answer to the talent once the window has accepted it. */
  reply: { text: Sealed; outcome: Outcome; accepted: boolean } | null;
  /** What the talent was told is missing, as long as it is. */
  missing: Missing;
  facts: CaseFacts;
}

export interface Missing {
  /** In the notice that stands (一次性告知). */
  readonly notice: Sealed | null;
  /** Since acceptance (容缺受理). */
  readonly deferred: Sealed | null;
}

/** Everything one case shows, to those who handle it and to the person it is for. */
export const caseDetail = projection<CaseDetailRow>({
  name: 'case_detail',
  version: 14,
  table: {
    columns: {
      case_id: 'uuid',
      number: 'text',
      talent_id: 'uuid',
      employer_id: 'text null',
      department_id: 'text null',
      specialist_id: 'uuid null',
      status: 'text',
      revision: 'int8',
      registered_at: 'timestamptz',
      updated_at: 'timestamptz',
      matter: 'jsonb',
      reply: 'jsonb null',
      missing: 'jsonb',
      facts: 'json',
    },
    documents: { facts: caseDocument },
    key: ['case_id'],
    partition: 'case_id',
    indexes: ['(number)', '(talent_id, registered_at desc)', '(employer_id, registered_at desc) where employer_id is not null'],
  },
  partition: (event) => event.stream.slice('case-'.length),
  fold: (rows, event) => {
    const row = rows.one();
    const caseEvent = event as RecordedEvent<CaseEvent>;
    const facts = factsAfter(row?.facts ?? null, event);
    if (!facts) return;
    rows.put({
      case_id: facts.caseId,
      number: facts.number,
      talent_id: facts.talentId,
      employer_id: row ? row.employer_id : ((caseEvent.data as { employerId?: string }).employerId ?? null),
      department_id: facts.departmentId,
      specialist_id: facts.specialistId,
      status: facts.status,
      revision: event.revision.toString(),
      registered_at: new Date(facts.registeredAt),
      updated_at: new Date(facts.lastAt),
      matter: caseEvent.type === 'CaseRegistered' ? (caseEvent.data as { matter: Sealed }).matter : row!.matter,
      reply: replyOf(caseEvent, row?.reply ?? null),
      missing: missingAfter(caseEvent, facts, row?.missing ?? { notice: null, deferred: null }),
      facts,
    });
  },
});

/** The latest result as corrected so far. */
export function replyOf(event: Pick<RecordedEvent, 'type' | 'data'>, before: CaseDetailRow['reply']): CaseDetailRow['reply'] {
  const { reply, outcome = 'ANSWERED' } = event.data as { reply?: Sealed | null; outcome?: Outcome };
  switch (event.type) {
    case 'ResultSubmitted':
    case 'CaseAnsweredDirectly':
      return { text: reply!, outcome, accepted: event.type === 'CaseAnsweredDirectly' };
    case 'ResultAccepted':
      return before && { ...before, accepted: true };
    case 'ResultCorrected':
      return before && { ...before, text: reply ?? before.text, outcome };
    default:
      return before;
  }
}

/** What the events have told so far, kept for as long as it is still to come. */
export function missingAfter(event: Pick<RecordedEvent, 'type' | 'data'>, facts: CaseFacts, before: Missing): Missing {
  const { materials, deferred } = event.data as { materials?: Sealed; deferred?: { materials: Sealed } };
  const notice = event.type === 'SupplementRequested' ? materials! : before.notice;
  const later = event.type === 'CaseAccepted' ? (deferred?.materials ?? null) : before.deferred;
  return {
    notice: facts.supplement === null ? null : notice,
    deferred: facts.deferred?.receivedAt === null ? later : null,
  };
}

export async function findCase(db: Queryable, caseId: string): Promise<CaseDetailRow | undefined> {
  const { rows } = await db.query<CaseDetailRow>('select * from read.case_detail where case_id = $1', [caseId]);
  return rows.map(withFacts)[0];
}

/** A talent's own cases, latest first. @param before registration instant and id of the last one seen */
export async function casesOfTalent(
  db: Queryable,
  talentId: string,
  limit: number,
  before?: { registeredAt: string; caseId: string },
): Promise<CaseDetailRow[]> {
  const { rows } = await db.query<CaseDetailRow>(
    `select * from read.case_detail where talent_id = $1 and ($2::timestamptz is null or (registered_at, case_id) < ($2::timestamptz, $3::uuid))
     order by registered_at desc, case_id desc limit $4`,
    [talentId, before?.registeredAt ?? null, before?.caseId ?? null, limit],
  );
  return rows.map(withFacts);
}

/**
 * Cases an employer registered for talents it is the employer of record of to this day, latest first.
 *
 * @param which the case asked for, or the registration instant and id of the last one seen
 */
export async function casesOfEmployer(
  db: Queryable,
  employerId: string,
  limit: number,
  which: { readonly caseId?: string; readonly before?: { readonly registeredAt: string; readonly caseId: string } } = {},
): Promise<CaseDetailRow[]> {
  const { rows } = await db.query<CaseDetailRow>(
    `select c.* from read.case_detail c join read.talents t on t.talent_id = c.talent_id and t.employer_id = c.employer_id
     where c.employer_id = $1 and ($2::uuid is null or c.case_id = $2::uuid)
       and ($3::timestamptz is null or (c.registered_at, c.case_id) < ($3::timestamptz, $4::uuid))
     order by c.registered_at desc, c.case_id desc limit $5`,
    [employerId, which.caseId ?? null, which.before?.registeredAt ?? null, which.before?.caseId ?? null, limit],
  );
  return rows.map(withFacts);
}

const withFacts = (row: CaseDetailRow): CaseDetailRow => ({ ...row, facts: caseDocument.read(row.facts) });
