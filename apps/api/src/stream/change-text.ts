import { formatInstant } from '@huicai/working-time';
import { OFFICE_ZONE } from '../../../../libs/contexts/calendar/facts.js';
import { isSeen } from '../../../../libs/contexts/cases/facts.js';
import type { CaseChange } from '../../../../libs/contexts/reporting/views/case-changes.queries.js';
import type { Audience } from './listener.js';

/** One event of a stream. */
export interface Told {
  readonly event: 'case' | 'gone';
  readonly data: string;
}

const at = (instant: Date | null): string | null => (instant === null ? null : formatInstant(instant.getTime(), OFFICE_ZONE));

/** A change as it is told to each audience; texts are made once. Nothing of it is personal: ids, status, times. */
export class ChangeText {
  private readonly texts = new Map<boolean, string>();

  constructor(readonly change: CaseChange) {}

  /**
   * Undefined when it is nothing to this audience. Whoever saw the case and no longer may is told that it is gone, once.
   *
   * @param since position up to which this audience was told before
   */
  for(audience: Audience, since: bigint): Told | undefined {
    const { change } = this;
    const { employerId } = audience;
    // Of a talent who has left, not even that something goes on.
    if (employerId !== undefined && change.employer_now !== employerId) return undefined;
    if (isSeen(change.audience, audience.sight)) return { event: 'case', data: this.text(audience.isOutside) };
    if (audience.sight === 'all') return undefined;
    const lostNow = audience.sight.some((one) => BigInt(change.lost[one] ?? -1) > since);
    return lostNow ? { event: 'gone', data: JSON.stringify({ id: change.case_id }) } : undefined;
  }

  private text(isOutside: boolean): string {
    let text = this.texts.get(isOutside);
    if (text === undefined) {
      text = JSON.stringify(isOutside ? forTalent(this.change) : forOffice(this.change));
      this.texts.set(isOutside, text);
    }
    return text;
  }
}

const forTalent = ({ case_id, number, item_code, status, open, paused, cycle, total_due, revision }: CaseChange) => ({
  id: case_id,
  number,
  itemCode: item_code,
  status,
  open,
  paused,
  cycle,
  due: at(total_due),
  revision,
});

const forOffice = (change: CaseChange) => ({
  ...forTalent(change),
  departmentId: change.department_id,
  specialistId: change.specialist_id,
  due: at(change.due_at),
  totalDue: at(change.total_due),
  yellowAt: at(change.yellow_at),
  redAt: at(change.red_at),
  severeAt: at(change.severe_at),
});
