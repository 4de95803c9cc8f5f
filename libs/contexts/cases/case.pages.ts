import { badInput } from '@huicai/http';
import { notFound, streamName } from '@huicai/kernel';
import { type ClockState, formatInstant } from '@huicai/working-time';
import { changesKnownAt, clockUnder, OFFICE_ZONE, officeDay, type TimeReference } from '../calendar/facts.js';
import type { Found, Reads } from '../edge.js';
import { toldLimit } from '../ledger.js';
import { maskedFor, masking, refuseForeignCase } from '../visibility.js';
import { possibleSteps, possibleStepsOfCoDepartment } from './case.js';
import { caseAsOf, type Sense } from './case-as-of.pages.js';
import type { Relation } from './contract.js';
import { type CaseFacts, type Rectification, viewOf } from './facts.js';
import { type CaseDetailRow, findCase } from './views/case-detail.view.js';

interface Concern {
  readonly relation: Relation;
  readonly name: string | null;
}

/** What is missing, in clear. */
export interface Missing {
  readonly notice: string | null;
  readonly deferred: string | null;
}

/** An instant in the office's wall time. */
export const at = (instant: number | null): string | null => (instant === null ? null : formatInstant(instant, OFFICE_ZONE));

/** Everything one case shows to a caller it concerns. @throws Refusal `case-not-found`, `not-yours` */
export async function casePage(reads: Reads, caseId: string): Promise<Found> {
  const row = await findCase(reads.db, caseId);
  if (!row) throw notFound('case-not-found');
  await refuseForeignCase(reads, row.facts);
  const time = await reads.timeOf(row.facts.clocks);
  const { facts } = row;
  const steps = isOwn(reads, facts)
    ? possibleSteps(facts, reads.caller.role)
    : possibleStepsOfCoDepartment(facts, reads.caller.departmentId ?? '');
  const body = await caseBody(reads, row, time, reads.now);
  // Lights and what is left move with the clock, the talent's name and phone with another stream.
  return { revision: row.revision, movesOn: true, body: { ...body, possibleSteps: steps, revision: row.revision } };
}

/**
 * The same of an instant that is over: as it was known then, or as it was by all that has been put right since. There is nothing to do.
 *
 * @throws Refusal `case-not-found`, `not-yours`; BadInput `case-not-registered-then`
 */
export async function caseThen(reads: Reads, caseId: string, at: number, sense: Sense): Promise<Found> {
  const { now, was, events, matter, reply, missing } = await caseAsOf(reads, caseId, at, sense);
  await refuseForeignCase(reads, now);
  if (!was || !matter) throw badInput('case-not-registered-then', 'asOf');
  const [time, calendar] = await Promise.all([
    reads.timeOf(was.clocks),
    was.clocks[0] ? reads.calendar(was.clocks[0].calendarId) : undefined,
  ]);
  const reference = calendar ? { ...time, calendar } : time;
  const known = sense === 'KNOWN' ? changesKnownAt(reference, at) : reference;
  const body = await caseBody(reads, { facts: was, matter, reply, missing }, known, at);
  return { movesOn: true, body: { ...body, possibleSteps: [], revision: events.at(-1)!.revision.toString() } };
}

