import { badInput, cursorOf, isCursorInstant, isUuid, readCursor } from '@huicai/http';
import { forbidden, streamName } from '@huicai/kernel';
import { type AppliedChange, changesOf, officeDay, policyChangesOf, type TimeReference } from '../calendar/facts.js';
import type { Found, Reads } from '../edge.js';
import { possibleSteps } from './case.js';
import { at, type Missing } from './case.pages.js';
import { type CaseFacts, currentClock, viewOf } from './facts.js';
import { PAUSED, PROGRESS, REASON_TEXTS } from './progress-texts.js';
import { type CaseDetailRow, casesOfTalent } from './views/case-detail.view.js';

/** A talent's own cases, latest first. */
export async function myCases(reads: Reads, limit: number, cursor: string | undefined): Promise<Found> {
  const { talentId } = reads.caller;
  if (talentId === undefined) throw forbidden('talent-unknown');
  const place = cursor === undefined ? undefined : readCursor(cursor, { registeredAt: /^\d{4}-.*Z$/, caseId: /^[0-9a-f-]{36}$/ });
  if (place && !(isUuid(place.caseId) && isCursorInstant(place.registeredAt))) throw badInput('cursor-invalid', 'cursor');
  const rows = await casesOfTalent(reads.db, talentId, limit + 1, place);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const time = await reads.timeOf(shown.flatMap(({ facts }) => facts.clocks));
  return {
    body: {
      items: await Promise.all(shown.map((row) => ownCase(reads, row, time))),
      next: last ? cursorOf({ registeredAt: last.registered_at.toISOString(), caseId: last.case_id }) : null,
    },
  };
}

async function ownCase(reads: Reads, row: CaseDetailRow, time: TimeReference) {
  const { facts } = row;
  const items = await reads.directory.itemNames(facts.catalogueVersion);
  const paused = facts.pausedSince !== null;
  const steps = possibleSteps(facts, 'talent');
  const { now, next } = paused ? PAUSED : PROGRESS[facts.status];
  return {
    id: facts.caseId,
    number: facts.number,
    itemCode: facts.itemCode,
    itemName: items.get(facts.itemCode) ?? null,
    status: facts.status,
    progress: now[reads.language],
    next: next[reads.language],
    registeredAt: at(facts.registeredAt),
    promise: promiseOf(facts, time, reads.now, reads.language),
    needed: await neededFrom(reads, row),
    message: { deskWrote: facts.deskWroteAt !== null, lastAt: at(facts.deskWroteAt) },
    rating: { given: facts.rating, open: steps.includes('RateCase') },
    possibleSteps: steps,
    revision: row.revision,
  };
}

/** What the talent is waited for, in the words they were told. */
async function neededFrom(reads: Reads, { facts, missing, case_id: caseId }: CaseDetailRow) {
  const { supplement, deferred, repliedAt } = facts;
  if (!supplement && deferred?.receivedAt !== null) return [];
  const told = await reads.open<Missing>(missing, { expected: `${streamName('case', caseId)}/`, resource: `cases/${caseId}` });
  const today = officeDay(reads.now);
  const notice = supplement
    ? [
        {
          kind: 'NOTICE',
          materials: told.notice,
          until: supplement.until,
          answered: repliedAt !== null,
          overdue: today > supplement.until,
        },
      ]
    : [];
  const later =
    deferred?.receivedAt === null
      ? [{ kind: 'DEFERRED', materials: told.deferred, until: deferred.until, answered: false, overdue: today > deferred.until }]
      : [];
  return [...notice, ...later];
}

/** What was said at acceptance, what holds today, and everything that moved it. */
export function promiseOf(facts: CaseFacts, time: TimeReference, now: number, language: Reads['language']) {
  const total = currentClock(facts, 'total');
  if (!total) return null;
  const view = viewOf(total, time, now);
  const because = (cause: string | undefined) => {
    const code = cause === undefined ? undefined : facts.reasons[cause];
    return code === undefined ? {} : { reasonCode: code, reason: REASON_TEXTS[code]?.[language] ?? code };
  };
  const pauses = total.pauses.map(({ from, to, cause }) => ({
    kind: 'PAUSE' as const,
    from: at(from),
    to: at(to),
    ...because(cause),
  }));
  const extended = total.extensions.map(({ workingDays, grantedAt, cause }) => ({
    kind: 'EXTENSION' as const,
    workingDays,
    grantedAt: at(grantedAt),
    ...because(cause),
  }));
  const told = (kind: 'CALENDAR' | 'POLICY') => (change: AppliedChange) => ({
    kind,
    appliedAt: at(change.appliedAt),
    reason: change.reason,
  });
  const versions = [
    ...changesOf(total, time.calendar).map(told('CALENDAR')),
    ...policyChangesOf(total, time).map(told('POLICY')),
  ];
  return {
    first: at(total.promisedDue),
    today: at(view.due),
    ifResumedNow: view.status === 'PAUSED' ? at(view.dueIfResumedNow) : null,
    provisional: view.provisional,
    overdue: view.overdue,
    onTime: view.onTime,
    changes: [...pauses, ...extended, ...versions],
  };
}
