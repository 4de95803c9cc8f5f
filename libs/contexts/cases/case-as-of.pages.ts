import { badInput, oneOf, textParameter } from '@huicai/http';
import { eventTime, notFound, type RecordedEvent, type Sealed, streamName } from '@huicai/kernel';
import { type Instant, parseInstant } from '@huicai/working-time';
import type { Reads } from '../edge.js';
import { instant } from '../instant-field.js';
import type { CaseEvent } from './contract.js';
import { type CaseFacts, foldCase } from './facts.js';
import { isCorrection } from './fold-corrections.js';
import { type CaseDetailRow, type Missing, missingAfter, replyOf } from './views/case-detail.view.js';

/** KNOWN: what had been recorded by then. CORRECTED: what had happened by then, by all that is known today. */
export const SENSES = ['KNOWN', 'CORRECTED'] as const;
export type Sense = (typeof SENSES)[number];

export const AS_OF = {
  asOf: textParameter(instant, 'As all stood at this instant; now unless told', { format: 'date-time' }),
  sense: textParameter(oneOf(SENSES), 'KNOWN (unless told): as was known then. CORRECTED: as is known of then today', {
    enum: [...SENSES],
  }),
};

/** Whether and when somebody looks back. @throws BadInput `as-of-future`, `as-of-needed` */
export function lookBack(reads: Pick<Reads, 'now'>, asOf: string | undefined, sense: string | undefined) {
  if (asOf === undefined) {
    if (sense !== undefined) throw badInput('as-of-needed', 'sense');
    return undefined;
  }
  const at = parseInstant(asOf);
  if (at > reads.now) throw badInput('as-of-future', 'asOf');
  return { at, sense: (sense ?? 'KNOWN') as Sense };
}

/** A case today and at an instant; `was` is null before its registration, and the events are those it is made of. */
export interface CaseThen {
  readonly now: CaseFacts;
  readonly was: CaseFacts | null;
  readonly events: readonly RecordedEvent[];
  readonly matter: Sealed | null;
  readonly reply: CaseDetailRow['reply'];
  readonly missing: Missing;
}

/** @throws Refusal `case-not-found` */
export async function caseAsOf(reads: Reads, caseId: string, at: Instant, sense: Sense): Promise<CaseThen> {
  const all: RecordedEvent[] = [];
  for await (const event of reads.events(streamName('case', caseId))) all.push(event);
  const now = folded(all);
  if (!now) throw notFound('case-not-found');
  const events = sense === 'KNOWN' ? all.filter(({ metadata }) => Date.parse(metadata.recordedAt) <= at) : happenedBy(all, at);
  const registration = events[0]?.data as { matter: Sealed } | undefined;
  let was: CaseFacts | null = null;
  let missing: Missing = { notice: null, deferred: null };
  for (const event of events) {
    was = step(was, event);
    if (was) missing = missingAfter(event, was, missing);
  }
  return {
    now,
    was,
    missing,
    events,
    matter: registration?.matter ?? null,
    reply: events.reduce<CaseDetailRow['reply']>((reply, event) => replyOf(event, reply), null),
  };
}

const step = (facts: CaseFacts | null, event: RecordedEvent): CaseFacts | null =>
  foldCase(facts, { type: event.type, data: event.data } as CaseEvent, eventTime(event));

const folded = (events: readonly RecordedEvent[]): CaseFacts | null => events.reduce<CaseFacts | null>(step, null);

/** What an event puts right, by the id of the event that first recorded it; undefined for one that puts nothing right. */
function corrects(event: RecordedEvent, roots: ReadonlyMap<string, string>): string | undefined {
  const { type, data } = event as RecordedEvent as CaseEvent;
  const id = type === 'StepTimeCorrected' ? data.corrects : type === 'PauseCorrected' ? data.pauseId : null;
  return id === null ? undefined : (roots.get(id) ?? id);
}

/** Events of what had happened by an instant, in the order they were recorded, with what was put right about them since. */
function happenedBy(all: readonly RecordedEvent[], at: Instant): RecordedEvent[] {
  const roots = new Map<string, string>();
  const happened = new Map(all.map((event) => [event.id, eventTime(event).occurredAt]));
  for (const event of all) {
    const root = corrects(event, roots);
    if (root === undefined) continue;
    roots.set(event.id, root);
    const { type, data } = event as RecordedEvent as CaseEvent;
    // A pause began when the latest correction says so.
    const when = type === 'PauseCorrected' ? parseInstant(data.from) : eventTime(event).occurredAt;
    happened.set(root, when);
  }
  const latest = (type: string) => all.filter((event) => event.type === type).at(-1)?.id;
  const lastOf = { ResultCorrected: latest('ResultSubmitted') ?? latest('CaseAnsweredDirectly') } as Record<
    string,
    string | undefined
  >;
  const isPast = (event: RecordedEvent): boolean => {
    const { type, data } = event as RecordedEvent as CaseEvent;
    if (type === 'PauseRecordedLate') return parseInstant(data.from) <= at;
    const about = roots.get(event.id) ?? lastOf[type];
    return (happened.get(about ?? event.id) ?? Number.POSITIVE_INFINITY) <= at;
  };
  const called = all.filter(({ type }) => type === 'CallbackRecorded');
  const known = new Set(all.filter(isPast).map(({ id }) => id));
  // A breach that a correction took back was none, whenever that came out.
  const puttingRight = new Set(
    all
      .filter((event) => isCorrection(event as RecordedEvent as CaseEvent) && known.has(event.id))
      .map(({ metadata }) => metadata.commandId),
  );
  return all
    .filter((event) => {
      const { type, data } = event as RecordedEvent as CaseEvent;
      if (type === 'CallbackCorrected') return known.has(called[data.n - 1]?.id ?? event.id);
      return known.has(event.id) || (type === 'BreachWithdrawn' && puttingRight.has(event.metadata.commandId));
    })
    .map((event) => asOfThen(event, at));
}

/** A pause that ended later lasted then. */
function asOfThen(event: RecordedEvent, at: Instant): RecordedEvent {
  const { type, data } = event as RecordedEvent as CaseEvent;
  if (type === 'PauseCorrected' && data.to !== null && parseInstant(data.to) > at)
    return { ...event, data: { ...data, to: null } };
  return event;
}

/** Ids of the corrections that moved a clock. */
export const correctionsOf = (events: readonly RecordedEvent[], clockId: string): string[] =>
  events
    .filter((event) => {
      const one = event as RecordedEvent as CaseEvent;
      return isCorrection(one) && 'clockIds' in one.data && one.data.clockIds.includes(clockId);
    })
    .map(({ id }) => id);
