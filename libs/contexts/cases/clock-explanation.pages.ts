import { badInput } from '@huicai/http';
import { notFound, type RecordedEvent } from '@huicai/kernel';
import {
  type ClockState,
  type CompiledCalendar,
  deriveDue,
  dueIfResumedAt,
  dueInputOf,
  explainClock,
  explainTime,
  type Instant,
  type LedgerEntry,
} from '@huicai/working-time';
import {
  type AppliedChange,
  type CalendarFacts,
  calendarOf,
  changesKnownAt,
  changesOf,
  clockUnder,
  compiledVersion,
  type PromisedClock,
  policyChangesOf,
  policyVersion,
  type TimeReference,
  versionKnownAt,
} from '../calendar/facts.js';
import type { Found, Reads } from '../edge.js';
import { told, toldLimit } from '../ledger.js';
import { refuseForeignCase } from '../visibility.js';
import { caseAsOf, correctionsOf, lookBack } from './case-as-of.pages.js';
import { viewOf } from './clocks.js';
import type { CaseFacts } from './facts.js';

/**
 * A clock of a case as it stood and as it was known at an instant, with all that made it so. Told from the case's own events.
 *
 * @param clock a clock id, or a kind for the latest clock of it
 * @param asOf ISO 8601; now when left out
 * @param sense as known then, or as corrected since
 * @throws Refusal `case-not-found`, `not-yours`, `clock-not-found`; BadInput `as-of-future`, `as-of-needed`, `clock-not-started-then`
 */
export async function explainCaseClock(
  reads: Reads,
  caseId: string,
  clock: string,
  asOf: string | undefined,
  sense: string | undefined,
): Promise<Found> {
  const back = lookBack(reads, asOf, sense) ?? { at: reads.now, sense: 'KNOWN' as const };
  const { at } = back;
  const { now, was, events } = await caseAsOf(reads, caseId, at, back.sense);
  await refuseForeignCase(reads, now);
  const known = clockNamed(now, clock);
  if (!known) throw notFound('clock-not-found', { field: 'clock' });
  const state = was && (clock.includes('/') ? clockNamed(was, known.clockId) : clockNamed(was, clock));
  if (!state) throw badInput('clock-not-started-then', 'asOf');
  const [time, calendars] = await Promise.all([reads.timeOf([state]), reads.calendar(state.calendarId)]);
  const reference = { calendar: calendars, policy: time.policy };
  const body = {
    caseId,
    ...explanationOf(state, back.sense === 'KNOWN' ? changesKnownAt(reference, at) : reference, at),
  };
  const causes = new Set([...causesIn(body), ...correctionsOf(events, state.clockId)]);
  return { movesOn: true, body: { ...body, events: events.filter(({ id }) => causes.has(id)).map((event) => eventOf(event)) } };
}

function clockNamed({ clocks }: CaseFacts, name: string): ClockState | undefined {
  return clocks.filter(({ clockId, kind }) => clockId === name || kind === name).at(-1);
}

/** Everything that is derived of a clock. @param at epoch milliseconds */
export function explanationOf(promised: PromisedClock, time: TimeReference, at: Instant) {
  const clock = clockUnder(promised, time);
  const calendar = calendarOf(clock, time.calendar);
  const policy = policyVersion(time.policy, Number(clock.policyVersion));
  const view = viewOf(promised, time, at);
  const instant = (value: Instant | null | undefined) => (value == null ? null : calendar.format(value));
  const toldChange = ({ changeId, mode, to, fromDay, reason, appliedAt }: AppliedChange) => ({
    changeId,
    mode,
    to,
    fromDay,
    reason,
    appliedAt: calendar.format(appliedAt),
  });
  return {
    clockId: clock.clockId,
    kind: clock.kind,
    asOf: calendar.format(at),
    status: view.status,
    limit: toldLimit(clock.limit),
    startedAt: calendar.format(clock.startedAt),
    stoppedAt: instant(clock.stoppedAt),
    promisedDue: instant(clock.promisedDue),
    due: instant(view.due),
    dueIfResumedNow: instant(view.dueIfResumedNow),
    provisional: view.provisional,
    light: view.light,
    overdue: view.overdue,
    onTime: view.onTime,
    breachedAt: instant(clock.breachedAt),
    usedMinutes: view.usedMinutes,
    usedWorkingDays: view.usedWorkingDays,
    pauses: clock.pauses.map(({ from, to, cause, endedBy }) => ({
      from: calendar.format(from),
      to: instant(to),
      cause: cause ?? null,
      endedBy: endedBy ?? null,
    })),
    extensions: clock.extensions.map(({ workingDays, grantedAt, cause }) => ({
      workingDays,
      grantedAt: calendar.format(grantedAt),
      cause: cause ?? null,
    })),
    calendar: {
      id: clock.calendarId,
      version: calendar.version,
      promisedUnder: clock.calendarVersion,
      knownSince: calendar.format(time.calendar.versions[calendar.version - 1]!.knownSince),
    },
    changes: changesOf(clock, time.calendar).map(toldChange),
    policy: {
      id: policy.policyId,
      version: policy.version,
      promisedUnder: Number(promised.policyVersion),
      promisedLimit: toldLimit(promised.limit),
      effectiveFrom: policy.effectiveFrom,
      changes: policyChangesOf(promised, time).map(toldChange),
    },
    startedBy: clock.startedBy ?? null,
    stoppedBy: clock.stoppedBy ?? null,
    ledger: explainClock(clock, calendar, at).entries.map((entry) => told(entry, calendar)),
    ahead: ahead(clock, calendar, at).map((entry) => told(entry, calendar)),
    underLatestKnown: underLatestKnown(clock, calendar.version, time.calendar, at),
  };
}

/** From an instant to the due, the pause that lasts ending then; nothing once stopped, past the due, or without a limit. */
function ahead(clock: ClockState, calendar: CompiledCalendar, at: Instant): LedgerEntry[] {
  const input = dueInputOf(clock, calendar);
  const { due } = dueIfResumedAt(input, at);
  if (clock.stoppedAt !== null || due === null) return [];
  const pauses = input.pauses.map((pause) => (pause.to === null ? { ...pause, to: Math.max(pause.from, at) } : pause));
  return explainTime({ ...input, pauses, until: due })
    .entries.filter(({ to }) => to > at)
    .map((entry) => (entry.from < at ? { ...entry, from: at } : entry));
}

/** What would be due by the calendar as known then, where that is a later version than the clock runs by. */
function underLatestKnown(clock: ClockState, version: number, calendars: CalendarFacts, at: Instant) {
  const latest = versionKnownAt(calendars, at);
  if (!latest || latest.version <= version) return null;
  const calendar = compiledVersion(calendars, latest.version);
  const { due, provisional } = deriveDue(dueInputOf(clock, calendar));
  return { calendarVersion: latest.version, due: due === null ? null : calendar.format(due), provisional };
}

function causesIn({ startedBy, stoppedBy, pauses, extensions }: ReturnType<typeof explanationOf>): string[] {
  const ofPauses = pauses.flatMap(({ cause, endedBy }) => [cause, endedBy]);
  const all = [startedBy, stoppedBy, ...ofPauses, ...extensions.map(({ cause }) => cause)];
  return all.filter((cause) => cause !== null);
}

const eventOf = ({ id, type, data, metadata }: RecordedEvent) => ({
  id,
  type,
  occurredAt: metadata.occurredAt,
  recordedAt: metadata.recordedAt,
  role: metadata.actor.role,
  reasonCode: metadata.reasonCode ?? (data as { reasonCode?: string }).reasonCode ?? null,
});