/** @param now the instant lights and remaining time are of, epoch milliseconds */
async function caseBody(
  reads: Reads,
  row: Pick<CaseDetailRow, 'facts' | 'matter' | 'reply' | 'missing'>,
  time: TimeReference,
  now: number,
) {
  const { caller, directory } = reads;
  const { caseId, talentId } = row.facts;
  // What is still being settled among those who handle it is no answer, and nothing the talent is told of.
  const isDesk = caller.role !== 'talent';
  const reply = isDesk || row.reply?.accepted ? row.reply : null;
  const [talent, items, network, tagNames, clear] = await Promise.all([
    talentContact(reads, talentId, `cases/${caseId}`),
    directory.itemNames(row.facts.catalogueVersion),
    directory.network(),
    directory.tagNames(),
    reads.open<{ matter: string; reply: CaseDetailRow['reply']; missing: Missing; subjects: Concern[] }>(
      {
        matter: row.matter,
        reply,
        missing: row.missing,
        subjects: row.facts.subjects.map(({ relation, name }) => ({ relation, name })),
      },
      { expected: `${streamName('case', caseId)}/`, resource: `cases/${caseId}`, present: masking(maskedFor(caller.role)) },
    ),
  ]);
  const { facts } = row;
  return {
    id: caseId,
    number: facts.number,
    status: facts.status,
    cycle: facts.cycle,
    itemCode: facts.itemCode,
    itemName: items.get(facts.itemCode) ?? null,
    catalogueVersion: facts.catalogueVersion,
    channelId: facts.channelId,
    area: facts.area,
    routing: facts.routing,
    urgency: facts.urgency,
    talent: { id: talentId, ...talent },
    concerns: clear.subjects.filter(({ relation }) => relation !== 'SELF'),
    matter: clear.matter,
    result: clear.reply && { outcome: clear.reply.outcome, reply: clear.reply.text },
    department: facts.departmentId && { id: facts.departmentId, name: network.departments[facts.departmentId] ?? null },
    coDepartmentIds: facts.coDepartmentIds,
    specialistId: facts.specialistId,
    registeredAt: at(facts.registeredAt),
    ...milestones(facts),
    paused: pauseOf(facts),
    pauseAsked: isDesk && facts.pauseAsked ? { at: at(facts.pauseAsked.at), reasonCode: facts.pauseAsked.reasonCode } : null,
    proposal: isDesk && facts.proposal ? { at: at(facts.proposal.at), outcome: facts.proposal.outcome } : null,
    deferred: deferredOf(facts, clear.missing.deferred, now),
    opinions: facts.opinions.map((opinion) => opinionOf(facts, opinion)),
    extensionAsked: facts.extensionAsked && { workingDays: facts.extensionAsked.workingDays, at: at(facts.extensionAsked.at) },
    callbacks: facts.callbacks.map((callback) => ({ ...callback, at: at(callback.at) })),
    rating: facts.rating,
    ratingReceipt: receiptOf(facts),
    appeal: facts.appeal && { at: at(facts.appeal.at), decidedAt: at(facts.appeal.decidedAt), upheld: facts.appeal.upheld },
    rectifications: facts.rectifications.map(rectificationOf),
    supervisions: facts.supervisions.map(({ cycle, cause, raisedAt, workedOffAt, closedAt }) => ({
      cycle,
      cause,
      raisedAt: at(raisedAt),
      workedOffAt: at(workedOffAt),
      closedAt: at(closedAt),
    })),
    direct: facts.direct,
    corrections: facts.corrections,
    returns: { count: facts.returns, departmentIds: facts.returnedBy },
    supplement: facts.supplement && {
      until: facts.supplement.until,
      since: at(facts.supplement.at),
      asked: facts.supplementsAsked,
      materials: clear.missing.notice,
    },
    reminders: { count: facts.reminders.length, lastAt: at(facts.reminders.at(-1)?.at ?? null) },
    talentWroteAt: at(facts.talentWroteAt),
    tags: facts.tags.map((code) => ({ code, name: tagNames.get(code) ?? null })),
    breaches: breachesOf(facts),
    clocks: facts.clocks.map((clock) => clockOf(clock, time, now)),
    sealedCycles: facts.sealedCycles.map(({ cycle, departmentId, outcome, rating, callbacks, ...sealed }) => ({
      cycle,
      departmentId,
      outcome,
      rating,
      callbacks: callbacks.length,
      ...milestones(sealed),
    })),
  };
}

/** What was to come after acceptance; overdue is judged at `now`. */
export function deferredOf({ deferred }: CaseFacts, materials: string | null, now: number) {
  if (!deferred) return null;
  const { until, receivedAt } = deferred;
  return { until, materials, receivedAt: at(receivedAt), overdue: officeDay(receivedAt ?? now) > until };
}

