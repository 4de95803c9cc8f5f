import { freshnessOf, type Mended, mendedViews, type Queryable } from '@huicai/projections';
import type { CaseChangeRow } from './case-changes.view.js';
import type { ServiceQueueRow } from './service-queue.view.js';

/** A case that has changed, as it stands now. */
export type CaseChange = Pick<CaseChangeRow, 'case_id' | 'audience' | 'lost' | 'revision'> & {
  /** The talent's employer of record now. */
  readonly employer_now: string | null;
} & Pick<
    ServiceQueueRow,
    | 'number'
    | 'item_code'
    | 'status'
    | 'open'
    | 'paused'
    | 'cycle'
    | 'department_id'
    | 'specialist_id'
    | 'due_at'
    | 'total_due'
    | 'yellow_at'
    | 'red_at'
    | 'severe_at'
  > & {
    /** Of the latest event. */
    readonly position: bigint;
  };

export interface ChangesHead {
  /** Every change up to here can be read; null before the first event. */
  readonly position: bigint | null;
  /** False while the views are being filled. */
  readonly filled: boolean;
  /** Changes that came to light behind that place. */
  readonly mended: Mended;
}

const VIEWS = ['case_changes', 'service_queue'] as const;

/** How far changes can be told. */
export async function changesHead(db: Queryable): Promise<ChangesHead> {
  // Before the places: what is mended in between is noticed at the next look.
  const mended = await mendedViews(db, VIEWS);
  const [changes, queue] = await Promise.all(VIEWS.map((view) => freshnessOf(db, view)));
  const positions = [changes!.position, queue!.position];
  return {
    position: positions.reduce((a, b) => (a === null || b === null ? null : b < a ? b : a)),
    filled: changes!.asOf !== null && queue!.asOf !== null,
    mended,
  };
}

const COLUMNS =
  't.employer_id as employer_now, c.case_id, c.audience, c.lost, c.revision::text, c.position::text, q.number, q.item_code, q.status, q.open, q.paused, q.cycle, ' +
  'q.department_id, q.specialist_id, q.due_at, q.total_due, q.yellow_at, q.red_at, q.severe_at';

/**
 * Cases whose latest change lies after one position and not after another, in the order of their changes. A case that changes
 * again moves to its new place, so that whoever reads on from the last one told misses none.
 *
 * @param newest the last ones of those, rather than the first
 */
export async function readChanges(
  db: Queryable,
  after: bigint,
  upTo: bigint,
  limit: number,
  newest = false,
): Promise<CaseChange[]> {
  const { rows } = await db.query<Omit<CaseChange, 'position'> & { position: string }>(
    `select ${COLUMNS} from read.case_changes c join read.service_queue q using (case_id) left join read.talents t on t.talent_id = c.talent_id
     where c.position > $1::int8 and c.position <= $2::int8 order by c.position ${newest ? 'desc' : 'asc'} limit $3`,
    [after.toString(), upTo.toString(), limit],
  );
  const changes = rows.map((row) => ({ ...row, position: BigInt(row.position) }));
  return newest ? changes.reverse() : changes;
}
