import { eventTime, forbidden, notFound, type RecordedEvent, streamName } from '@huicai/kernel';
import { formatInstant } from '@huicai/working-time';
import { OFFICE_ZONE } from '../calendar/facts.js';
import type { Reads } from '../edge.js';
import { refuseForeignCase } from '../visibility.js';
import type { CaseEvent } from './contract.js';
import { type CaseFacts, foldCase, isToldTo } from './facts.js';

/** @throws Refusal `not-yours` unless the employer registered it for a talent that is its own to this day */
async function refuseOtherEmployer({ caller, directory }: Reads, { employerId, talentId }: CaseFacts): Promise<void> {
  const talent = await directory.talent(talentId);
  const own =
    caller.employerId !== undefined && caller.employerId === employerId && caller.employerId === talent?.facts.employerId;
  if (!own) throw forbidden('not-yours');
}

/**
 * What happened to a case after a revision, oldest first, as far as the caller is told of it.
 *
 * @throws Refusal `case-not-found`, `not-yours`
 */
export async function caseChangedSince(reads: Reads, caseId: string, revision: bigint): Promise<object[]> {
  let facts: CaseFacts | null = null;
  const since: RecordedEvent[] = [];
  for await (const event of reads.events(streamName('case', caseId))) {
    facts = foldCase(facts, event as RecordedEvent as CaseEvent, eventTime(event));
    if (event.revision > revision && isToldTo(reads.caller.role, event.type)) since.push(event);
  }
  if (!facts) throw notFound('case-not-found');
  await (reads.caller.role === 'employer' ? refuseOtherEmployer(reads, facts) : refuseForeignCase(reads, facts));
  return since.map(({ revision: at, type, metadata }) => ({
    revision: at.toString(),
    type,
    occurredAt: formatInstant(Date.parse(metadata.occurredAt), OFFICE_ZONE),
    role: metadata.actor.role,
    reasonCode: metadata.reasonCode ?? null,
  }));
}