const milestones = (facts: Pick<CaseFacts, 'acceptedAt' | 'submittedAt' | 'closedAt' | 'contactedAt'>) => ({
  acceptedAt: at(facts.acceptedAt),
  contactedAt: at(facts.contactedAt),
  submittedAt: at(facts.submittedAt),
  closedAt: at(facts.closedAt),
});

const pauseOf = ({ pausedSince, pauseReasonCode, pauseEndsAt, repliedAt }: CaseFacts) =>
  pausedSince === null
    ? null
    : { since: at(pausedSince), reasonCode: pauseReasonCode, endsAt: at(pauseEndsAt), repliedAt: at(repliedAt) };

/** What the province says of the rating of the present cycle. */
function receiptOf({ ratings, cycle }: CaseFacts) {
  const receipt = ratings.find((one) => one.cycle === cycle)?.receipt ?? null;
  return receipt && { ...receipt, at: at(receipt.at) };
}

function rectificationOf({ cycle, departmentId, clockId, openedAt, submittedAt, measure, callbacks, ended }: Rectification) {
  const status = ended ?? (submittedAt === null ? 'OPEN' : callbacks.length === 0 ? 'REPORTED' : 'CALLED_BACK');
  const said = callbacks.map((callback) => ({ ...callback, at: at(callback.at) }));
  return { cycle, departmentId, clockId, status, openedAt: at(openedAt), submittedAt: at(submittedAt), measure, callbacks: said };
}

/** An opinion that is not given and not waited for any more has lapsed. */
function opinionOf({ clocks }: CaseFacts, { clockId, departmentId, asked, givenAt }: CaseFacts['opinions'][number]) {
  const waited = clocks.some((clock) => clock.clockId === clockId && clock.stoppedAt === null);
  const status = givenAt !== null ? 'GIVEN' : waited ? 'AWAITED' : 'LAPSED';
  return { clockId, departmentId, asked, status, givenAt: at(givenAt) };
}

/** Breaches that stand. Who excused one is told by the history. */
const breachesOf = (facts: CaseFacts) =>
  facts.clocks
    .filter(({ breachedAt }) => breachedAt !== null)
    .map(({ clockId, breachedAt }) => {
      const excuse = facts.excuses.find((one) => one.clockId === clockId);
      return { clockId, due: at(breachedAt), excuse: excuse ? { at: at(excuse.at), reasonCode: excuse.reasonCode } : null };
    });

/** A clock as it stands; the promise made when it started stays beside the due of today. */
function clockOf(clock: ClockState, time: TimeReference, now: number) {
  const view = viewOf(clock, time, now);
  const { yellowAt, redAt, severeAt } = view.thresholds;
  return {
    clockId: clock.clockId,
    kind: clock.kind,
    status: view.status,
    limit: toldLimit(clockUnder(clock, time).limit),
    startedAt: at(clock.startedAt),
    stoppedAt: at(clock.stoppedAt),
    promisedDue: at(clock.promisedDue),
    due: at(view.due),
    dueIfResumedNow: at(view.dueIfResumedNow),
    light: view.light,
    yellowAt: at(yellowAt),
    redAt: at(redAt),
    severeAt: at(severeAt),
    paused: view.status === 'PAUSED',
    provisional: view.provisional,
    overdue: view.overdue,
    onTime: view.onTime,
    remaining: view.remaining,
    calendarVersion: clock.calendarVersion,
    policyVersion: clock.policyVersion,
  };
}

async function talentContact(reads: Reads, talentId: string, resource: string) {
  const talent = await reads.directory.talent(talentId);
  // The talent's view may be a moment behind the case's.
  if (!talent) return { name: null, phone: null };
  return reads.open<{ name: string; phone: string }>(
    { name: talent.facts.name, phone: talent.facts.phone },
    { expected: `${streamName('talent', talentId)}/`, resource, present: masking(maskedFor(reads.caller.role)) },
  );
}

/** Co-departments may look, and say what they were asked; the other steps are the lead's. */
const isOwn = ({ caller }: Pick<Reads, 'caller'>, facts: CaseFacts): boolean =>
  caller.role !== 'department' || caller.departmentId === facts.departmentId;
