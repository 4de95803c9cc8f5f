import { badInput, cursorOf, isCursorInstant, isUuid, list, object, readCursor } from '@huicai/http';
import { forbidden, notFound, streamName } from '@huicai/kernel';
import { officeDay, type TimeReference } from '../calendar/facts.js';
import type { Found, Reads } from '../edge.js';
import { possibleSteps } from './case.js';
import { at } from './case.pages.js';
import { PROMISE_SHAPE } from './case.shapes.js';
import type { CaseFacts } from './facts.js';
import { promiseOf } from './my-cases.pages.js';
import { PAUSED, PROGRESS } from './progress-texts.js';
import { type CaseDetailRow, casesOfEmployer } from './views/case-detail.view.js';

/** What an employer is shown of a case it registered (单位代办): how far it is, and none of the words, results or family in it. */
const EMPLOYER_CASE = {
  id: 'uuid',
  number: 'text',
  talent: object({ id: 'uuid', name: 'text?' }),
  itemCode: 'text',
  itemName: 'text?',
  status: 'text',
  progress: 'text',
  registeredAt: 'instant',
  acceptedAt: 'instant?',
  closedAt: 'instant?',
  promise: PROMISE_SHAPE,
  needed: list(object({ kind: 'text', until: 'day', answered: 'flag', overdue: 'flag' })),
  possibleSteps: list('text'),
  revision: 'bigint',
} as const;

export const EMPLOYER_CASE_SHAPE = object(EMPLOYER_CASE);
export const EMPLOYER_CASES_SHAPE = object({ items: list(EMPLOYER_CASE_SHAPE), next: 'text?' });

/** Cases the caller's employer registered, for talents it is the employer of record of today. @throws Refusal `employer-unknown` */
export async function employerCases(reads: Reads, limit: number, cursor: string | undefined): Promise<Found> {
  const place = cursor === undefined ? undefined : readCursor(cursor, { registeredAt: /^\d{4}-.*Z$/, caseId: /^[0-9a-f-]{36}$/ });
  if (place && !(isUuid(place.caseId) && isCursorInstant(place.registeredAt))) throw badInput('cursor-invalid', 'cursor');
  const rows = await casesOfEmployer(reads.db, employerOf(reads), limit + 1, place && { before: place });
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const time = await reads.timeOf(shown.flatMap(({ facts }) => facts.clocks));
  return {
    body: {
      items: await Promise.all(shown.map((row) => shownToEmployer(reads, row, time))),
      next: last ? cursorOf({ registeredAt: last.registered_at.toISOString(), caseId: last.case_id }) : null,
    },
  };
}

/** One of them; any other is as if it were not there. @throws Refusal `employer-unknown`, `case-not-found` */
export async function employerCase(reads: Reads, caseId: string): Promise<Found> {
  const [row] = await casesOfEmployer(reads.db, employerOf(reads), 1, { caseId });
  if (!row) throw notFound('case-not-found');
  const body = await shownToEmployer(reads, row, await reads.timeOf(row.facts.clocks));
  return { revision: row.revision, movesOn: true, body };
}

function employerOf({ caller }: Reads): string {
  if (caller.employerId === undefined) throw forbidden('employer-unknown');
  return caller.employerId;
}

async function shownToEmployer(reads: Reads, row: CaseDetailRow, time: TimeReference) {
  const { facts } = row;
  const [items, talent] = await Promise.all([
    reads.directory.itemNames(facts.catalogueVersion),
    reads.directory.talent(facts.talentId),
  ]);
  const clear =
    talent &&
    (await reads.open<{ name: string }>(
      { name: talent.facts.name },
      { expected: `${streamName('talent', facts.talentId)}/`, resource: `cases/${facts.caseId}` },
    ));
  return {
    id: facts.caseId,
    number: facts.number,
    talent: { id: facts.talentId, name: clear?.name ?? null },
    itemCode: facts.itemCode,
    itemName: items.get(facts.itemCode) ?? null,
    status: facts.status,
    progress: (facts.pausedSince === null ? PROGRESS[facts.status] : PAUSED).now[reads.language],
    registeredAt: at(facts.registeredAt),
    acceptedAt: at(facts.acceptedAt),
    closedAt: at(facts.closedAt),
    promise: promiseOf(facts, time, reads.now, reads.language),
    needed: neededFrom(facts, officeDay(reads.now)),
    possibleSteps: possibleSteps(facts, 'employer'),
    revision: row.revision,
  };
}

/** That materials are waited for, and until when; which they are is told to the talent. */
function neededFrom({ supplement, deferred, repliedAt }: CaseFacts, today: string) {
  const still = (kind: 'NOTICE' | 'DEFERRED', until: string, answered: boolean) => ({
    kind,
    until,
    answered,
    overdue: today > until,
  });
  return [
    ...(supplement ? [still('NOTICE', supplement.until, repliedAt !== null)] : []),
    ...(deferred?.receivedAt === null ? [still('DEFERRED', deferred.until, false)] : []),
  ];
}
